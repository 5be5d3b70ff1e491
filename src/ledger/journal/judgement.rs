//! Whether the end of a journal was cut by a power loss or has gone missing: the one place where that is judged.
//!
//! A power loss takes only what nobody was told of. So what follows the last sound batch may be cut off where no witness
//! says that it was acknowledged and a torn write explains how it looks; everything else is a loss, and nothing is written.

use std::fmt;

use jiff::Timestamp;

use super::Checkpoint;
use super::head::{self, Head, Sums};
use super::line::LineFault;
use super::scan::{Rest, Stop};

/// Who knows how far the journal went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The head file beside it.
    Head,
    /// The checkpoint of the folded state.
    State,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => write!(f, "the file `{}`", head::FILE),
            Self::State => f.write_str("the folded state"),
        }
    }
}

/// How far the journal was acknowledged, as one witness knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who knows it.
    pub by: Witness,
    /// The end of the journal then.
    pub place: Checkpoint,
    /// When the last event was, where that is known.
    pub at: Option<Timestamp>,
    /// What the events came to, where that is known.
    pub sums: Option<Sums>,
}

impl Known {
    /// A witness that knows of no event.
    pub(super) fn nothing(by: Witness) -> Self {
        Self { by, place: Checkpoint::START, at: None, sums: None }
    }
}

impl From<Head> for Known {
    fn from(Head { place, at, sums }: Head) -> Self {
        Self { by: Witness::Head, place, at, sums }
    }
}

/// Events that were acknowledged and that the journal does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The number of the last event that it holds.
    pub held: u64,
    /// When that was, where it was read.
    pub held_at: Option<Timestamp>,
    /// The witness that knows most.
    pub known: Known,
    /// What stands in place of the first missing event, where something does: its line and what is wrong with it.
    pub damage: Option<(u64, LineFault)>,
}

impl Loss {
    /// Whether the journal is another one than the witness saw: it reaches as far, and says something else there.
    pub fn is_other_journal(&self) -> bool {
        self.known.place.seq <= self.held
    }

    /// How many events are missing; nothing where that cannot be told.
    pub fn missing(&self) -> Option<u64> {
        self.known.place.seq.checked_sub(self.held).filter(|missing| *missing > 0)
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { by, place, at, .. } = &self.known;
        if self.is_other_journal() {
            return write!(
                f,
                "the journal is not the one that was written here: {by} knows another event {}. The journal or {by} was \
                 replaced or changed by something else than this program",
                place.seq
            );
        }
        let mut missing = "missing from the journal";
        if let Some((line, fault)) = &self.damage {
            write!(f, "line {line} of the journal is broken: {fault}. From there on ")?;
            missing = "lost or cannot be read";
        }
        let first = self.held.saturating_add(1);
        match place.seq.saturating_sub(self.held) {
            1 => write!(f, "event {first} was recorded and is {missing}")?,
            many => write!(f, "{many} events, {first} to {}, were recorded and are {missing}", place.seq)?,
        }
        write!(f, ", as {by} shows")?;
        match (self.held_at, at) {
            (Some(from), Some(to)) => write!(f, " (from after {from:.0} to {to:.0})")?,
            (Some(from), None) => write!(f, " (from after {from:.0})")?,
            (None, Some(to)) => write!(f, " (up to {to:.0})")?,
            (None, None) => {}
        }
        match (&self.damage, self.held) {
            (Some(_), _) => Ok(()),
            (None, 0) => f.write_str(". The journal is empty"),
            (None, held) => write!(f, ". The journal ends after event {held}"),
        }
    }
}

/// Why nothing may be written to a journal. What lies before the line can still be read and exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// A line is damaged or stands in the wrong place, and no power loss explains it.
    Broken {
        /// The number of the line in the file.
        line: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// Events that were acknowledged are missing.
    Lost(Box<Loss>),
    /// A line was written by a newer version of this program.
    Newer {
        /// The number of the line in the file.
        line: u64,
        /// Its record version.
        version: u32,
    },
}

impl fmt::Display for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { line, fault } => write!(
                f,
                "line {line} of the journal is broken: {fault}. Everything before its batch can be read and exported"
            ),
            Self::Lost(loss) => write!(f, "{loss}. What the journal holds can be read and exported"),
            Self::Newer { line, version } => write!(
                f,
                "line {line} of the journal was written by a newer version of this program (record version {version}). \
                 Everything before it can be read; use the newer version to go on"
            ),
        }
    }
}

/// What is done about the end of a journal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It ends with a whole batch, and no witness knows more.
    Sound,
    /// What follows was never acknowledged and is cut off.
    Cut,
    /// Nothing may be written.
    ReadOnly(ReadOnly),
}

