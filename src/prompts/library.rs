//! All prompts that there are: those compiled in, and over them those of the config folder. The highest version of an agent
//! is the one that new episodes take; an older one stays for the episodes that pinned it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::built_in::BUILT_IN;
use super::prompt::Prompt;
use super::version::Version;
use crate::config::fault::{Fault, Faults, LoadError, Place, read_text, suggestion};
use crate::config::pipeline::PipelineFile;
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::pipeline::{Kind, Stage};

/// Slots of what optional panels hand on, which stay empty where a show does not ask for them.
pub const OPTIONAL_SLOTS: [&str; 2] = ["angle", "research_notes"];

/// The prompts by agent and version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    prompts: BTreeMap<String, BTreeMap<Version, Prompt>>,
}

impl Library {
    /// The prompts that the program was built with.
    ///
    /// # Errors
    ///
    /// All faults of their files; a test holds that there is none.
    pub fn built_in() -> Result<Self, Faults> {
        let mut library = Self::default();
        let mut faults = Vec::new();
        for (agent, version, source) in BUILT_IN {
            library.add(&format!("prompts/{agent}/{version}.md"), agent, version, source, &mut faults);
        }
        Faults::none(faults).map(|()| library)
    }

    /// The built-in prompts, with those of `<config>/prompts/<agent>/<version>.md` in the place of the same agent and version or
    /// beside them.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or all faults of all files.
    pub fn load(config: &Path) -> Result<Self, LoadError> {
        let mut library = Self::built_in()?;
        let mut faults = Vec::new();
        for agent in entries(&config.join("prompts"))? {
            let folder = config.join("prompts").join(&agent);
            if !folder.is_dir() {
                continue;
            }
            for file in entries(&folder)? {
                let path = folder.join(&file);
                let Some(version) = file.strip_suffix(".md") else { continue };
                let name = path.display().to_string();
                match read_text(&path) {
                    Ok(source) => library.add(&name, &agent, version, &source, &mut faults),
                    Err(LoadError::Faults(found)) => faults.extend(found.0),
                    Err(error) => return Err(error),
                }
            }
        }
        Faults::none(faults)?;
        Ok(library)
    }

    fn add(&mut self, file: &str, agent: &str, version: &str, source: &str, faults: &mut Vec<Fault>) {
        match Prompt::parse(file, agent, version, source) {
            Ok(prompt) => {
                self.prompts.entry(agent.to_owned()).or_default().insert(prompt.version, prompt);
            }
            Err(found) => faults.extend(found.0),
        }
    }

    /// The highest version of an agent's prompt.
    pub fn latest(&self, agent: &str) -> Option<&Prompt> {
        self.prompts.get(agent).and_then(|versions| versions.last_key_value()).map(|(_, prompt)| prompt)
    }

    /// One version of an agent's prompt.
    pub fn get(&self, agent: &str, version: Version) -> Option<&Prompt> {
        self.prompts.get(agent).and_then(|versions| versions.get(&version))
    }

    /// The prompt that an episode pinned, while its file is as it was.
    pub fn pinned(&self, agent: &str, hash: &ContentHash) -> Option<&Prompt> {
        self.prompts.get(agent).and_then(|versions| versions.values().find(|prompt| prompt.hash == *hash))
    }

    /// All prompts, by agent and rising version.
    pub fn prompts(&self) -> impl Iterator<Item = &Prompt> {
        self.prompts.values().flat_map(BTreeMap::values)
    }

