//! How far those who judge a script are independent of one another and of its writer. Models of one family are trained alike:
//! they err alike, and prefer what their kin writes.
//!
//! One model may do everything. What that takes from a judgement is said wherever it is read, and the arbiter's advice settles
//! nothing then. Not for choosing models: that is the settings'.

use super::call::Route;
use super::handoff::Contract;

/// Who writes, who judges, who advises.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parties<'a> {
    writer: Option<&'a Route>,
    judges: [Option<&'a Route>; 2],
    arbiter: Option<&'a Route>,
}

impl<'a> Parties<'a> {
    /// Those of an episode: what each stage makes, and by which model.
    pub fn new(stages: impl IntoIterator<Item = (Contract, &'a Route)>) -> Self {
        let mut parties = Self::default();
        for (contract, route) in stages {
            let place = match contract {
                Contract::Draft => &mut parties.writer,
                Contract::Arbitration => &mut parties.arbiter,
                Contract::Judgement => match &mut parties.judges {
                    [first @ None, _] => first,
                    [_, second] => second,
                },
                _ => continue,
            };
            place.get_or_insert(route);
        }
        parties
    }

    /// Those of a set of routes that no episode has pinned yet.
    pub fn of_roles(writer: &'a Route, judges: [&'a Route; 2], arbiter: &'a Route) -> Self {
        Self { writer: Some(writer), judges: judges.map(Some), arbiter: Some(arbiter) }
    }

    /// Whether the arbiter is of a judge's family or of the writer's. Its advice settles nothing then.
    pub fn is_arbiter_kin(&self) -> bool {
        let Some(arbiter) = self.arbiter else { return false };
        self.judges.iter().chain([&self.writer]).flatten().any(|party| party.family() == arbiter.family())
    }

    /// What whoever reads a judgement should know of it; nothing where all are of families of their own.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        let mut is_arbiter_told = false;
        if let [Some(first), Some(second)] = self.judges {
            let model = &first.model;
            if first == second && self.arbiter == Some(first) {
                is_arbiter_told = true;
                told.push(format!(
                    "both judges and the arbiter are one model ({model}): their agreement says nothing; you decide disputes"
                ));
            } else if first == second {
                told.push(format!("both judges are one model ({model}): their agreement says nothing"));
            } else if first.family() == second.family() {
                let family = first.family();
                told.push(format!(
                    "both judges are of one family ({family}), which errs alike: their agreement says little"
                ));
            }
        }
        if let (true, false, Some(arbiter)) = (self.is_arbiter_kin(), is_arbiter_told, self.arbiter) {
            let family = arbiter.family();
            told.push(format!(
                "the arbiter is of the family of a judge or of the writer ({family}): its advice settles nothing; you decide \
                 disputes"
            ));
        }
        let judges: Vec<&Route> = self.judges.iter().flatten().copied().collect();
        if let (Some(writer), false) = (self.writer, judges.is_empty())
            && judges.iter().all(|judge| *judge == writer)
        {
            told.push(format!(
                "the model that writes ({}) judges its own work, and prefers text like its own",
                writer.model
            ));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Provider;

    fn route(model: &str) -> Route {
        Route { provider: Provider::OpenAi, model: model.to_owned() }
    }

    #[test]
    fn what_is_of_one_family_is_said_and_three_families_need_no_word() {
        let [claude, gemini, gpt, other] = ["claude-opus-5", "gemini-3", "gpt-5", "claude-haiku-5"].map(route);
        let told = |writer, judges, arbiter| Parties::of_roles(writer, judges, arbiter).told();
        assert_eq!(told(&claude, [&gemini, &other], &gpt), Vec::<String>::new());
        let one = told(&claude, [&claude, &claude], &claude);
        assert!(
            one[0]
                .starts_with("both judges and the arbiter are one model (claude-opus-5): their agreement says nothing")
        );
        assert!(one.len() == 2 && one[1].contains("judges its own work"), "{one:?}");
        assert!(told(&gpt, [&claude, &claude], &gemini)[0].starts_with("both judges are one model"));
        assert!(told(&gpt, [&claude, &other], &gemini)[0].starts_with("both judges are of one family (claude)"));
        let kin = Parties::of_roles(&claude, [&gemini, &gpt], &other);
        assert!(kin.is_arbiter_kin() && kin.told()[0].starts_with("the arbiter is of the family"), "{:?}", kin.told());
        assert!(!Parties::default().is_arbiter_kin() && Parties::default().told().is_empty());
    }

    #[test]
    fn the_parties_of_an_episode_are_those_of_its_stages() {
        let [one, two, three] = ["qwen3:8b", "llama4", "mistral"].map(route);
        let stages =
            [(Contract::Draft, &one), (Contract::Judgement, &two), (Contract::Judgement, &two), (Contract::Plan, &one)];
        assert_eq!(Parties::new(stages).told(), ["both judges are one model (llama4): their agreement says nothing"]);
        let with_arbiter = Parties::new(stages.into_iter().chain([(Contract::Arbitration, &three)]));
        assert!(!with_arbiter.is_arbiter_kin());
    }
}
