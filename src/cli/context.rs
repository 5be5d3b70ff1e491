//! What every verb is given: the flags, the folders, the environment, the clock, and where its answer goes.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::Globals;
use super::ask;
use super::fault::CliError;
use crate::clock::Clock;
use crate::config::environment::Environment;
use crate::config::paths::{PathFlags, Paths};
use crate::config::persons::{self, Persons};
use crate::config::settings::{FlagValue, Settings};
use crate::domain::actor::{UNNAMED, signer_name};
use crate::domain::event::{Person, Provenance};
use crate::domain::plain;
use crate::ledger::disk::{Disk, RealDisk};

/// What a verb works with.
pub(super) struct Context<'a> {
    /// The flags that every verb takes.
    pub(super) globals: &'a Globals,
    /// The environment.
    pub(super) environment: Environment,
    /// The folders.
    pub(super) paths: Paths,
    /// The clock.
    pub(super) clock: Clock,
    /// Where the answer goes.
    pub(super) out: &'a mut dyn Write,
    /// Where remarks go: what is under way, what was chosen, warnings.
    pub(super) err: &'a mut dyn Write,
    kind: Provenance,
}

impl<'a> Context<'a> {
    pub(super) fn new(globals: &'a Globals, out: &'a mut dyn Write, err: &'a mut dyn Write) -> Result<Self, CliError> {
        let environment = Environment::read()?;
        let flags =
            PathFlags { data_dir: globals.data_dir.clone(), config_dir: globals.config_dir.clone(), cache_dir: None };
        let paths = Paths::find(&flags, &environment)?;
        let kind = globals.studio.provenance();
        Ok(Self { globals, environment, paths, clock: Clock::system(), out, err, kind })
    }

    /// The settings that hold.
    pub(super) fn settings(&self) -> Result<Settings, CliError> {
        let mut flags = Vec::new();
        if let Some(name) = &self.globals.acting_as {
            flags.push(FlagValue { key: "name", value: name.clone(), flag: "--as" });
        }
        if let Some(log) = &self.globals.log {
            flags.push(FlagValue { key: "log", value: log.clone(), flag: "--log" });
        }
        Ok(Settings::load(&self.paths.config, &self.environment, &flags)?)
    }

    /// The kind of the studio that the verb is about.
    pub(super) fn kind(&self) -> Provenance {
        self.kind
    }

    /// Makes the verb be about the rehearsal, whatever the flags say.
    pub(super) fn rehearse(&mut self) {
        self.kind = Provenance::Rehearsal;
    }

    /// The folder of the studio that the verb is about.
    pub(super) fn studio(&self) -> PathBuf {
        self.folder(self.kind())
    }

    /// The folder of a studio of this kind.
    pub(super) fn folder(&self, kind: Provenance) -> PathBuf {
        self.paths.data.join(kind.to_string())
    }

    /// What stands behind `greenroom` in a command that answers for this studio.
    pub(super) fn studio_flag(&self) -> &'static str {
        match self.kind() {
            Provenance::Live => "",
            Provenance::Rehearsal => " --studio rehearsal",
        }
    }

    /// The disk.
    pub(super) fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(RealDisk)
    }

    /// The account of the system, in the form that stands beside a decision.
    pub(super) fn os_user(&self) -> String {
        let user = &self.environment.os_user;
        let plain = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let named = user.name.as_ref().filter(plain).filter(|name| !name.is_empty() && name.len() <= 60);
        named.cloned().unwrap_or_else(|| format!("uid {}", user.uid))
    }

    /// Who acts: the name that was given or set, else nobody in particular from this account. What is a decision is signed by
    /// a [`decider`](Self::decider).
    pub(super) fn person(&self, settings: &Settings) -> Result<Person, CliError> {
        match &settings.name {
            Some(name) => self.signer(name),
            None => Ok(Person::new(UNNAMED, &self.os_user())?.of_account(self.environment.os_user.uid)),
        }
    }

    /// Who decides: a decision is signed with a name that someone gave or set. At a terminal the name is asked for once, and
    /// kept.
    pub(super) fn decider(&mut self, settings: &Settings) -> Result<Person, CliError> {
        let name = match &settings.name {
            Some(name) => name.clone(),
            None => {
                let name = ask::name(self)?;
                persons::keep_name(&self.paths.config, &name)?;
                let file = self.paths.config.join("config.toml");
                self.remark(&format!("decisions are signed as {name} from now on: `name` in {}", file.display()));
                name
            }
        };
        let person = self.signer(&name)?;
        let persons = Persons::load(&self.paths.config)?;
        if !persons.has_secret(person.name()) {
            return Ok(person);
        }
        let secret = ask::secret(self, &format!("The secret of {}: ", person.name()))?;
        persons.check(person.name(), &secret)?;
        Ok(person.proven())
    }

    /// A person of this name at this account.
    pub(super) fn signer(&self, name: &str) -> Result<Person, CliError> {
        let person = Person::new(&signer_name(name)?, &self.os_user())?;
        Ok(person.of_account(self.environment.os_user.uid))
    }

    /// Writes a remark; a reader of remarks that is gone stops nothing.
    pub(super) fn remark(&mut self, text: &str) {
        let _: std::io::Result<()> = writeln!(self.err, "greenroom: {text}");
    }

    /// Writes an answer as JSON for people who read JSON.
    pub(super) fn json<T: serde::Serialize>(&mut self, answer: &T) -> Result<(), CliError> {
        writeln!(self.out, "{}", plain::json(&serde_json::to_string_pretty(answer)?))?;
        Ok(())
    }
}