/// What the file itself shows.
#[derive(Debug)]
pub(super) struct Shown {
    /// The end of its last sound batch.
    pub(super) good: Checkpoint,
    /// When the last event of that was, where it was read.
    pub(super) good_at: Option<Timestamp>,
    /// What stands behind it.
    pub(super) stop: Option<(Stop, Rest)>,
}

/// Judges the end of a journal by what it shows and by what the witnesses know. `holds` says whether a place is one of the
/// journal.
pub(super) fn judge(shown: &Shown, witnesses: &[Known], holds: &dyn Fn(Checkpoint) -> bool) -> Verdict {
    let newer = shown.stop.as_ref().and_then(|(stop, _)| match stop.fault {
        LineFault::Newer(version) => Some(ReadOnly::Newer { line: stop.line, version }),
        _ => None,
    });
    if let Some(newer) = newer {
        return Verdict::ReadOnly(newer);
    }
    let contradicts = |known: &&Known| known.place.seq > shown.good.seq || !holds(known.place);
    if let Some(known) = witnesses.iter().filter(contradicts).max_by_key(|known| known.place.seq) {
        let damage = shown.stop.as_ref().map(|(stop, _)| (stop.line, stop.fault.clone()));
        let loss = Loss { held: shown.good.seq, held_at: shown.good_at, known: *known, damage };
        return Verdict::ReadOnly(ReadOnly::Lost(Box::new(loss)));
    }
    match &shown.stop {
        None => Verdict::Sound,
        Some((stop, rest)) if !rest.later && stop.fault.may_be_torn() && rest.looks_torn() => Verdict::Cut,
        Some((stop, _)) => Verdict::ReadOnly(ReadOnly::Broken { line: stop.line, fault: stop.fault.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::chain::LineHash;

    fn place(seq: u64) -> Checkpoint {
        Checkpoint { seq, offset: seq * 100, hash: LineHash::of(&seq.to_be_bytes()) }
    }

    fn known(by: Witness, seq: u64) -> Known {
        Known { by, place: place(seq), at: Some("2026-11-30T14:09:00Z".parse().unwrap()), sums: None }
    }

    fn shown(good: u64, rest: Option<(LineFault, Rest)>) -> Shown {
        let stop = rest.map(|(fault, rest)| (Stop { line: good + 1, fault }, rest));
        Shown { good: place(good), good_at: Some("2026-11-30T14:02:00Z".parse().unwrap()), stop }
    }

    fn rest(later: bool, torn: bool) -> Rest {
        Rest { bytes: 40, lines: 1, later, is_open: torn, has_zeros: false }
    }

    #[test]
    fn only_what_nobody_was_told_of_and_what_a_power_loss_explains_is_cut() {
        let (all, none) = (|_| true, |_| false);
        assert_eq!(judge(&shown(5, None), &[], &all), Verdict::Sound);
        assert_eq!(judge(&shown(5, None), &[known(Witness::Head, 4)], &all), Verdict::Sound);
        let torn = || shown(5, Some((LineFault::WrongHash, rest(false, true))));
        assert_eq!(judge(&torn(), &[known(Witness::Head, 5)], &all), Verdict::Cut);
        for read_only in [
            judge(&torn(), &[known(Witness::State, 6)], &all),
            judge(&shown(5, None), &[known(Witness::Head, 6)], &all),
            judge(&shown(5, None), &[known(Witness::Head, 4)], &none),
        ] {
            assert!(matches!(read_only, Verdict::ReadOnly(ReadOnly::Lost(_))), "{read_only:?}");
        }
        for rest in [rest(true, true), rest(false, false)] {
            let read_only = judge(&shown(5, Some((LineFault::WrongHash, rest))), &[], &all);
            assert!(matches!(read_only, Verdict::ReadOnly(ReadOnly::Broken { line: 6, .. })), "{read_only:?}");
        }
    }

    #[test]
    fn a_loss_is_told_by_number_time_and_witness() {
        let text = |shown: &Shown, known: &[Known]| match judge(shown, known, &|_| true) {
            Verdict::ReadOnly(why) => why.to_string(),
            other => panic!("{other:?}"),
        };
        let both = [known(Witness::State, 9), known(Witness::Head, 12)];
        assert_eq!(
            text(&shown(5, None), &both),
            "7 events, 6 to 12, were recorded and are missing from the journal, as the file `head` shows (from after \
             2026-11-30T14:02:00Z to 2026-11-30T14:09:00Z). The journal ends after event 5. What the journal holds can be \
             read and exported"
        );
        let damaged = shown(5, Some((LineFault::WrongHash, rest(false, false))));
        let text = text(&damaged, &[known(Witness::State, 6)]);
        let wanted = "line 6 of the journal is broken: its bytes do not have the hash that it names. From there on event 6 was \
                      recorded and is lost or cannot be read, as the folded state shows";
        assert!(text.starts_with(wanted), "{text}");
    }
}
