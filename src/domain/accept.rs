//! Holds an agent's answer to its contract before anything is routed on: form, schema, and what the contract promises.
//!
//! Nothing that a model says is trusted here: ids, quotes and excerpts are looked up, counts are measured. Not for
//! judging how good an answer is (the gates do that), nor for asking again (the engine does, with the words from here).

pub mod brought;
mod deliverables;
pub(in crate::domain) mod form;
pub(in crate::domain) mod judging;
mod orchestration;
mod planning;
mod rejection;
mod script;
mod talking;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::form::is_verbatim;
pub use self::orchestration::{DEFAULT_ROUTE, Node, usual_orchestration};
pub use self::rejection::Rejection;
pub use self::script::apply_revision;
use super::gate::{Dispute, Listed};
use super::handoff::{Contract, Dimension, Note, Plan};
use super::research::{Research, ResearchAnswer};
use super::script::Script;

/// What an answer is held against: the material that its agent was given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The research package.
    pub research: Option<&'a Research>,
    /// The plan that a draft follows.
    pub plan: Option<&'a Plan>,
    /// The script that the agent works on or revises.
    pub script: Option<&'a Script>,
    /// For a revision: the note that names the lines which may change.
    pub fixes: Option<&'a Note>,
    /// The findings that fixes are made from.
    pub findings: &'a [Listed],
    /// The dimensions that a judge was asked for.
    pub dimensions: &'a [Dimension],
    /// The disputes that an arbiter was asked about.
    pub disputes: &'a [Dispute],
    /// The seats of the panel that the agent sits at or chooses from.
    pub seats: &'a [String],
    /// The graph that the episode pinned, for what an orchestrator proposes.
    pub graph: &'a [Node],
    /// Whether the answer was asked for again already: what has no evidence is then dropped, and the rest is taken.
    pub is_last_word: bool,
    /// The speakers of the show.
    pub speakers: &'a [String],
}

/// What goes on of an answer that met its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The artifact as canonical JSON: members in the order of their type, no white space. For a draft and for a
    /// revision it is the whole script.
    pub artifact: Vec<u8>,
    /// Words that code counted, where the artifact is a script.
    pub words: Option<u64>,
    /// Words that the model claims to have written, where it claims a number.
    pub claimed_words: Option<u64>,
}

/// Holds the text of an answer to its contract.
///
/// # Errors
///
/// When the answer is no JSON, misses the schema, or breaks what the contract promises; with the validator's words for
/// the model. [`Rejection::is_mendable`] tells whether asking again can help.
pub fn accept(contract: Contract, answer: &str, context: &Context<'_>) -> Result<Accepted, Rejection> {
    match contract {
        Contract::Brief => {
            let brief = orchestration::held(read(contract, answer)?, context)?;
            plain(&brief, |brief| planning::brief(brief, context))
        }
        Contract::Plan => plain(&read(contract, answer)?, |plan| planning::plan(plan, context)),
        Contract::Draft => script::draft(read(contract, answer)?, context),
        Contract::Judgement => {
            let script = needed(context.script, "script")?;
            let heard = judging::assessment(read(contract, answer)?, script, context).map_err(Rejection::answer)?;
            kept(&heard)
        }
        Contract::Review => {
            let script = needed(context.script, "script")?;
            kept(&judging::review(read(contract, answer)?, script, context).map_err(Rejection::answer)?)
        }
        Contract::Arbitration => {
            let script = needed(context.script, "script")?;
            plain(&read(contract, answer)?, |arbitration| judging::arbitration(arbitration, script, context))
        }
        Contract::Preference => plain(&read(contract, answer)?, judging::comparison),
        Contract::Fixes => {
            let script = needed(context.script, "script")?;
            plain(&read(contract, answer)?, |fixes| judging::fixes(fixes, script, context.findings))
        }
        Contract::Revision => script::revision(&read(contract, answer)?, needed(context.script, "script")?, context),
        Contract::SpeechText => script::speech_text(read(contract, answer)?, needed(context.script, "script")?),
        Contract::ShowNotes => plain(&read(contract, answer)?, |notes| deliverables::show_notes(notes, context)),
        Contract::ArtworkBrief => plain(&read(contract, answer)?, deliverables::artwork_brief),
        Contract::Promotion => plain(&read(contract, answer)?, deliverables::promotion),
        Contract::Turn => plain(&read(contract, answer)?, |turn| talking::turn(turn, context)),
        Contract::Selection => plain(&read(contract, answer)?, |choice| talking::selection(choice, context)),
        Contract::Angle => plain(&read(contract, answer)?, |angle| talking::angle(angle, context)),
        Contract::ResearchNotes => plain(&read(contract, answer)?, |notes| talking::notes(notes, context)),
        Contract::Routing => orchestration::routing(read(contract, answer), context),
        Contract::Research => {
            let found: ResearchAnswer = read(contract, answer)?;
            kept(&found.to_package().map_err(Rejection::answer)?)
        }
        Contract::Speech
        | Contract::Report
        | Contract::Package
        | Contract::Canaries
        | Contract::CanaryReport
        | Contract::Calibration => {
            Err(Rejection::setting(format!("`{}` is made by code and by no agent", contract.name())))
        }
    }
}

