//! How the rehearsed agents behave: what a draft has wrong, how its judges see, how often a polisher strays.
//!
//! Settings have names such as `judges.invent=30`, so that a command line and a test say the same. Not for the wire: what
//! goes wrong between client and provider is in [`super::faults`].

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::handoff::FaultKind;

/// How all rehearsed agents behave. By itself: one strict judge and one lenient, and nobody breaks a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Temper {
    /// What a draft has wrong.
    pub draft: DraftTemper,
    /// Judges by the family of their model.
    pub judges: Judges,
    /// The polisher.
    pub polisher: PolisherTemper,
    /// Percent of the arbiter's rulings that are turned round.
    pub arbiter_noise: u8,
    /// Percent of the orchestrator's briefs that name at first what the package does not have.
    pub orchestrator_nonsense: u8,
}

/// What a draft has wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DraftTemper {
    /// The faults that are planted. Without a set: a figure or a date, a superlative, a long sentence and an overclaim.
    pub plants: Option<BTreeSet<FaultKind>>,
    /// Percent of drafts with one more fault, of a kind that only a judge can see. A given set gets no more.
    pub more: u8,
}

impl Default for DraftTemper {
    fn default() -> Self {
        Self { plants: None, more: 30 }
    }
}

/// Judges by the family of their model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Judges {
    /// Models whose ids begin with `claude`.
    pub claude: JudgeTemper,
    /// Models whose ids begin with `gemini`.
    pub gemini: JudgeTemper,
    /// All others.
    pub others: JudgeTemper,
}

impl Default for Judges {
    fn default() -> Self {
        let strict = JudgeTemper::default();
        Self { claude: strict, gemini: JudgeTemper { leniency: 1, ..strict }, others: strict }
    }
}

impl Judges {
    /// The judge behind a model's id.
    pub fn of(&self, model: &str) -> JudgeTemper {
        match model {
            model if model.starts_with("claude") => self.claude,
            model if model.starts_with("gemini") => self.gemini,
            _ => self.others,
        }
    }
}

/// How one judge sees and weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeTemper {
    /// Percent of the faults that it sees, of each kind. What it misses it misses in every reading.
    pub sensitivity: u8,
    /// By how many steps a fault weighs less with it, from 0 to 2; it does not mind what then weighs nothing.
    pub leniency: u8,
    /// Percent of its scores that are one point off. Below [`JudgeTemper::SHAKY`] a score stays on its side of the floor.
    pub noise: u8,
    /// Percent of its findings beside which it gives another one with a quotation that is not there, asked again or not.
    pub invents: u8,
    /// Whether a line that asks for points gets them and is not named.
    pub is_bought: bool,
}

impl JudgeTemper {
    /// From this noise on a score can fall on the other side of its floor.
    pub const SHAKY: u8 = 50;
}

impl Default for JudgeTemper {
    fn default() -> Self {
        Self { sensitivity: 100, leniency: 0, noise: 20, invents: 0, is_bought: false }
    }
}

/// How the polisher keeps to the lines it may touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolisherTemper {
    /// Percent of its revisions that touch a line which no fix names.
    pub stray: u8,
    /// Whether it does so again after it was told; otherwise it obeys then.
    pub is_stubborn: bool,
}

/// A setting that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemperError {
    /// No such name.
    #[error("`{0}` is no behaviour: {NAMES}")]
    Name(String),
    /// A value that the name does not take.
    #[error("`{value}` is no value of `{name}`: it takes {takes}")]
    Value {
        /// The name.
        name: String,
        /// What was given.
        value: String,
        /// What could be.
        takes: &'static str,
    },
}

const NAMES: &str = "use draft.plants, draft.more, judges.see, judges.lenient, judges.noise, judges.invent or judges.bought \
                     (also claude., gemini. and others. for judges), polisher.stray, polisher.stubborn, arbiter.noise or \
                     orchestrator.nonsense, each with `=` and a value";

/// The kinds of fault that a draft can be given: all but the one that is none of them.
pub const PLANTABLE: [FaultKind; 16] = [
    FaultKind::Figure,
    FaultKind::Date,
    FaultKind::Name,
    FaultKind::Quotation,
    FaultKind::Superlative,
    FaultKind::Unsourced,
    FaultKind::Overclaim,
    FaultKind::Harm,
    FaultKind::Brand,
    FaultKind::Order,
    FaultKind::Missing,
    FaultKind::Padding,
    FaultKind::Opening,
    FaultKind::Pace,
    FaultKind::Jargon,
    FaultKind::Injection,
];

impl Temper {
    /// Sets one behaviour by its name, such as `judges.invent=30`.
    ///
    /// # Errors
    ///
    /// [`TemperError`] where the name or the value is none; nothing is changed then.
    pub fn set(&mut self, setting: &str) -> Result<(), TemperError> {
        let short = |text: &str| text.trim().chars().take(40).collect::<String>();
        let (name, value) = setting.split_once('=').ok_or_else(|| TemperError::Name(short(setting)))?;
        let (name, value) = (name.trim(), value.trim());
        let wrong = |takes| TemperError::Value { name: short(name), value: short(value), takes };
        let number = |most: u8, takes| value.parse().ok().filter(|number| *number <= most).ok_or_else(|| wrong(takes));
        let percent = || number(100, "a percentage from 0 to 100");
        let switch = || match value {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(wrong("yes or no")),
        };
        match name {
            "draft.plants" => self.draft.plants = Some(kinds(value).ok_or_else(|| wrong(KINDS))?),
            "draft.more" => self.draft.more = percent()?,
            "polisher.stray" => self.polisher.stray = percent()?,
            "polisher.stubborn" => self.polisher.is_stubborn = switch()?,
            "arbiter.noise" => self.arbiter_noise = percent()?,
            "orchestrator.nonsense" => self.orchestrator_nonsense = percent()?,
            _ => {
                let unknown = || TemperError::Name(short(name));
                let (who, knob) = name.split_once('.').ok_or_else(unknown)?;
                let Judges { claude, gemini, others } = &mut self.judges;
                let judges = match who {
                    "judges" => vec![claude, gemini, others],
                    "claude" => vec![claude],
                    "gemini" => vec![gemini],
                    "others" => vec![others],
                    _ => return Err(unknown()),
                };
                for judge in judges {
                    match knob {
                        "see" => judge.sensitivity = percent()?,
                        "lenient" => judge.leniency = number(2, "a number of steps from 0 to 2")?,
                        "noise" => judge.noise = percent()?,
                        "invent" => judge.invents = percent()?,
                        "bought" => judge.is_bought = switch()?,
                        _ => return Err(unknown()),
                    }
                }
            }
        }
        Ok(())
    }
}

