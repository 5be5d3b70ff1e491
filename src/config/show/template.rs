//! A show as a file to edit: one that comes with the program, and with it every key that a show takes.

use super::built_in;
use crate::config::template::{Said, unset, written};

/// Every key of a profile that has a unit or a default: its table, its name, what holds where it is left out, and what it means.
/// An empty default is that of a key which cannot be left out.
const KEYS: &[(&str, &str, &str, &str)] = &[
    ("", "slug", "", "its name in paths and on the command line: lower-case letters, digits and hyphens"),
    ("", "language", "", "a language tag, such as en-GB"),
    ("", "target_minutes", "", "minutes, the shortest and the longest"),
    ("", "words_per_minute", "150", "words a minute, 60 to 300"),
    ("", "deadline_days", "7", "days from its start to the deadline of an episode, 1 to 365"),
    ("", "pipeline", "", "a pipeline that comes with greenroom, or a file in the folder `pipelines`"),
    ("brand", "rules", "[]", "what every script keeps to"),
    ("brand", "avoid", "[]", "words and habits that no script has"),
    ("brand", "samples", "[]", "paragraphs that sound as the show should"),
    ("brand.guardrails", "required", "[]", "words that every script has to say"),
    ("brand.guardrails", "explicit", "false", "true lets strong language pass"),
    ("brand.guardrails", "max_grade", "GRADE", "the highest school grade that a script may read like, 1 to 20"),
    ("brand.guardrails", "max_sentence_words", "SENTENCE", "words in the longest sentence, 5 to 200"),
    ("brand.guardrails", "max_turn_words", "TURN", "words in the longest turn of a speaker, 20 to 2000"),
    (
        "brand.guardrails",
        "disclosure",
        "DISCLOSURE",
        "words of which a script says one, that listeners know how it was made",
    ),
    ("caps", "call", "\"1.00\"", "US dollars: no call is sent whose worst case is above it"),
    ("caps", "episode", "", "US dollars: the most that all calls of an episode may cost"),
    ("policy", "override", "\"none\"", "who may go past a failed gate: \"none\", \"reason\" or \"second-person\""),
    (
        "policy",
        "uncertain",
        "\"ask\"",
        "a call whose answer was lost: \"ask\", \"resend\", or limits in US dollars up to which it is sent again",
    ),
    (
        "policy",
        "near_cap",
        "\"alert\"",
        "at 80 % of a cap: \"alert\", \"cheaper\" models or \"slower\", one call at a time",
    ),
    ("policy", "when_down", "\"wait\"", "while a provider fails: \"wait\", or \"fallback\" to the next one's model"),
    ("policy", "corrections", "2", "how often an answer that breaks its contract is asked for again, 0 to 2"),
    ("policy", "canary_every", "10", "every so many scripts a planted line tests the judges, 0 for never"),
    (
        "policy",
        "lately_tokens",
        "0",
        "tokens in which the writer is told what was found in earlier episodes, up to 4000",
    ),
    ("policy", "research_days", "30", "days after which a source counts as old, 1 to 100000; without it none does"),
    ("policy", "panels", "[]", "panels that are asked for, such as \"angle\", \"gaps\" and \"compliance\""),
    ("policy", "patient", "[]", "stages that may wait a day for half the price, such as \"show_notes\""),
    ("policy.mending", "rounds", "2", "rounds in which a failed script is revised before a person is asked, 0 to 20"),
    ("policy.mending", "spend", "\"5.00\"", "US dollars that they may cost; without it the caps alone say"),
    ("policy.mending", "minutes", "60", "minutes that they may take, 1 to 10000; without it they may take any"),
    (
        "policy.gates",
        "polish_refinement",
        "\"always\"",
        "when a gate asks a person: \"always\", \"on_dispute\" or \"never\"",
    ),
    ("speech", "engine", "\"provider\"", "who speaks: \"provider\", or \"espeak-ng\" of this machine in rehearsals"),
];

/// Tables that have a head of their own behind another.
const INNER: &[(&str, &str)] =
    &[("brand", "brand.guardrails"), ("policy", "policy.mending"), ("policy", "policy.gates")];