fn needed<'a, T>(found: Option<&'a T>, what: &str) -> Result<&'a T, Rejection> {
    found.ok_or_else(|| Rejection::setting(format!("the stage has no {what} among its inputs to hold an answer to")))
}

/// An answer that goes on as it is, once its checks have found nothing.
fn plain<T: Serialize>(value: &T, check: impl FnOnce(&T) -> Vec<String>) -> Result<Accepted, Rejection> {
    Rejection::unless_empty(check(value))?;
    kept(value)
}

fn kept<T: Serialize>(value: &T) -> Result<Accepted, Rejection> {
    Ok(Accepted { artifact: artifact(value)?, words: None, claimed_words: None })
}

fn artifact<T: Serialize>(value: &T) -> Result<Vec<u8>, Rejection> {
    serde_json::to_vec(value).map_err(|error| Rejection::setting(format!("the answer cannot be written down: {error}")))
}

/// Reads an answer: JSON, then the schema, then text that nobody could see, then the type.
fn read<T: DeserializeOwned>(contract: Contract, answer: &str) -> Result<T, Rejection> {
    let value: Value = serde_json::from_str(answer).map_err(|error| not_json(answer, &error))?;
    Rejection::unless_empty(schema_faults(contract, &value)?)?;
    let mut hidden = Vec::new();
    form::hidden_text(&value, &mut String::new(), &mut hidden);
    Rejection::unless_empty(hidden)?;
    // From the text again: a member that is given twice is seen here and is lost in the value above.
    serde_json::from_str(answer).map_err(|error| Rejection::answer(vec![error.to_string()]))
}

fn not_json(answer: &str, error: &serde_json::Error) -> Rejection {
    let start = answer.trim_start();
    Rejection::answer(vec![if start.is_empty() {
        "the answer is empty; answer with the JSON object of the schema".to_owned()
    } else if start.starts_with("```") {
        "the answer stands in a code fence; answer with the JSON object alone, without a fence".to_owned()
    } else if !start.starts_with('{') {
        "text stands before the JSON; answer with the JSON object alone".to_owned()
    } else if error.is_eof() {
        format!("the JSON ends before it is complete: {error}; answer with the whole object")
    } else {
        format!("the answer is not valid JSON: {error}")
    }])
}

/// Every place where the value misses the schema, by its JSON pointer.
fn schema_faults(contract: Contract, value: &Value) -> Result<Vec<String>, Rejection> {
    static TABLE: OnceLock<BTreeMap<Contract, Result<Validator, String>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let compiled = |contract: Contract| {
            let schema = contract.schema()?.to_value();
            Some((contract, jsonschema::validator_for(&schema).map_err(|error| error.to_string())))
        };
        AGENTS.into_iter().filter_map(compiled).collect()
    });
    match table.get(&contract) {
        Some(Ok(validator)) => Ok(validator
            .iter_errors(value)
            .map(|error| match error.instance_path().as_str() {
                "" => error.masked_with("the answer").to_string(),
                path => format!("{path}: {}", error.masked_with("this value")),
            })
            .collect()),
        Some(Err(error)) => {
            Err(Rejection::setting(format!("the schema of `{}` cannot be used: {error}", contract.name())))
        }
        None => Err(Rejection::setting(format!("`{}` has no schema", contract.name()))),
    }
}

/// The contracts that agents answer to.
const AGENTS: [Contract; 19] = [
    Contract::Brief,
    Contract::Plan,
    Contract::Draft,
    Contract::Judgement,
    Contract::Arbitration,
    Contract::Preference,
    Contract::Review,
    Contract::Fixes,
    Contract::Revision,
    Contract::SpeechText,
    Contract::ShowNotes,
    Contract::ArtworkBrief,
    Contract::Promotion,
    Contract::Turn,
    Contract::Selection,
    Contract::Angle,
    Contract::ResearchNotes,
    Contract::Research,
    Contract::Routing,
];

#[cfg(test)]
mod tests;
