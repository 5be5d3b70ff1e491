//! One prompt: its front matter, its two bodies and its slots; checked when it is read, filled when it is asked.
//!
//! What fills a slot is material. It is escaped so that it cannot close its block, and a slot stands nowhere but in its
//! block. Not for the choice of a version: that is the library's.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;

use super::version::Version;
use crate::config::fault::{Fault, Faults, Place, suggestion};
use crate::config::models::Effort;
use crate::config::pipeline::{contract, contract_names};
use crate::config::role::Role;
use crate::domain::handoff::Contract;
use crate::domain::ids::ContentHash;

/// The longest front matter that is read, in bytes.
const MAX_FRONT_BYTES: usize = 16 * 1024;

/// The largest answer that a prompt may ask for, in tokens.
const MOST_TOKENS: u32 = 128_000;

/// A prompt of one agent in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The agent.
    pub name: String,
    /// The version.
    pub version: Version,
    /// The hash of the file, recorded with every call.
    pub hash: ContentHash,
    /// What the agent is there for.
    pub objective: String,
    /// The role whose route its calls take.
    pub role: Role,
    /// The slots that must be filled.
    pub slots: Vec<String>,
    /// What the answer keeps to.
    pub constraints: Vec<String>,
    /// What the answer is.
    pub output: Contract,
    /// What code checks on the answer.
    pub validation: Vec<String>,
    /// The most tokens of an answer, without what is thought before it.
    pub max_tokens: u32,
    /// How much is to be thought first: as the prompt says, or else as its role does.
    pub effort: Effort,
    /// What changed in this version and why.
    pub changed: String,
    /// The file as it is, which an episode keeps.
    pub source: String,
    system: String,
    user: String,
}

/// A prompt with its slots filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The standing instructions.
    pub system: String,
    /// The request with its data blocks.
    pub user: String,
    /// How many bytes at the beginning of `user` an agent's calls have in common: up to the end of the blocks of show and
    /// research, where they come first.
    pub stable: usize,
}

/// The slots whose content many calls of an agent share.
const SHARED: [&str; 2] = ["show", "research"];

impl Rendered {
    /// The same request once more, with what was wrong with the first answer as a last block.
    #[must_use]
    pub fn corrected(mut self, fault: &str) -> Self {
        let fault = escaped(fault);
        self.user.push_str("\n\nThe last answer did not keep to its form. What follows says why; answer again, with the whole answer.\n\n");
        self.user.push_str(&format!("<data name=\"correction\">{fault}</data>\n"));
        self
    }
}

/// Why a prompt was not filled. Nothing was sent and nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A slot was left empty.
    #[error(
        "the prompt {prompt} needs the slot `{slot}`, and nothing fills it. Nothing was sent: mend the inputs of its stage."
    )]
    Missing {
        /// Name and version.
        prompt: String,
        /// The slot.
        slot: String,
    },
    /// Something was given that no slot takes.
    #[error("the prompt {prompt} has no slot `{slot}`. Nothing was sent: mend the inputs of its stage.")]
    Extra {
        /// Name and version.
        prompt: String,
        /// What was given.
        slot: String,
    },
    /// The template failed although it passed its checks.
    #[error("the prompt {prompt} cannot be filled: {what}. Nothing was sent: mend the prompt.")]
    Template {
        /// Name and version.
        prompt: String,
        /// What the template engine says, with the line of the body.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    name: String,
    version: String,
    objective: String,
    role: String,
    slots: Vec<String>,
    constraints: Vec<String>,
    output: String,
    validation: Vec<String>,
    max_tokens: u32,
    #[serde(default)]
    effort: Option<String>,
    changed: String,
}

/// Text that cannot close a data block: every `</` becomes `<\/`, which in JSON is the same text.
pub fn escaped(text: &str) -> String {
    text.replace("</", "<\\/")
}

fn block(slot: &str) -> String {
    format!("<data name=\"{slot}\">{{{{ {slot} }}}}</data>")
}