const KINDS: &str = "kinds of fault joined by `+`, such as harm+order, or none";

fn kinds(value: &str) -> Option<BTreeSet<FaultKind>> {
    if value == "none" {
        return Some(BTreeSet::new());
    }
    let kind = |name: &str| PLANTABLE.into_iter().find(|kind| kind.name() == name.trim());
    value.split('+').map(kind).collect()
}

impl FromStr for Temper {
    type Err = TemperError;

    /// The usual behaviour with some settings, joined by commas.
    fn from_str(settings: &str) -> Result<Self, TemperError> {
        let mut temper = Self::default();
        for setting in settings.split(',').filter(|setting| !setting.trim().is_empty()) {
            temper.set(setting)?;
        }
        Ok(temper)
    }
}

impl fmt::Display for Temper {
    /// The settings that differ from the usual ones, as they are read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::default();
        let mut settings: Vec<String> = Vec::new();
        if let Some(plants) = &self.draft.plants {
            let names: Vec<&str> = plants.iter().map(|kind| kind.name()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join("+") };
            settings.push(format!("draft.plants={names}"));
        }
        let yes = |is: bool| if is { "yes" } else { "no" };
        let mut numbers = |name: &str, now: u8, then: u8| {
            if now != then {
                settings.push(format!("{name}={now}"));
            }
        };
        numbers("draft.more", self.draft.more, usual.draft.more);
        numbers("polisher.stray", self.polisher.stray, usual.polisher.stray);
        numbers("arbiter.noise", self.arbiter_noise, usual.arbiter_noise);
        numbers("orchestrator.nonsense", self.orchestrator_nonsense, usual.orchestrator_nonsense);
        let families = [
            ("claude", self.judges.claude, usual.judges.claude),
            ("gemini", self.judges.gemini, usual.judges.gemini),
            ("others", self.judges.others, usual.judges.others),
        ];
        for (who, now, then) in families {
            numbers(&format!("{who}.see"), now.sensitivity, then.sensitivity);
            numbers(&format!("{who}.lenient"), now.leniency, then.leniency);
            numbers(&format!("{who}.noise"), now.noise, then.noise);
            numbers(&format!("{who}.invent"), now.invents, then.invents);
        }
        for (who, now, then) in families {
            if now.is_bought != then.is_bought {
                settings.push(format!("{who}.bought={}", yes(now.is_bought)));
            }
        }
        if self.polisher.is_stubborn {
            settings.push("polisher.stubborn=yes".to_owned());
        }
        f.write_str(&settings.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviours_have_names_that_are_written_as_they_are_read() {
        let all = "draft.plants=figure+harm,draft.more=0,polisher.stray=100,arbiter.noise=5,orchestrator.nonsense=7,\
                   claude.see=90,gemini.lenient=2,others.noise=60,claude.invent=30,gemini.bought=yes,polisher.stubborn=yes";
        let temper: Temper = all.parse().unwrap();
        assert_eq!(temper.to_string().split(',').collect::<BTreeSet<_>>(), all.split(',').collect::<BTreeSet<_>>());
        assert_eq!(temper.to_string().parse(), Ok(temper.clone()));
        assert_eq!(serde_json::from_str::<Temper>(&serde_json::to_string(&temper).unwrap()).unwrap(), temper);
        assert_eq!("".parse(), Ok(Temper::default()));
        assert_eq!(Temper::default().to_string(), "");
        let every: Temper = "judges.invent=30".parse().unwrap();
        assert_eq!([every.judges.claude, every.judges.gemini, every.judges.others].map(|judge| judge.invents), [30; 3]);
        assert_eq!("draft.plants=none".parse::<Temper>().unwrap().draft.plants, Some(BTreeSet::new()));
    }

    #[test]
    fn a_setting_that_is_none_changes_nothing_and_says_what_could_be() {
        let mut temper = Temper::default();
        for bad in [
            "calm",
            "judges.mood=3",
            "clerks.see=3",
            "judges.see=101",
            "claude.bought=1",
            "gemini.lenient=3",
            "draft.plants=typo",
        ] {
            let error = temper.set(bad).unwrap_err().to_string();
            assert!(error.contains("use draft.plants") || error.contains("it takes"), "{error}");
            assert_eq!(temper, Temper::default(), "{bad}");
        }
    }

    #[test]
    fn judges_are_told_apart_by_the_family_of_their_model() {
        let judges = Judges::default();
        assert_eq!(judges.of("claude-opus-5-5").leniency, 0);
        assert_eq!(judges.of("gemini-3.1-pro-preview").leniency, 1);
        assert_eq!(judges.of("sonar-pro"), judges.others);
    }
}
