//! The note that goes back from a gate: the synthesiser's fixes, each edited or struck, and words of the person's own.
//!
//! It is kept as a draft: one JSON text, bound to the content that it was written at.

use serde::{Deserialize, Serialize};

use crate::domain::event::{ItemRuling, Ruled};
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
    /// A ruling of the person.
    Ruling,
}

/// A fix as the person left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NoteFix {
    pub(crate) fix: Fix,
    pub(crate) struck: bool,
    pub(crate) edited: bool,
    pub(crate) origin: Origin,
}

/// A ruling that was made and not sent yet, with what it did to the note, so that it can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DraftRuling {
    pub(crate) ruled: Ruled,
    /// The findings behind what was ruled.
    behind: Vec<String>,
    /// Fixes that it struck or took back in, as they were.
    changed: Vec<(String, bool)>,
    /// The fix that it added.
    added: Option<String>,
}

/// The note while it is written, and the rulings that go with the decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NoteDraft {
    pub(crate) fixes: Vec<NoteFix>,
    pub(crate) text: String,
    pub(crate) rulings: Vec<DraftRuling>,
}

/// The version of a kept draft.
const VERSION: u32 = 2;

/// The draft as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    v: u32,
    hash: ContentHash,
    fixes: Vec<NoteFix>,
    text: String,
    rulings: Vec<DraftRuling>,
}

