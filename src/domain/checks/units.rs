//! The units that a figure can have in a talk, with their spellings.
//!
//! Two figures in different units of one dimension may be one quantity converted; two figures in the same unit may not
//! differ. Names and spellings after the SI brochure of the BIPM (9th edition), and the units of everyday English.

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    /// Length.
    Length,
    /// Area.
    Area,
    /// Volume.
    Volume,
    /// Mass.
    Mass,
    /// Time.
    Time,
    /// Power and energy.
    Energy,
    /// Money.
    Money,
    /// Temperature and angle.
    Degree,
    /// Anything else that is measured.
    Other,
}

/// A unit of measure, the same for all its spellings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    /// What it measures.
    pub(super) dimension: Dimension,
    /// Its name in the singular.
    pub(super) name: &'static str,
    /// Other spellings; those of one or two letters count only behind digits.
    spellings: &'static [&'static str],
}

impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Measure {}

const fn unit(dimension: Dimension, name: &'static str, spellings: &'static [&'static str]) -> Measure {
    Measure { dimension, name, spellings }
}

use Dimension::{Area, Degree, Energy, Length, Mass, Money, Other, Time, Volume};

const UNITS: &[Measure] = &[
    unit(Length, "nanometre", &["nanometer", "nm"]),
    unit(Length, "micrometre", &["micrometer", "micron"]),
    unit(Length, "millimetre", &["millimeter", "mm"]),
    unit(Length, "centimetre", &["centimeter", "cm"]),
    unit(Length, "metre", &["meter", "m"]),
    unit(Length, "kilometre", &["kilometer", "km"]),
    unit(Length, "inch", &["inches"]),
    unit(Length, "foot", &["feet", "ft"]),
    unit(Length, "yard", &[]),
    unit(Length, "mile", &["mi"]),
    unit(Area, "hectare", &["ha"]),
    unit(Area, "acre", &[]),
    unit(Volume, "litre", &["liter", "l"]),
    unit(Volume, "millilitre", &["milliliter", "ml"]),
    unit(Volume, "gallon", &[]),
    unit(Volume, "barrel", &[]),
    unit(Mass, "microgram", &["µg"]),
    unit(Mass, "milligram", &["mg"]),
    unit(Mass, "gram", &["gramme", "g"]),
    unit(Mass, "kilogram", &["kilogramme", "kilo", "kg"]),
    unit(Mass, "tonne", &["ton"]),
    // Also the currency: a listener tells them apart by what is weighed or paid, and so must a judge.
    unit(Mass, "pound", &["lb", "lbs", "gbp"]),
    unit(Mass, "ounce", &["oz"]),
    unit(Time, "nanosecond", &["ns"]),
    unit(Time, "millisecond", &["ms"]),
    unit(Time, "second", &["s", "sec"]),
    unit(Time, "minute", &["min"]),
    unit(Time, "hour", &["h", "hr", "hrs"]),
    unit(Time, "day", &[]),
    unit(Time, "week", &[]),
    unit(Time, "month", &[]),
    unit(Time, "year", &["yr", "yrs"]),
    unit(Time, "decade", &[]),
    unit(Time, "century", &["centuries"]),
    unit(Time, "millennium", &["millennia"]),
    unit(Energy, "watt", &["w"]),
    unit(Energy, "kilowatt", &["kw", "kwh"]),
    unit(Energy, "megawatt", &["mw"]),
    unit(Energy, "gigawatt", &["gw"]),
    unit(Energy, "terawatt", &["tw"]),
    unit(Energy, "joule", &["j"]),
    unit(Energy, "calorie", &[]),
    unit(Money, "dollar", &["usd"]),
    unit(Money, "euro", &["eur"]),
    unit(Money, "cent", &[]),
    unit(Money, "yen", &[]),
    unit(Degree, "degree", &["celsius", "fahrenheit"]),
    unit(Degree, "kelvin", &[]),
    unit(Other, "volt", &[]),
    unit(Other, "kilovolt", &[]),
    unit(Other, "hertz", &["hz"]),
    unit(Other, "kilohertz", &["khz"]),
    unit(Other, "megahertz", &["mhz"]),
    unit(Other, "byte", &[]),
    unit(Other, "kilobyte", &["kb"]),
    unit(Other, "megabyte", &["mb"]),
    unit(Other, "gigabyte", &["gb"]),
    unit(Other, "terabyte", &["tb"]),
    unit(Other, "decibel", &["db"]),
    unit(Other, "pascal", &[]),
    unit(Other, "mph", &[]),
    unit(Other, "knot", &[]),
];

/// The unit that a word in lower case names, in the singular or the plural.
pub(super) fn find(word: &str, behind_digits: bool) -> Option<Measure> {
    let is = |spelling: &str| {
        let is_short = spelling.chars().count() <= 3 && !matches!(spelling, "day" | "ton" | "yen");
        (spelling == word && (behind_digits || !is_short))
            || (!is_short && word.strip_suffix('s').is_some_and(|singular| singular == spelling))
    };
    UNITS.iter().find(|unit| is(unit.name) || unit.spellings.iter().any(|spelling| is(spelling))).copied()
}

/// The unit of a currency's sign.
pub(super) fn currency(sign: &str) -> Option<Measure> {
    let name = match sign {
        "$" => "dollar",
        "€" => "euro",
        "£" => "pound",
        "¥" => "yen",
        _ => return None,
    };
    UNITS.iter().find(|unit| unit.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_unit_are_one() {
        for (word, behind_digits, name) in [
            ("kilometers", false, Some("kilometre")),
            ("km", true, Some("kilometre")),
            ("km", false, None),
            ("days", false, Some("day")),
            ("feet", false, Some("foot")),
            ("m", true, Some("metre")),
            ("ms", true, Some("millisecond")),
            ("part", false, None),
        ] {
            assert_eq!(find(word, behind_digits).map(|unit| unit.name), name, "{word}");
        }
        assert_eq!(currency("€").map(|unit| unit.dimension), Some(Dimension::Money));
        assert_eq!(currency("£"), find("pounds", false));
        assert_eq!(currency("!").map(|unit| unit.name), None);
    }
}