impl Prompt {
    /// Reads a prompt from its file, `<agent>/<version>.md`.
    ///
    /// # Errors
    ///
    /// All faults of the file, each with its line.
    pub fn parse(file: &str, agent: &str, version: &str, source: &str) -> Result<Self, Faults> {
        let one = |line, what: String| Faults(vec![fault(file, line, what)]);
        let parts = Parts::of(source).map_err(|(line, what)| one(line, what))?;
        if parts.front.len() > MAX_FRONT_BYTES {
            return Err(one(1, format!("the front matter has more than {MAX_FRONT_BYTES} bytes")));
        }
        let front: FrontMatter = serde_saphyr::from_str(parts.front).map_err(|error| front_fault(file, &error))?;
        let mut faults = Faulty { file, parts: &parts, faults: Vec::new() };
        let declared = faults.read("version", front.version.parse::<Version>());
        let role = faults.read("role", front.role.parse::<Role>()).filter(|role| *role != Role::Voice);
        if role.is_none() && front.role == Role::Voice.name() {
            faults.front("role", "the role `voice` speaks and answers no prompt".to_owned());
        }
        let output = contract(&front.output).filter(|contract| contract.schema().is_some());
        if output.is_none() {
            let agents = contract_names().filter(|name| contract(name).is_some_and(|c| c.schema().is_some()));
            let what =
                format!("`{}` is nothing that an agent answers: {}", front.output, suggestion(&front.output, agents));
            faults.front("output", what);
        }
        if front.name != agent {
            faults.front("name", format!("the prompt calls itself `{}` and lies in the folder `{agent}`", front.name));
        }
        if front.version != version {
            faults.front("version", format!("the prompt says version `{}` and its file `{version}`", front.version));
        }
        if !(1..=MOST_TOKENS).contains(&front.max_tokens) {
            faults.front("max_tokens", format!("`max_tokens` must be a whole number from 1 to {MOST_TOKENS}"));
        }
        let effort = front.effort.as_deref().map(|word| {
            let level = Effort::ALL.iter().find(|(name, _)| *name == word).map(|(_, level)| *level);
            level.ok_or_else(|| {
                let near = suggestion(word, Effort::ALL.iter().map(|(name, _)| *name));
                format!("`{word}` is no effort: {near}")
            })
        });
        let effort = effort.and_then(|effort| faults.read("effort", effort));
        if front.objective.trim().is_empty() {
            faults.front("objective", "`objective` is empty".to_owned());
        }
        faults.slots(&front.slots);
        Faults::none(faults.faults)?;
        let (Some(version), Some(role), Some(output)) = (declared, role, output) else {
            return Err(one(1, "the front matter cannot be used".to_owned()));
        };
        Ok(Self {
            name: front.name,
            version,
            hash: ContentHash::of(source.as_bytes()),
            objective: front.objective,
            role,
            slots: front.slots,
            constraints: front.constraints,
            output,
            validation: front.validation,
            max_tokens: front.max_tokens,
            effort: effort.unwrap_or(role.effort()),
            changed: front.changed,
            source: source.to_owned(),
            system: parts.system.text.trim().to_owned(),
            user: parts.user.text.trim().to_owned(),
        })
    }

    /// Fills the slots, each with the JSON text of what it is to hold.
    ///
    /// # Errors
    ///
    /// When a slot is missing or something is given that no slot takes.
    pub fn render(&self, content: &BTreeMap<String, String>) -> Result<Rendered, RenderError> {
        let prompt = || format!("{} {}", self.name, self.version);
        if let Some(slot) = self.slots.iter().find(|slot| !content.contains_key(*slot)) {
            return Err(RenderError::Missing { prompt: prompt(), slot: slot.clone() });
        }
        if let Some(slot) = content.keys().find(|slot| !self.slots.contains(slot)) {
            return Err(RenderError::Extra { prompt: prompt(), slot: slot.clone() });
        }
        let content: BTreeMap<&str, String> =
            content.iter().map(|(slot, text)| (slot.as_str(), escaped(text))).collect();
        let templates = templates();
        let fill = |body: &str| {
            let filled = templates.render_str(body, &content);
            filled.map_err(|error| RenderError::Template { prompt: prompt(), what: error.to_string() })
        };
        let user = fill(&self.user)?;
        let stable = match self.user.get(..self.shared()) {
            Some(head) if !head.is_empty() => fill(head)?,
            Some(_) | None => String::new(),
        };
        let stable = if user.starts_with(&stable) { stable.len() } else { 0 };
        Ok(Rendered { system: fill(&self.system)?, user, stable })
    }

    /// Where in the template the blocks end whose content many calls share; 0 where it begins with another one.
    fn shared(&self) -> usize {
        let blocks = self.slots.iter().filter_map(|slot| {
            let block = block(slot);
            self.user.find(&block).map(|at| (at, at + block.len(), SHARED.contains(&slot.as_str())))
        });
        let mut blocks: Vec<(usize, usize, bool)> = blocks.collect();
        blocks.sort_unstable();
        blocks.into_iter().take_while(|(.., is_shared)| *is_shared).last().map_or(0, |(_, end, _)| end)
    }
}

fn templates() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates
}

fn fault(file: &str, line: usize, what: String) -> Fault {
    Fault { place: Place { file: file.to_owned(), line, column: 1 }, what }
}

/// The line of the file that the front matter's first line stands on.
const FRONT_LINE: usize = 2;

fn front_fault(file: &str, error: &serde_saphyr::Error) -> Faults {
    let location = error.location();
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let line = location.map_or(1, |at| number(at.line()));
    let place = Place {
        file: file.to_owned(),
        line: line.saturating_add(FRONT_LINE - 1),
        column: location.map_or(1, |at| number(at.column())),
    };
    // The message ends with its own idea of the place, which counts from the front matter's first line.
    let message = error.without_snippet().to_string();
    let message = message.split(" at line ").next().unwrap_or_default().trim().to_owned();
    Faults(vec![Fault { place, what: format!("the front matter cannot be read: {message}") }])
}

/// A part of the file with the line that it begins on.
struct Body<'s> {
    text: &'s str,
    line: usize,
}