/// What is taken over from a draft of any version.
#[derive(Debug, Deserialize)]
struct Words {
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
        Self { fixes: listed.chain(beyond).collect(), text: String::new(), rulings: Vec::new() }
    }

    /// The draft as it is kept.
    pub(crate) fn kept(&self, hash: ContentHash) -> Option<String> {
        let Self { fixes, text, rulings } = self.clone();
        serde_json::to_string(&Kept { v: VERSION, hash, fixes, text, rulings }).ok()
    }

    /// A note from a kept draft: whole where it was written at this content, only the person's own words where it was not, or
    /// where another version wrote it.
    pub(crate) fn restored(self, text: &str, hash: ContentHash) -> Self {
        match serde_json::from_str::<Kept>(text) {
            Ok(Kept { v: VERSION, hash: at, fixes, text, rulings }) if at == hash => Self { fixes, text, rulings },
            Ok(_) | Err(_) => match serde_json::from_str::<Words>(text) {
                Ok(Words { text }) => Self { text, ..self },
                Err(_) => self,
            },
        }
    }

    /// How an item was ruled.
    pub(crate) fn ruling(&self, item: &str) -> Option<&Ruled> {
        self.rulings.iter().map(|ruling| &ruling.ruled).find(|ruled| ruled.item == item)
    }

    /// The rulings as they go with a decision, those of items that are open there.
    pub(crate) fn ruled(&self, open: &[String]) -> Vec<Ruled> {
        let rulings = self.rulings.iter().map(|ruling| ruling.ruled.clone());
        rulings.filter(|ruled| open.contains(&ruled.item)).collect()
    }

    /// Whether a fix that stands carries this finding.
    pub(crate) fn carries(&self, reference: &str) -> bool {
        self.fixes.iter().any(|fix| !fix.struck && fix.fix.findings.iter().any(|item| item == reference))
    }

    /// The place of the fix that carries one of these findings, a standing one before a struck one.
    pub(crate) fn covering(&self, references: &[String]) -> Option<usize> {
        let covers = |fix: &NoteFix| fix.fix.findings.iter().any(|item| references.contains(item));
        let standing = self.fixes.iter().position(|fix| !fix.struck && covers(fix));
        standing.or_else(|| self.fixes.iter().position(covers))
    }

    /// Rules an item. What is to be fixed has its fix in the note, a new one where none carries its findings; fixes that are
    /// for nothing else than what is let be are struck.
    pub(crate) fn rule(&mut self, ruled: Ruled, references: &[String], new: Option<Fix>) {
        self.undo_ruling(&ruled.item.clone());
        let behind = references.to_vec();
        let mut ruling = DraftRuling { ruled, behind, changed: Vec::new(), added: None };
        match ruling.ruled.ruling {
            ItemRuling::Fix => match (self.covering(references), new) {
                (Some(at), _) => {
                    if let Some(fix) = self.fixes.get_mut(at).filter(|fix| fix.struck) {
                        ruling.changed.push((fix.fix.id.clone(), true));
                        fix.struck = false;
                    }
                }
                (None, Some(fix)) => {
                    ruling.added = Some(fix.id.clone());
                    self.fixes.insert(0, NoteFix { fix, struck: false, edited: false, origin: Origin::Ruling });
                }
                (None, None) => {}
            },
            ItemRuling::Waive | ItemRuling::NotAFault => {
                let to_fix = self.rulings.iter().filter(|other| other.ruled.ruling == ItemRuling::Fix);
                let wanted: Vec<String> = to_fix.flat_map(|other| other.behind.iter().cloned()).collect();
                let is_for_this = |fix: &&mut NoteFix| {
                    let items = &fix.fix.findings;
                    let is_let_be = |item: &String| references.contains(item) && !wanted.contains(item);
                    !fix.struck && !items.is_empty() && items.iter().all(is_let_be)
                };
                for fix in self.fixes.iter_mut().filter(is_for_this) {
                    ruling.changed.push((fix.fix.id.clone(), false));
                    fix.struck = true;
                }
            }
        }
        self.rulings.push(ruling);
    }

    /// Takes the last ruling back, with what it did to the note.
    pub(crate) fn take_back(&mut self) -> Option<Ruled> {
        let item = self.rulings.last()?.ruled.item.clone();
        self.undo_ruling(&item)
    }

    fn undo_ruling(&mut self, item: &str) -> Option<Ruled> {
        let at = self.rulings.iter().position(|ruling| ruling.ruled.item == item)?;
        let DraftRuling { ruled, changed, added, .. } = self.rulings.remove(at);
        for (id, struck) in changed {
            for fix in self.fixes.iter_mut().filter(|fix| fix.fix.id == id) {
                fix.struck = struck;
            }
        }
        self.fixes.retain(|fix| fix.origin != Origin::Ruling || Some(&fix.fix.id) != added.as_ref());
        Some(ruled)
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
        let older = r#"{"v": 1, "fixes": [{"of": "another form"}], "text": "but my words"}"#;
        assert_eq!(NoteDraft::default().restored(older, hash).text, "but my words");
    }

    fn ruled(item: &str, ruling: ItemRuling) -> Ruled {
        Ruled { item: item.into(), ruling, reason: "why".into() }
    }

    #[test]
    fn a_ruling_changes_the_note_and_taking_it_back_changes_it_back() {
        let references = ["b:F1".to_owned()];
        let both = fix("N2", &["b:F1", "a:F4"]);
        let fresh = || NoteDraft::seed(&[fix("N1", &["b:F1"]), both.clone()], false, &[]);
        let struck = |note: &NoteDraft| note.fixes.iter().map(|fix| fix.struck).collect::<Vec<_>>();
        let mut note = fresh();
        note.rule(ruled("D1", ItemRuling::Waive), &references, None);
        assert_eq!(struck(&note), [true, false], "a fix that is for something else too stands");
        assert_eq!(note.take_back().unwrap().item, "D1");
        assert_eq!((note.clone(), note.take_back()), (fresh(), None));
        // Another ruling of the same item takes the place of the first.
        note.rule(ruled("D1", ItemRuling::NotAFault), &references, None);
        note.rule(ruled("D1", ItemRuling::Fix), &references, Some(fix("D1", &[])));
        assert_eq!((struck(&note), note.rulings.len()), (vec![false, false], 1));
        // What one ruling wants mended is not struck by another.
        note.rule(ruled("D3", ItemRuling::Waive), &references, None);
        assert_eq!(struck(&note), [false, false]);
        note.take_back();
        // Without a fix that carries it, one is added, and taken away again.
        note.rule(ruled("D2", ItemRuling::Fix), &["b:F9".to_owned()], Some(fix("D2", &["b:F9"])));
        assert!(note.carries("b:F9"));
        assert_eq!(note.ruled(&["D2".to_owned()]).len(), 1, "only what is open there is sent");
        let kept = note.kept(ContentHash::of(b"one")).unwrap();
        assert_eq!(NoteDraft::default().restored(&kept, ContentHash::of(b"one")), note);
        note.take_back();
        assert_eq!(note.fixes.len(), 2);
    }
}
