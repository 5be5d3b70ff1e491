//! Judges at a gate: every check that applies to what is there runs, and what they say together is the verdict.
//!
//! A failed check is never outvoted, a mean opens nothing, and what the judges disagree about goes to a person. Not for
//! what follows from a verdict (send back, ask): that is decided above. Whether a number in a line is right is a
//! judge's matter and is not looked at here.

mod computed;
mod consensus;
mod judges;
mod outcome;
mod report;
mod research;
mod review;
mod rubric;
mod script;
mod speech;

use std::collections::BTreeSet;

use super::checks::Guardrails;
use super::event::Verdict;
use super::handoff::{
    Arbitration, FaultKind, Finding, Fix, Fixes, Judgement, Note, Plan, Preference, Review, SpeechText,
};
use super::ids::{LineId, StageId};
use super::pipeline::Human;
use super::research::{Research, ResearchReport};
use super::script::Script;

pub use self::consensus::{Cause, Consensus, HalfPoints, Outcome, RULE, consensus, weigh};
pub use self::judges::{LETTERS, found, listed};
pub use self::outcome::{Closed, FixOutcome, LineChange, NoteOutcome, outcome};
pub use self::report::{Advised, Check, DimensionRow, Dispute, Given, Listed, Mean, OpenItem, Report, Tally, View};
pub use self::rubric::{DimensionRule, Rubric, Sitting};
pub use self::speech::{SpeechManifest, SpeechSegment};

/// The most reasons that a judgement gives, as the event allows.
const MOST_REASONS: usize = 12;
/// The most bytes of one reason: all of them together stay well within an event.
const REASON_BYTES: usize = 220;

/// What a gate judges: the inputs of its stage, each where the pipeline gives it, and the rules.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The research package.
    pub research: Option<Research>,
    /// The plan.
    pub plan: Option<Plan>,
    /// The script.
    pub script: Option<Script>,
    /// The judges' reports on that script, each with the stage that made it.
    pub judgements: Vec<(StageId, Judgement)>,
    /// The rubric that they judged by.
    pub rubric: Rubric,
    /// The arbiter's advice on what they dispute.
    pub arbitration: Option<Arbitration>,
    /// Whether the script is better than the revision before it.
    pub preference: Option<Preference>,
    /// What the final reviewer says.
    pub review: Option<Review>,
    /// What the computed checks found.
    pub computed: Vec<Finding>,
    /// Faults that stood in the two rounds before this one.
    pub survived: BTreeSet<(LineId, FaultKind)>,
    /// What is to be known of the judges, such as that one is of the writer's family.
    pub notes: Vec<String>,
    /// Whether the arbiter is of a judge's family or of the writer's: its advice is shown and settles nothing.
    pub is_arbiter_kin: bool,
    /// The fixes made from them.
    pub fixes: Option<Fixes>,
    /// The text that the voices say.
    pub speech_text: Option<SpeechText>,
    /// The recorded speech.
    pub speech: Option<SpeechManifest>,
    /// The length that the show wants, in milliseconds: from and to.
    pub target_ms: (u64, u64),
    /// The rate of speech that a script's length is projected with.
    pub words_per_minute: u32,
    /// The speakers of the show.
    pub speakers: Vec<String>,
    /// What code checks of the show's rules.
    pub guardrails: Guardrails,
    /// The words that the model says it wrote.
    pub claimed_words: Option<u64>,
    /// What is known of the research, at a gate that asks whether it is accepted.
    pub research_report: Option<ResearchReport>,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How it judged.
    pub verdict: Verdict,
    /// Why, in words for people; at most twelve, each of at most 220 bytes.
    pub reasons: Vec<String>,
    /// What would mend everything that failed, where changes of lines can.
    pub remedy: Option<Note>,
    /// Whether the revision was called worse than the one before it, which then takes its place again.
    pub is_worse: bool,
    /// The whole report.
    pub report: Report,
}

/// Runs every check that applies to the material.
///
/// Without a script, a judgement or speech nothing applies, and a gate that checked nothing is passed: the pipeline
/// says what is judged where, and a person's signature is asked for above.
pub fn judge(material: &Material, human: Human) -> Judged {
    let mut bench = Bench::default();
    research::check(material, &mut bench);
    script::check(material, &mut bench);
    computed::check(material, &mut bench);
    judges::check(material, &mut bench);
    review::check(material, &mut bench);
    speech::check(material, &mut bench);
    bench.verdict(human)
}