/// A show that comes with the program under a name and a slug of its own; nothing where there is none of that name.
pub fn template(from: &str, slug: &str) -> Option<String> {
    let source = built_in::source(from)?;
    let usual = super::Show::parse(from, source, crate::domain::call::Provider::ElevenLabs).ok()?;
    let guards = usual.brand.guardrails;
    let default = |value: &str| match value {
        "GRADE" => (guards.max_grade_tenths / 10).to_string(),
        "SENTENCE" => guards.max_sentence_words.to_string(),
        "TURN" => guards.max_turn_words.to_string(),
        "DISCLOSURE" => format!("{:?}", guards.disclosure),
        value => value.to_owned(),
    };
    let said = |path: &str| {
        let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
        let known = KEYS.iter().find(|(of, name, ..)| *of == table && *name == key);
        known.map_or(Said::Nothing, |(.., meaning)| Said::Meaning((*meaning).to_owned()))
    };
    let missing = |table: &str, set: &[String]| {
        let of = |table: &str, set: &[String]| -> Vec<String> {
            let left = KEYS.iter().filter(|(of, key, default, _)| {
                *of == table && !default.is_empty() && !set.iter().any(|known| known == key)
            });
            left.map(|(_, key, value, meaning)| unset(key, &default(value), meaning)).collect()
        };
        let mut lines = of(table, set);
        for (_, inner) in INNER.iter().filter(|(outer, _)| *outer == table) {
            lines.extend([String::new(), format!("[{inner}]")]);
            lines.extend(of(inner, &[]));
        }
        lines
    };
    let head = format!(
        "# A show of greenroom. A key behind a # is not set: it stands there with what holds without it, or with an example.\n# `greenroom \
         config check` finds faults, and `greenroom episode new FILE --show {slug}` begins an episode of it.\n\n"
    );
    let named = |line: &str| match line {
        line if line.starts_with("slug = ") => format!("slug = \"{slug}\""),
        line if line.starts_with("name = ") && slug != from => format!("name = \"{}\"", title(slug)),
        line => line.to_owned(),
    };
    // The speakers have names too, in tables that come later.
    let (root, rest) = source.split_once("\n[")?;
    let root: Vec<String> = root.lines().map(named).collect();
    Some(head + &written(&format!("{}\n\n[{rest}", root.join("\n")), said, missing))
}

/// A slug as a name: `my-show` is `My show`.
fn title(slug: &str) -> String {
    let mut name = slug.replace('-', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::Show;
    use super::*;
    use crate::config::template::uncommented;
    use crate::domain::call::Provider;

    fn parse(source: &str) -> Show {
        Show::parse("mine.toml", source, Provider::ElevenLabs).unwrap()
    }

    /// All of a show but where it was read from.
    fn plain(show: &Show, like: &Show) -> Show {
        let (name, slug) = (like.name.clone(), like.slug.clone());
        let (source, hash, stage_places) = (like.source.clone(), like.hash, like.stage_places.clone());
        Show { name, slug, source, hash, stage_places, ..show.clone() }
    }

    #[test]
    fn a_written_show_is_read_back_as_the_one_that_it_was_written_from() {
        for from in built_in::names() {
            let own = parse(built_in::source(from).unwrap());
            let written = template(from, "my-show").unwrap();
            let read = parse(&written);
            assert_eq!((read.name.as_str(), read.slug.as_str()), ("My show", "my-show"));
            assert_eq!(plain(&read, &own), own, "{written}");
            let same = parse(&template(from, from).unwrap());
            assert_eq!((same.name, same.slug), (own.name, own.slug));
        }
        assert_eq!(template("open-question", "mine"), None);
    }

    #[test]
    fn what_stands_there_as_a_comment_is_what_holds_without_it() {
        // Examples stand where nothing holds: those say so.
        let is_example = |line: &&str| {
            ["call = ", "research_days", "spend", "minutes = ", "polish_refinement"]
                .iter()
                .any(|key| line.starts_with(&format!("# {key}")))
        };
        for from in built_in::names() {
            let written = template(from, from).unwrap();
            let without: String =
                written.lines().filter(|line| !is_example(line)).map(|line| format!("{line}\n")).collect();
            let read = parse(&written);
            assert_eq!(plain(&parse(&uncommented(&without)), &read), read);
            parse(&uncommented(&written));
        }
    }

    #[test]
    fn every_key_that_a_show_takes_stands_in_the_written_one() {
        let written = uncommented(&template("open-questions", "open-questions").unwrap());
        let mut found = 0;
        for table in written
            .lines()
            .filter(|line| line.starts_with('[') && !line.starts_with("[caps.stages") && *line != "[policy.gates]")
        {
            let spoiled = written.replacen(table, &format!("{table}\nzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz = 1"), 1);
            let fault = Show::parse("x", &spoiled, Provider::ElevenLabs).unwrap_err().to_string();
            let known = fault.split("known are ").nth(1).unwrap_or_else(|| panic!("{table}: {fault}"));
            let known = known.lines().next().unwrap().split('`').skip(1).step_by(2);
            for key in known {
                let sets = |line: &str| {
                    line.starts_with(&format!("{key} = "))
                        || line.ends_with(&format!(".{key}]"))
                        || line == format!("[[{key}]]")
                };
                assert!(written.lines().any(sets), "{table}: `{key}` is not in the written show");
                found += 1;
            }
        }
        assert!(found > 35, "{found}");
    }
}
