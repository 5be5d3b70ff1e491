//! The author's one entry: from a contract's name and the data blocks of a request to the answer, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::arbiter::{Disputed, arbitrate, compare};
use super::dice::Dice;
use super::examine::Examiner;
use super::judge::{Judge, review};
use super::plants::Planted;
use super::request::{AuthorError, Show, read, read_or_default};
use super::synthesis::{Item, fixes};
use super::{deliver, draft, material, panel, plan, research, revise, route, speech};
use crate::domain::accept::apply_revision;
use crate::domain::handoff::{Brief, Contract, Note, Plan};
use crate::domain::research::Research;
use crate::domain::script::Script;
use crate::rehearsal::temper::Temper;

/// The contract behind a schema's title.
fn contract(title: &str) -> Option<Contract> {
    Some(match title {
        "Brief" => Contract::Brief,
        "Plan" => Contract::Plan,
        "Draft" => Contract::Draft,
        "Assessment" => Contract::Judgement,
        "Arbitration" => Contract::Arbitration,
        "Comparison" => Contract::Preference,
        "Review" => Contract::Review,
        "Fixes" => Contract::Fixes,
        "Revision" => Contract::Revision,
        "SpeechText" => Contract::SpeechText,
        "ShowNotes" => Contract::ShowNotes,
        "ArtworkBrief" => Contract::ArtworkBrief,
        "Promotion" => Contract::Promotion,
        "Turn" => Contract::Turn,
        "Selection" => Contract::Selection,
        "Angle" => Contract::Angle,
        "ResearchNotes" => Contract::ResearchNotes,
        "Routing" => Contract::Routing,
        "ResearchAnswer" => Contract::Research,
        _ => return None,
    })
}

/// An author: the same seed, temper and request give the same answer for ever.
#[derive(Clone, Debug, Default)]
pub struct Author {
    /// What all its answers draw on, with the request.
    pub seed: u64,
    /// How its agents behave.
    pub temper: Temper,
}

/// What an author gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The answer, as its contract wants it.
    pub answer: Value,
    /// What is known of the script that was written. It is never sent.
    pub key: Option<Key>,
}

/// What is known of a script that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A draft, and what was planted in it.
    Drafted(Script, Vec<Planted>),
    /// A script, and what a revision made of it.
    Revised(Script, Script),
}

