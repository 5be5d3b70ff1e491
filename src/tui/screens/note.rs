//! The note that goes back from a gate: the synthesiser's fixes, each edited or struck, and words of the person's own.
//!
//! It is kept as a draft: one JSON text, bound to the content that it was written at.

use serde::{Deserialize, Serialize};

use crate::domain::handoff::{Finding, Fix, Note, Priority};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};

/// Where a fix comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The list of the feedback synthesiser.
    Fixes,
    /// That list, where a stage between it and this gate has worked it in already.
    Applied,
    /// A finding of a judge that the list does not cover.
    Finding,
}

/// A fix as the person left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NoteFix {
    pub(crate) fix: Fix,
    pub(crate) struck: bool,
    pub(crate) edited: bool,
    pub(crate) origin: Origin,
}

/// The note while it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NoteDraft {
    pub(crate) fixes: Vec<NoteFix>,
    pub(crate) text: String,
}

/// The draft as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    v: u32,
    hash: ContentHash,
    fixes: Vec<NoteFix>,
    text: String,
}

/// The name that the draft of a gate's note is kept under.
pub(crate) fn draft_name(episode: EpisodeNumber, gate: &StageId) -> String {
    format!("note-{episode}-{gate}")
}

impl NoteDraft {
    /// The note to begin with: the fixes, struck where they were worked in before this gate, and then what the judges of
    /// this very content found beyond them, each by its judge's letter.
    pub(crate) fn seed(fixes: &[Fix], applied: bool, findings: &[(char, Finding)]) -> Self {
        let origin = if applied { Origin::Applied } else { Origin::Fixes };
        let listed = fixes.iter().map(|fix| NoteFix { fix: fix.clone(), struck: applied, edited: false, origin });
        let is_covered = |letter: char, finding: &Finding| {
            let reference = format!("{}:{}", letter.to_ascii_lowercase(), finding.id);
            !applied && fixes.iter().any(|fix| fix.findings.contains(&reference))
        };
        let beyond =
            findings.iter().filter(|(letter, finding)| !is_covered(*letter, finding)).map(|(letter, finding)| {
                let instruction =
                    if finding.suggestion.trim().is_empty() { &finding.problem } else { &finding.suggestion };
                NoteFix {
                    fix: Fix {
                        id: format!("{letter}{}", finding.id),
                        from: finding.line,
                        to: finding.line,
                        priority: Priority::from(finding.severity),
                        wrong: finding.problem.clone(),
                        wanted: instruction.clone(),
                        keep: String::new(),
                        findings: vec![format!("{}:{}", letter.to_ascii_lowercase(), finding.id)],
                    },
                    struck: false,
                    edited: false,
                    origin: Origin::Finding,
                }
            });
        Self { fixes: listed.chain(beyond).collect(), text: String::new() }
    }

    /// The draft as it is kept.
    pub(crate) fn kept(&self, hash: ContentHash) -> Option<String> {
        let kept = Kept { v: 1, hash, fixes: self.fixes.clone(), text: self.text.clone() };
        serde_json::to_string(&kept).ok()
    }

    /// A note from a kept draft: whole where it was written at this content, only the person's own words where it was not.
    pub(crate) fn restored(self, text: &str, hash: ContentHash) -> Self {
        match serde_json::from_str::<Kept>(text) {
            Ok(kept) if kept.v == 1 && kept.hash == hash => Self { fixes: kept.fixes, text: kept.text },
            Ok(kept) if kept.v == 1 => Self { text: kept.text, ..self },
            Ok(_) | Err(_) => self,
        }
    }

    /// The note that is sent: without what was struck, and without fixes that say nothing.
    pub(crate) fn note(&self) -> Note {
        let stands = |fix: &&NoteFix| !fix.struck && !fix.fix.wanted.trim().is_empty();
        Note {
            fixes: self.fixes.iter().filter(stands).map(|fix| fix.fix.clone()).collect(),
            text: self.text.trim().to_owned(),
        }
    }

    /// Whether nothing would be sent.
    pub(crate) fn is_empty(&self) -> bool {
        let note = self.note();
        note.fixes.is_empty() && note.text.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::handoff::{Dimension, Severity};
    use crate::domain::ids::LineId;

    fn fix(id: &str, findings: &[&str]) -> Fix {
        Fix {
            id: id.into(),
            from: LineId(1),
            to: LineId(2),
            priority: Priority::Should,
            wrong: "w".into(),
            wanted: format!("do {id}"),
            keep: String::new(),
            findings: findings.iter().map(|f| (*f).to_owned()).collect(),
        }
    }

    fn finding(id: &str) -> Finding {
        Finding {
            id: id.into(),
            dimension: Dimension::Accuracy,
            kind: crate::domain::handoff::FaultKind::Other,
            severity: Severity::Minor,
            line: LineId(7),
            quote: "q".into(),
            sources: vec![],
            problem: "p".into(),
            suggestion: format!("mend {id}"),
        }
    }

    #[test]
    fn a_finding_that_a_fix_covers_is_not_listed_twice() {
        let note = NoteDraft::seed(&[fix("N1", &["a:F1"])], false, &[('A', finding("F1")), ('B', finding("F1"))]);
        let ids: Vec<&str> = note.fixes.iter().map(|fix| fix.fix.id.as_str()).collect();
        assert_eq!(ids, ["N1", "BF1"]);
        assert_eq!(note.note().fixes.len(), 2);
    }

    #[test]
    fn what_was_worked_in_is_struck_and_can_be_taken_back_in() {
        let mut note = NoteDraft::seed(&[fix("N1", &[])], true, &[]);
        assert!(note.is_empty());
        note.fixes[0].struck = false;
        assert_eq!(note.note().fixes, [fix("N1", &[])]);
    }

    #[test]
    fn a_draft_comes_back_as_it_was_and_only_its_words_at_other_content() {
        let hash = ContentHash::of(b"one");
        let mut note = NoteDraft::seed(&[fix("N1", &[])], false, &[]);
        note.fixes[0].struck = true;
        note.text = "mind the end".into();
        let kept = note.kept(hash).unwrap();
        assert_eq!(NoteDraft::default().restored(&kept, hash), note);
        let other = NoteDraft::seed(&[fix("N9", &[])], false, &[]).restored(&kept, ContentHash::of(b"two"));
        assert_eq!((other.fixes[0].fix.id.as_str(), other.text.as_str()), ("N9", "mind the end"));
        assert_eq!(NoteDraft::default().restored("no JSON", hash), NoteDraft::default());
    }
}
