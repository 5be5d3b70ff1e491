//! The rows of the state and their keys, laid out so that a scan of one month or one episode reads only that.
//!
//! Not for what the rows hold: that is the business of whoever folds.

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::domain::ids::EpisodeNumber;

/// A month of the UTC calendar, as caps and reports count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that this instant lies in.
    pub fn of(at: Timestamp) -> Self {
        let date = Offset::UTC.to_datetime(at).date();
        Self { year: date.year(), month: date.month() }
    }
}

/// One row of the cost index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostRow {
    /// What orders the rows of a month or an episode and tells them apart, such as the number of the journal's line that
    /// a row comes from. A row of the same month or episode and number is replaced.
    pub seq: u64,
    /// The month that it counts in.
    pub month: Month,
    /// The episode that it counts for, if one.
    pub episode: Option<EpisodeNumber>,
    /// The row, opaque here; to be kept small.
    pub row: Vec<u8>,
}

/// Which rows of the cost index are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostScope {
    /// Those of one month.
    Month(Month),
    /// Those of one episode.
    Episode(EpisodeNumber),
    /// All of them.
    All,
}

const EPISODE: u8 = b'e';
const COST_BY_MONTH: u8 = b'm';
const COST_BY_EPISODE: u8 = b'c';

/// The key of a row. Its bytes order as its fields do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Episode(EpisodeNumber),
    CostByMonth(Month, u64),
    CostByEpisode(EpisodeNumber, u64),
}

impl Key {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let (mut bytes, seq) = match self {
            Self::Episode(number) => (episode_prefix(EPISODE, *number), None),
            Self::CostByMonth(month, seq) => (month_prefix(*month), Some(seq)),
            Self::CostByEpisode(number, seq) => (episode_prefix(COST_BY_EPISODE, *number), Some(seq)),
        };
        if let Some(seq) = seq {
            bytes.extend_from_slice(&seq.to_be_bytes());
        }
        bytes
    }

    /// The number of an episode, read from the key of its row.
    pub(super) fn episode_of(bytes: &[u8]) -> Option<EpisodeNumber> {
        let number = bytes.strip_prefix(&[EPISODE])?.try_into().ok()?;
        Some(EpisodeNumber(u32::from_be_bytes(number)))
    }

    /// The number of the line, read from the key of a cost row.
    pub(super) fn seq_of(bytes: &[u8]) -> Option<u64> {
        bytes.last_chunk().map(|seq| u64::from_be_bytes(*seq))
    }
}

fn episode_prefix(kind: u8, number: EpisodeNumber) -> Vec<u8> {
    [&[kind][..], &number.0.to_be_bytes()].concat()
}

fn month_prefix(Month { year, month }: Month) -> Vec<u8> {
    // Shifted, so that a year before zero would still order before one after it.
    let year = (i32::from(year) + 0x8000).to_be_bytes();
    [&[COST_BY_MONTH][..], &year, &month.to_be_bytes()].concat()
}

impl CostScope {
    /// What the keys of these rows begin with.
    pub(super) fn prefix(&self) -> Vec<u8> {
        match self {
            Self::Month(month) => month_prefix(*month),
            Self::Episode(number) => episode_prefix(COST_BY_EPISODE, *number),
            Self::All => vec![COST_BY_MONTH],
        }
    }
}

/// What the keys of these episodes begin with: the first and the last.
pub(super) fn episode_bounds(first: EpisodeNumber, last: EpisodeNumber) -> (Vec<u8>, Vec<u8>) {
    (episode_prefix(EPISODE, first), episode_prefix(EPISODE, last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        let month = (any::<i16>(), 1..=12i8).prop_map(|(year, month)| Month { year, month });
        prop_oneof![
            any::<u32>().prop_map(|number| Key::Episode(EpisodeNumber(number))),
            (month, any::<u64>()).prop_map(|(month, seq)| Key::CostByMonth(month, seq)),
            (any::<u32>(), any::<u64>()).prop_map(|(number, seq)| Key::CostByEpisode(EpisodeNumber(number), seq)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_of_one_kind_order_as_their_bytes_do(a in key(), b in key()) {
            if std::mem::discriminant(&a) == std::mem::discriminant(&b) {
                prop_assert_eq!(a.cmp(&b), a.bytes().cmp(&b.bytes()));
            } else {
                prop_assert_ne!(a.bytes()[0], b.bytes()[0]);
            }
        }
    }

    #[test]
    fn a_month_ends_at_midnight_utc() {
        let month = |text: &str| Month::of(text.parse().unwrap());
        assert_eq!(month("2026-11-30T23:59:59.999999Z"), Month { year: 2026, month: 11 });
        assert_eq!(month("2026-12-01T00:30:00+01:00"), Month { year: 2026, month: 11 });
        assert_eq!(month("2026-12-01T00:00:00Z"), Month { year: 2026, month: 12 });
    }
}