/// Where the checks put what they found.
#[derive(Debug, Default)]
struct Bench {
    report: Report,
    reasons: Vec<String>,
    fixes: Vec<Fix>,
    has_failed: bool,
    is_beyond_mending: bool,
    is_worse: bool,
}

impl Bench {
    fn passed(&mut self, name: &str, detail: String) {
        self.report.checks.push(Check { name: name.to_owned(), passed: true, detail });
    }

    /// A failed check, with its reasons and the fixes that mend all of it; no fix where changes of lines cannot.
    fn failed(&mut self, name: &str, reasons: Vec<String>, fixes: Vec<Fix>) {
        self.report.checks.push(Check { name: name.to_owned(), passed: false, detail: reasons.join("; ") });
        self.has_failed = true;
        self.is_beyond_mending |= fixes.is_empty();
        self.mend(fixes);
        self.reasons.extend(reasons);
    }

    fn mend(&mut self, fixes: Vec<Fix>) {
        for fix in fixes {
            if !self.fixes.contains(&fix) {
                self.fixes.push(fix);
            }
        }
    }

    /// A question that a person must answer, with the fixes that would settle it without one.
    fn asks(&mut self, item: OpenItem, reason: String, fixes: Vec<Fix>) {
        self.report.open.push(item);
        self.reasons.push(reason);
        self.is_beyond_mending |= fixes.is_empty();
        self.mend(fixes);
    }

    fn verdict(mut self, human: Human) -> Judged {
        let is_open = !self.report.open.is_empty();
        let verdict = match human {
            _ if self.has_failed => Verdict::Failed,
            Human::OnDispute | Human::Always if is_open => Verdict::Person,
            // With nobody to ask, one judge's objection stands.
            Human::Never if is_open => Verdict::Failed,
            Human::OnDispute | Human::Always | Human::Never => Verdict::Passed,
        };
        self.report.sentence = self.sentence(verdict);
        let has_remedy = verdict == Verdict::Failed && !self.is_beyond_mending && !self.fixes.is_empty();
        let remedy = has_remedy.then(|| Note { fixes: self.fixes, text: String::new() });
        Judged { verdict, reasons: told(&self.reasons), remedy, is_worse: self.is_worse, report: self.report }
    }

    /// Why the gate judged as it did, in one sentence with its evidence.
    fn sentence(&self, verdict: Verdict) -> String {
        let first = self.reasons.first().map(String::as_str).unwrap_or_default();
        let more = match self.reasons.len() {
            0 | 1 => String::new(),
            all => format!(" (and {} more)", all - 1),
        };
        let rule = if self.report.rule.is_empty() { String::new() } else { format!(" under {}", self.report.rule) };
        match verdict {
            Verdict::Passed => {
                let names: BTreeSet<&str> = self.report.checks.iter().map(|check| check.name.as_str()).collect();
                let names: Vec<&str> = names.into_iter().collect();
                format!(
                    "Passed{rule}: {} hold.",
                    if names.is_empty() { "no checks applied and all".into() } else { names.join(", ") }
                )
            }
            Verdict::Failed => format!("Failed{rule}: {first}{more}."),
            Verdict::Person => format!("You decide{rule}: {first}{more}."),
        }
    }
}

/// The reasons as an event keeps them: few, short and without control characters.
fn told(reasons: &[String]) -> Vec<String> {
    let cut = |reason: &String| {
        let clean: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if clean.len() <= REASON_BYTES {
            return clean;
        }
        let end = (0..=REASON_BYTES - '…'.len_utf8()).rev().find(|at| clean.is_char_boundary(*at)).unwrap_or(0);
        format!("{}…", clean.get(..end).unwrap_or_default())
    };
    if reasons.len() <= MOST_REASONS {
        return reasons.iter().map(cut).collect();
    }
    let mut told: Vec<String> = reasons.iter().take(MOST_REASONS - 1).map(cut).collect();
    told.push(format!("and {} more, in the report", reasons.len() - told.len()));
    told
}

#[cfg(test)]
mod tests;