impl Author {
    /// Writes the answer to a contract, named by its schema's title, from the data blocks of the request's user text.
    ///
    /// The model's id tells the judges apart. A block `correction` says that an earlier answer was refused.
    ///
    /// # Errors
    /// [`AuthorError`] where the contract is unknown, or a block that it is written from is missing or cannot be read.
    pub fn write(&self, title: &str, blocks: &BTreeMap<String, String>, model: &str) -> Result<Written, AuthorError> {
        let unknown = || AuthorError::UnknownContract(title.chars().take(60).collect());
        let contract = contract(title).ok_or_else(unknown)?;
        let told = blocks.iter().flat_map(|(name, text)| [name.as_str(), text.as_str()]);
        let mut dice = Dice::new(self.seed, [title, model].into_iter().chain(told).map(str::as_bytes));
        let is_corrected = blocks.contains_key("correction");
        let examiner = || -> Result<Examiner, AuthorError> {
            Ok(Examiner::new(&read_or_default(blocks, "show")?, &read_or_default(blocks, "research")?))
        };
        let mut key = None;
        let answer = match contract {
            Contract::Brief => {
                let (show, research): (Show, Research) = (read(blocks, "show")?, read(blocks, "research")?);
                let statements = material::statements(&research, &show.brand.avoid)?;
                let mut brief = plan::brief(&mut dice, &research, &statements);
                let graph: Vec<route::Shown> = read_or_default(blocks, "graph")?;
                brief.orchestration = route::orchestration(&mut dice, &graph);
                if dice.in_hundred(self.temper.orchestrator_nonsense) && !is_corrected {
                    plan::misname(&mut dice, &mut brief);
                }
                json(&brief)
            }
            Contract::Plan => {
                let (show, research): (Show, Research) = (read(blocks, "show")?, read(blocks, "research")?);
                let brief: Option<Brief> = read_or_default(blocks, "brief")?;
                let statements = material::statements(&research, &show.brand.avoid)?;
                json(&plan::plan(&mut dice, &show, brief.as_ref(), &research, &statements))
            }
            Contract::Draft => {
                let (show, research): (Show, Research) = (read(blocks, "show")?, read(blocks, "research")?);
                let mut planned: Plan = read(blocks, "plan")?;
                let statements = material::statements(&research, &show.brand.avoid)?;
                if planned.segments.is_empty() {
                    planned = plan::plan(&mut dice, &show, None, &research, &statements);
                }
                let topic = material::topic(&research);
                let (draft, planted) = draft::draft(dice, &show, &planned, topic, &statements, &self.temper.draft);
                let answer = json(&draft);
                key = Some(Key::Drafted(draft.script, planted));
                answer
            }
            Contract::Judgement => {
                let judge = Judge { temper: self.temper.judges.of(model), seed: self.seed, model };
                let script: Script = read(blocks, "script")?;
                json(&judge.assess(dice, &examiner()?, &script, &read_or_default(blocks, "rubric")?))
            }
            Contract::Arbitration => {
                let disputes: Vec<Disputed> = read(blocks, "disputes")?;
                let script: Script = read(blocks, "script")?;
                json(&arbitrate(dice, &examiner()?, &disputes, &script, self.temper.arbiter_noise))
            }
            Contract::Preference => json(&compare(&examiner()?, &read(blocks, "first")?, &read(blocks, "second")?)),
            Contract::Review => {
                let script: Script = read(blocks, "script")?;
                // Only a red team is shown what a revision was to do.
                let order: Option<Note> = read_or_default(blocks, "fixes")?;
                let found = review(dice, &examiner()?, &script);
                json(&match order {
                    Some(order) => route::attack(self.seed, found, &script, &order),
                    None => found,
                })
            }
            Contract::Fixes => {
                let items: Vec<Item> = read(blocks, "findings")?;
                json(&fixes(&items))
            }
            Contract::Revision => {
                let (script, note): (Script, Note) = (read(blocks, "script")?, read(blocks, "fixes")?);
                let revision = revise::revise(dice, &examiner()?, &script, &note, self.temper.polisher, is_corrected);
                let next = apply_revision(&script, &revision);
                key = Some(Key::Revised(script, next));
                json(&revision)
            }
            Contract::SpeechText => json(&speech::speech_text(&read(blocks, "script")?)),
            Contract::ShowNotes => {
                let show: Show = read_or_default(blocks, "show")?;
                json(&deliver::notes(dice, &show, &read(blocks, "research")?, &read(blocks, "script")?))
            }
            Contract::ArtworkBrief => json(&deliver::artwork(dice, &read(blocks, "script")?)),
            Contract::Promotion => {
                let show: Show = read_or_default(blocks, "show")?;
                json(&deliver::promotion(dice, &show, &read(blocks, "script")?))
            }
            Contract::Research => {
                let topic = blocks.get("topic").ok_or(AuthorError::Missing("topic"))?;
                json(&research::answer(&mut dice, topic))
            }
            Contract::Turn => json(&panel::turn(self.seed, dice, blocks)?),
            Contract::Selection => json(&panel::selection(self.seed, blocks)?),
            Contract::Angle => json(&panel::angle(dice, blocks)?),
            Contract::ResearchNotes => json(&panel::notes(dice, blocks)?),
            Contract::Routing => {
                json(&route::routing(self.seed, &read(blocks, "fixes")?, &read::<Vec<String>>(blocks, "ways")?))
            }
            // Code makes these; no schema has their title.
            Contract::Speech
            | Contract::Report
            | Contract::Package
            | Contract::Canaries
            | Contract::CanaryReport
            | Contract::Calibration => Err(unknown()),
        };
        Ok(Written { answer: answer?, key })
    }
}

fn json(answer: &impl Serialize) -> Result<Value, AuthorError> {
    serde_json::to_value(answer).map_err(|error| AuthorError::Unreadable { name: "the answer", why: error.to_string() })
}