struct Parts<'s> {
    front: &'s str,
    system: Body<'s>,
    user: Body<'s>,
}

impl<'s> Parts<'s> {
    fn of(source: &'s str) -> Result<Self, (usize, String)> {
        let no_front = || (1, "the file must begin with front matter between two lines of `---`".to_owned());
        if let Some(at) = source.find('\r') {
            let line = source.get(..at).unwrap_or_default().matches('\n').count() + 1;
            return Err((line, "the line ends with a carriage return: save the file with line feeds alone".to_owned()));
        }
        let rest = source.strip_prefix("---\n").ok_or_else(no_front)?;
        let (front, body) = rest.split_once("\n---\n").ok_or_else(no_front)?;
        let line_of =
            |part: &str| source.get(..source.len() - part.len()).unwrap_or_default().matches('\n').count() + 1;
        let missing = |heading: &str| (line_of(body), format!("the line `{heading}` is missing"));
        let (before, system) = split_at_line(body, "## System").ok_or_else(|| missing("## System"))?;
        if !before.trim().is_empty() {
            return Err((line_of(body), "nothing may stand before `## System`".to_owned()));
        }
        let (system, user) = split_at_line(system, "## User").ok_or_else(|| missing("## User"))?;
        let system_line = line_of(user) - system.matches('\n').count() - 1;
        for (heading, text, first) in [("## System", system, system_line), ("## User", user, line_of(user))] {
            if text.trim().is_empty() {
                return Err((first, format!("nothing stands under `{heading}`")));
            }
            for repeated in ["## System", "## User"] {
                if let Some((before, _)) = split_at_line(text, repeated) {
                    return Err((first + before.matches('\n').count(), format!("the line `{repeated}` stands twice")));
                }
            }
        }
        let user = Body { text: user, line: line_of(user) };
        Ok(Self { front, system: Body { text: system, line: system_line }, user })
    }

    /// The line of the file on which a key of the front matter stands.
    fn line_of_key(&self, key: &str) -> usize {
        let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        self.front.lines().position(is_key).map_or(1, |at| at + FRONT_LINE)
    }
}

/// The text before and after the first line that is just this heading.
fn split_at_line<'s>(text: &'s str, heading: &str) -> Option<(&'s str, &'s str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == heading {
            return Some((text.get(..at)?, text.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

/// The faults of one file as they are found.
struct Faulty<'a> {
    file: &'a str,
    parts: &'a Parts<'a>,
    faults: Vec<Fault>,
}

impl Faulty<'_> {
    fn front(&mut self, key: &str, what: String) {
        self.faults.push(fault(self.file, self.parts.line_of_key(key), what));
    }

    fn read<T, E: std::fmt::Display>(&mut self, key: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.front(key, error.to_string())).ok()
    }

    /// Declared slots are used, used ones are declared, and each stands in its data block and nowhere else.
    fn slots(&mut self, declared: &[String]) {
        let mut seen = BTreeSet::new();
        for slot in declared {
            let is_name = slot.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !is_name || !slot.starts_with(|c: char| c.is_ascii_lowercase()) {
                self.front(
                    "slots",
                    format!("`{slot}` is no slot's name: use lower-case letters, digits and underscores"),
                );
            } else if !seen.insert(slot.as_str()) {
                self.front("slots", format!("the slot `{slot}` is declared twice"));
            } else if !self.parts.user.text.lines().any(|line| line.trim() == block(slot)) {
                let what = format!("the slot `{slot}` is declared and has no line `{}` under `## User`", block(slot));
                self.front("slots", what);
            }
        }
        let parts = self.parts;
        let without_blocks = seen.iter().fold(parts.user.text.to_owned(), |text, slot| text.replace(&block(slot), ""));
        for (text, first) in [(parts.system.text.to_owned(), parts.system.line), (without_blocks, parts.user.line)] {
            let templates = templates();
            match templates.template_from_str(&text) {
                Ok(template) => {
                    for name in template.undeclared_variables(false).into_iter().collect::<BTreeSet<_>>() {
                        let line = first + text.lines().position(|line| is_used_on(line, &name)).unwrap_or(0);
                        let what = if seen.contains(name.as_str()) {
                            format!("the slot `{name}` may stand only in its block, as `{}`", block(&name))
                        } else {
                            format!("`{name}` is no declared slot: {}", suggestion(&name, seen.iter().copied()))
                        };
                        self.faults.push(fault(self.file, line, what));
                    }
                }
                Err(error) => {
                    let line = first + error.line().unwrap_or(1) - 1;
                    let what = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
                    self.faults.push(fault(self.file, line, format!("this is no template: {what}")));
                }
            }
        }
    }
}

/// Whether a line uses a variable in a tag; a line that merely has the word does not.
fn is_used_on(line: &str, name: &str) -> bool {
    let tags = line.split("{{").skip(1).chain(line.split("{%").skip(1));
    let is_word = |tag: &str| tag.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name);
    tags.filter_map(|tag| tag.split(['}', '%']).next()).any(is_word)
}

#[cfg(test)]
mod tests;
