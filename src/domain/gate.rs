//! Judges at a gate: every check that applies to what is there runs, and what they say together is the verdict.
//!
//! A failed check is never outvoted, a mean opens nothing, and what the judges disagree about goes to a person. Not for
//! what follows from a verdict (send back, ask): that is decided above. Whether a number in a line is right is a
//! judge's matter and is not looked at here.

mod consensus;
mod report;
mod script;
mod speech;

use super::event::Verdict;
use super::handoff::{Fix, Fixes, Judgement, Note, Plan, SpeechText};
use super::ids::StageId;
use super::pipeline::Human;
use super::research::Research;
use super::script::Script;

pub use self::report::{Check, Dispute, JudgeScores, Mean, Report, Tally, View};
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
    /// The whole report.
    pub report: Report,
}

/// Runs every check that applies to the material.
///
/// Without a script, a judgement or speech nothing applies, and a gate that checked nothing is passed: the pipeline
/// says what is judged where, and a person's signature is asked for above.
pub fn judge(material: &Material, human: Human) -> Judged {
    let mut bench = Bench::default();
    script::check(material, &mut bench);
    consensus::check(material, &mut bench);
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

    /// Something that the judges see differently, with the fixes that would settle it without a person.
    fn disputed(&mut self, dispute: Dispute, reason: String, fixes: Vec<Fix>) {
        self.report.disputes.push(dispute);
        self.reasons.push(reason);
        self.is_beyond_mending |= fixes.is_empty();
        self.mend(fixes);
    }

    fn verdict(self, human: Human) -> Judged {
        let is_disputed = !self.report.disputes.is_empty();
        let verdict = match human {
            _ if self.has_failed => Verdict::Failed,
            Human::OnDispute | Human::Always if is_disputed => Verdict::Person,
            // With nobody to ask, one judge's objection stands.
            Human::Never if is_disputed => Verdict::Failed,
            Human::OnDispute | Human::Always | Human::Never => Verdict::Passed,
        };
        let has_remedy = verdict == Verdict::Failed && !self.is_beyond_mending && !self.fixes.is_empty();
        let remedy = has_remedy.then(|| Note { fixes: self.fixes, text: String::new() });
        Judged { verdict, reasons: told(&self.reasons), remedy, report: self.report }
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
