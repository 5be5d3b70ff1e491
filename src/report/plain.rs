//! Words of reports: moments, days, lives and parts.

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::domain::episode::Life;
use crate::domain::money::MicroUsd;
pub use crate::domain::plain::line;

/// A moment to the minute, UTC, such as `2026-11-24 14:05Z`.
pub fn minute(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// The day of a moment, UTC, such as `2026-11-24`.
pub fn date(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).date().to_string()
}

/// How an episode's life stands, in a word or two.
pub fn life(life: &Life) -> &'static str {
    match life {
        Life::Running => "running",
        Life::Paused => "paused",
        Life::Cancelled(_) => "stopped",
        Life::Rejected(_) => "rejected",
        Life::Packaged(_) => "packaged",
    }
}

/// A part of a whole as whole parts of a hundred, rounded down; nothing of nothing is 0.
pub fn percent_of(part: MicroUsd, whole: MicroUsd) -> i64 {
    let scaled = i128::from(part.0).saturating_mul(100).checked_div(i128::from(whole.0)).unwrap_or(0);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_nothing_is_nothing() {
        assert_eq!(percent_of(MicroUsd(5), MicroUsd::ZERO), 0);
        assert_eq!(percent_of(MicroUsd(1), MicroUsd(3)), 33);
        assert_eq!(percent_of(MicroUsd::MAX, MicroUsd(1)), i64::MAX);
    }
}