    /// Checks that every agent of a pipeline has a prompt that answers what the stage hands on, and that the stage's inputs
    /// fill all of its slots.
    ///
    /// # Errors
    ///
    /// Each stage whose agent or reviser cannot be asked, with its line in the pipeline's file.
    pub fn check(&self, file: &PipelineFile) -> Result<(), Faults> {
        let stages = file.pipeline.stages();
        let outputs: BTreeMap<&StageId, Contract> = stages.iter().map(|stage| (&stage.id, stage.output)).collect();
        let output_of = |id: &StageId| outputs.get(id).copied();
        let mut faults = Vec::new();
        for stage in stages {
            let mut fault = |what: String| {
                let unknown = || Place { file: file.name.clone(), line: 0, column: 0 };
                let place = file.place(&stage.id).cloned().unwrap_or_else(unknown);
                faults.push(Fault { place, what: format!("`{}`: {what}", stage.id) });
            };
            if let (Kind::Agent | Kind::Panel | Kind::Evaluate, Some(agent)) = (stage.kind, &stage.agent) {
                // What code makes of the inputs.
                let mut own: BTreeSet<&str> = match stage.output {
                    Contract::Brief => BTreeSet::from(["show", "graph"]),
                    Contract::Routing => BTreeSet::from(["show", "findings", "ways"]),
                    Contract::Judgement => BTreeSet::from(["show", "rubric"]),
                    Contract::CanaryReport => BTreeSet::from(["show", "rubric", "research", "script"]),
                    Contract::Arbitration => BTreeSet::from(["show", "disputes"]),
                    Contract::Fixes => BTreeSet::from(["show", "findings"]),
                    Contract::Preference => BTreeSet::from(["show", "first", "second"]),
                    _ => BTreeSet::from(["show"]),
                };
                own.extend(OPTIONAL_SLOTS);
                if stage.panel.is_some() {
                    own.extend(["transcript", "seats", "ended"]);
                }
                self.check_agent(stage, agent, stage.output.answered(), &own, output_of, &mut fault);
            }
            if let Some(reviser) = &stage.reviser {
                // The script is the stage's own last output and the fixes are those of the note that sent it back.
                let own = BTreeSet::from(["show", "script", "fixes"]);
                self.check_agent(stage, reviser, Contract::Revision, &own, output_of, &mut fault);
            }
            let talking = BTreeSet::from(["show", "transcript", "seats", "seat"]);
            for seat in stage.panel.iter().flat_map(|spec| &spec.seats) {
                self.check_agent(stage, seat, Contract::Turn, &talking, output_of, &mut fault);
            }
            if let Some(coordinator) = stage.panel.as_ref().and_then(|spec| spec.coordinator.as_ref()) {
                self.check_agent(stage, coordinator, Contract::Selection, &talking, output_of, &mut fault);
            }
            if let Some(attacker) = &stage.attacker {
                let own = BTreeSet::from(["show", "script", "fixes"]);
                self.check_agent(stage, attacker, Contract::Review, &own, output_of, &mut fault);
            }
        }
        Faults::none(faults)
    }

    fn check_agent(
        &self,
        stage: &Stage,
        agent: &str,
        wanted: Contract,
        own: &BTreeSet<&str>,
        output_of: impl Fn(&StageId) -> Option<Contract>,
        mut fault: impl FnMut(String),
    ) {
        let Some(prompt) = self.latest(agent) else {
            let near = suggestion(agent, self.prompts.keys().map(String::as_str));
            return fault(format!("there is no prompt of the agent `{agent}`: {near}"));
        };
        if prompt.output != wanted {
            let (answers, wants) = (prompt.output.name(), wanted.name());
            fault(format!("the agent `{agent}` answers with `{answers}`, and the stage needs `{wants}`"));
        }
        for slot in prompt.slots.iter().filter(|slot| !own.contains(slot.as_str())) {
            if stage.feeds(slot, &output_of).is_none() {
                fault(format!("no input fills the slot `{slot}` of the agent `{agent}`"));
            }
        }
    }
}

/// The names in a folder that are text and not hidden, in order; none where there is no such folder.
fn entries(folder: &Path) -> Result<BTreeSet<String>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: folder.to_owned(), source };
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = BTreeSet::new();
    for entry in read {
        if let Ok(name) = entry.map_err(unreadable)?.file_name().into_string()
            && !name.starts_with('.')
        {
            names.insert(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
