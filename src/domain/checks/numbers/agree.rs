//! When two figures say the same, and when one contradicts the other.

use super::{Figure, ONE, Unit};
use crate::domain::checks::units::Dimension;

/// How far a figure that is said to be rounded may be off, in parts of a hundred.
const ROUNDING: u128 = 10;
/// How far a year that is said to be rounded may be off.
const YEARS: u128 = 5 * ONE;

/// Whether a source's figure bears out one that is said.
pub(in crate::domain::checks) fn agrees(said: &Figure, source: &Figure) -> bool {
    match (&said.unit, &source.unit) {
        (Unit::Decade, Unit::Year) => (said.value..said.value + 10 * ONE).contains(&source.value),
        (Unit::Month, Unit::Day(month)) => said.value == u128::from(*month) * ONE,
        (Unit::Month, Unit::Month) | (Unit::Decade, Unit::Decade) => said.value == source.value,
        (Unit::Day(a), Unit::Day(b)) => a == b && said.value == source.value,
        (Unit::Month | Unit::Decade, _) | (_, Unit::Month | Unit::Decade) => false,
        (Unit::Measure(a), Unit::Measure(b)) => a == b && is_close(said, source),
        (Unit::Percent, Unit::Measure(_)) | (Unit::Measure(_), Unit::Percent) => false,
        (Unit::Measure(_) | Unit::Percent, Unit::Year | Unit::Day(_))
        | (Unit::Year | Unit::Day(_), Unit::Measure(_) | Unit::Percent) => false,
        (Unit::Label(a), Unit::Label(b)) => a == b && said.value == source.value,
        (
            Unit::Bare | Unit::Noun(_) | Unit::Year | Unit::Day(_) | Unit::Percent | Unit::Measure(_) | Unit::Label(_),
            _,
        ) => is_close(said, source),
    }
}

fn is_close(said: &Figure, source: &Figure) -> bool {
    if said.value == source.value {
        return true;
    }
    let off = said.value.abs_diff(source.value);
    let allowed = if said.unit == Unit::Year { YEARS } else { source.value / 100 * ROUNDING };
    // A rounded figure has fewer digits that say something than the one it was rounded from.
    said.hedged && off <= allowed && significant(said.value) < significant(source.value)
}

/// How many digits of a value stand before its last zeros.
fn significant(mut value: u128) -> u32 {
    while value > 0 && value.is_multiple_of(10) {
        value /= 10;
    }
    value.checked_ilog10().map_or(0, |log| log + 1)
}

/// Whether two figures are the same number in units that cannot be one.
pub(in crate::domain::checks) fn clashes(said: &Figure, source: &Figure) -> bool {
    let is_other = match (&said.unit, &source.unit) {
        (Unit::Measure(a), Unit::Measure(b)) => a != b,
        (Unit::Percent, Unit::Measure(_)) | (Unit::Measure(_), Unit::Percent) => true,
        _ => false,
    };
    is_other && said.value == source.value
}

/// Whether two figures count the same thing, so that they cannot both be right where they differ.
pub(in crate::domain::checks) fn rivals(said: &Figure, source: &Figure) -> bool {
    match (&said.unit, &source.unit) {
        (Unit::Year | Unit::Decade, Unit::Year | Unit::Decade)
        | (Unit::Day(_) | Unit::Month, Unit::Day(_) | Unit::Month)
        | (Unit::Percent, Unit::Percent) => true,
        (Unit::Measure(a), Unit::Measure(b)) => a == b,
        (Unit::Noun(a), Unit::Noun(b)) | (Unit::Label(a), Unit::Label(b)) => a == b,
        (Unit::Bare, Unit::Bare) => !said.spelled && !source.spelled,
        (
            Unit::Bare
            | Unit::Noun(_)
            | Unit::Measure(_)
            | Unit::Percent
            | Unit::Year
            | Unit::Decade
            | Unit::Day(_)
            | Unit::Month
            | Unit::Label(_),
            _,
        ) => false,
    }
}

/// Whether a figure can have been worked out of others: an age, a span, a sum, a century, another unit. Such a figure
/// is not in the source and not wrong for that.
pub(in crate::domain::checks) fn derived(said: &Figure, known: &[&Figure]) -> bool {
    let dimension = |figure: &Figure| match &figure.unit {
        Unit::Measure(unit) if unit.dimension != Dimension::Other => Some(unit.dimension),
        _ => None,
    };
    let is_time = dimension(said) == Some(Dimension::Time);
    if said.relative && (is_time || !matches!(said.unit, Unit::Year)) {
        return true;
    }
    let is_century = matches!(&said.unit, Unit::Measure(unit) if unit.name == "century");
    let is_converted =
        |other: &Figure| dimension(said).is_some() && dimension(said) == dimension(other) && said.unit != other.unit;
    known.iter().enumerate().any(|(at, one)| {
        let is_in_century = is_century && one.unit == Unit::Year && one.value.div_ceil(100 * ONE) * ONE == said.value;
        let pairs = |two: &&&Figure| {
            let is_span = is_time && one.unit == Unit::Year && two.unit == Unit::Year;
            let is_sum = rivals(one, two) && (rivals(said, one) || matches!(said.unit, Unit::Bare | Unit::Noun(_)));
            (is_span && one.value.abs_diff(two.value) == said.value)
                || (is_sum
                    && !said.is_date()
                    && [one.value.saturating_add(two.value), one.value.abs_diff(two.value)].contains(&said.value))
        };
        is_in_century || is_converted(one) || known.iter().skip(at + 1).any(|two| pairs(&two))
    })
}
