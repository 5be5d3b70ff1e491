//! Who decides here: the name that is kept for decisions, and the secret that proves it where people share an account.

use clap::Subcommand;

use super::ask;
use super::context::Context;
use super::fault::{CliError, Ending};
use crate::config::persons::{self, Persons};
use crate::domain::actor::signer_name;

/// What can be done about the people of this installation.
#[derive(Debug, Subcommand)]
pub enum PersonVerb {
    /// Keep the name that decisions are signed with, so that it is not asked for again
    Name {
        /// The name
        name: String,
    },
    /// Keep a secret of your own for your name; from then on whoever signs with the name has to give it
    Secret,
}

/// Runs the verb.
pub(super) fn run(verb: &PersonVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        PersonVerb::Name { name } => {
            let name = signer_name(name)?;
            persons::keep_name(&context.paths.config, &name)?;
            writeln!(
                context.out,
                "decisions are signed as {name}: `name` in {}",
                context.paths.config.join("config.toml").display()
            )?;
        }
        PersonVerb::Secret => {
            let settings = context.settings()?;
            // Whoever changes a secret gives the one before.
            let person = context.decider(&settings)?;
            let secret = ask::secret(context, &format!("A new secret for {}, at least 6 characters: ", person.name()))?;
            Persons::load(&context.paths.config)?.keep(person.name(), &secret)?;
            writeln!(
                context.out,
                "a secret is kept for {}: it is asked for at every decision. It shows that whoever signs knows it; who owns \
                 this account could replace it",
                person.name()
            )?;
        }
    }
    Ok(Ending::Done)
}
