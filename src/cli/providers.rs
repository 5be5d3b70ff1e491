//! The providers: how each answers, what waits for it, what was learned of its limits, and what came of sending again.

use super::args::Format;
use super::context::Context;
use super::fault::{CliError, Ending};
use super::ledger::Folded;
use crate::domain::lane;
use crate::engine::open::limits_of;
use crate::report::providers;

/// Prints the figures as they follow from the record.
pub(super) fn run(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let limits = limits_of(&context.settings()?);
    let folded = Folded::read(context)?;
    let now = context.clock.now().max(folded.studio.at);
    let waits = lane::waits(&folded.studio, &limits, now);
    let lanes = lane::lanes(&folded.studio, &limits, now, &waits);
    match format {
        Format::Text => providers::print(&lanes, now, context.out)?,
        Format::Json => context.json(&providers::json(&lanes, now))?,
    }
    Ok(Ending::Done)
}
