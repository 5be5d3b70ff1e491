//! A studio whose journal lost events, in words: what is missing, what it may cost, what can be done. Not for finding that out:
//! the journal judges it when it is opened.

use crate::domain::event::Provenance;
use crate::domain::money::MicroUsd;
use crate::domain::studio::Studio;
use crate::ledger::journal::head::Sums;
use crate::ledger::journal::{Loss, ReadOnly};

/// Why nothing is written, for a person who has to decide. The studio is what the journal still holds.
pub fn told(why: &ReadOnly, studio: &Studio, kind: Provenance) -> String {
    let flag = match kind {
        Provenance::Live => "",
        Provenance::Rehearsal => " --studio rehearsal",
    };
    let cost = match why {
        ReadOnly::Newer { .. } => return why.to_string(),
        ReadOnly::Lost(loss) => cost(loss, studio),
        ReadOnly::Broken { .. } => "What the events behind it cost is not counted".to_owned(),
    };
    format!(
        "{why}. {cost}. Nothing is written and no call is sent until you decide: put the journal back as it was; or move this \
         folder away and take up an export that reaches further (`greenroom{flag} ledger import FILE`); or go on without the missing events \
         (`greenroom{flag} ledger accept-loss --reason TEXT`), after which calls that only they record may be paid again"
    )
}

/// What the missing events spent and may still cost, as the head file knows.
fn cost(loss: &Loss, studio: &Studio) -> String {
    match missing(loss, studio) {
        Some(Sums { spent, held }) if held == MicroUsd::ZERO => format!("They record {spent:.4} USD spent"),
        Some(Sums { spent, held }) => {
            format!(
                "They record {spent:.4} USD spent, and calls at most {held:.4} USD more that were open when they end"
            )
        }
        None => "What they cost is not known".to_owned(),
    }
}

/// What the missing events spent and what was held at their end, where that is known.
pub fn missing(loss: &Loss, studio: &Studio) -> Option<Sums> {
    let known = loss.known.sums.filter(|_| !loss.is_other_journal())?;
    let (spent, _) = studio.budget.totals();
    Some(Sums { spent: known.spent.minus(spent).max(MicroUsd::ZERO), held: known.held })
}
