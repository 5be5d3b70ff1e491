//! Tables of what stands around a figure: number words, scales, months, currencies and units of measure.
//!
//! Units are brought to one per kind where powers of ten do it: the prefixes of the International System of Units (BIPM,
//! SI Brochure, 9th edition, table 7). Others stand for themselves, so that feet and metres are never compared.

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::claims) enum Money {
    /// Dollars of any country.
    Dollar,
    /// Euros.
    Euro,
    /// Pounds as money.
    Pound,
    /// Yen and yuan, which share a sign.
    Yen,
}

impl Money {
    /// By its sign before a figure.
    pub(super) fn of_sign(sign: &str) -> Option<Self> {
        match sign {
            "$" => Some(Self::Dollar),
            "€" => Some(Self::Euro),
            "£" => Some(Self::Pound),
            "¥" => Some(Self::Yen),
            _ => None,
        }
    }

    /// By its name behind a figure.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "dollar" | "dollars" | "usd" => Some(Self::Dollar),
            "euro" | "euros" | "eur" => Some(Self::Euro),
            "pound" | "pounds" | "gbp" => Some(Self::Pound),
            "yen" | "yuan" | "jpy" | "cny" => Some(Self::Yen),
            _ => None,
        }
    }
}

/// The value of a number word below a hundred.
pub(super) fn small(word: &str) -> Option<u64> {
    const BELOW_TWENTY: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |table: &[&str]| table.iter().position(|name| *name == word).and_then(|at| u64::try_from(at).ok());
    place(&BELOW_TWENTY).or_else(|| place(&TENS).map(|at| 20 + 10 * at))
}

/// The power of ten of a word that scales a number.
pub(super) fn scale(word: &str) -> Option<i32> {
    match word {
        "hundred" => Some(2),
        "thousand" => Some(3),
        "million" => Some(6),
        "billion" => Some(9),
        "trillion" => Some(12),
        _ => None,
    }
}

/// The number of a month, from 1.
pub(in crate::domain) fn month(name: &str) -> Option<i8> {
    const MONTHS: [(&str, &str); 12] = [
        ("january", "jan"),
        ("february", "feb"),
        ("march", "mar"),
        ("april", "apr"),
        ("may", "may"),
        ("june", "jun"),
        ("july", "jul"),
        ("august", "aug"),
        ("september", "sep"),
        ("october", "oct"),
        ("november", "nov"),
        ("december", "dec"),
    ];
    let at = MONTHS.iter().position(|(long, short)| *long == name || *short == name)?;
    i8::try_from(at + 1).ok()
}

/// Names of units with their base and the power of ten between them.
const UNITS: &[(&[&str], &str, i32)] = &[
    (&["microgram", "µg", "μg", "mcg"], "gram", -6),
    (&["milligram", "mg"], "gram", -3),
    (&["gram", "gramme", "g"], "gram", 0),
    (&["kilogram", "kilo", "kg"], "gram", 3),
    (&["tonne"], "gram", 6),
    (&["nanometre", "nanometer", "nm"], "metre", -9),
    (&["micrometre", "micrometer", "micron", "µm", "μm"], "metre", -6),
    (&["millimetre", "millimeter", "mm"], "metre", -3),
    (&["centimetre", "centimeter", "cm"], "metre", -2),
    (&["metre", "meter", "m"], "metre", 0),
    (&["kilometre", "kilometer", "km"], "metre", 3),
    (&["millilitre", "milliliter", "ml"], "litre", -3),
    (&["litre", "liter"], "litre", 0),
    (&["watt", "w"], "watt", 0),
    (&["kilowatt", "kw"], "watt", 3),
    (&["megawatt", "mw"], "watt", 6),
    (&["gigawatt", "gw"], "watt", 9),
    (&["terawatt", "tw"], "watt", 12),
    (&["kilowatt-hour", "kwh"], "watt hour", 3),
    (&["mwh"], "watt hour", 6),
    (&["gwh"], "watt hour", 9),
    (&["twh"], "watt hour", 12),
    (&["hertz", "hz"], "hertz", 0),
    (&["kilohertz", "khz"], "hertz", 3),
    (&["megahertz", "mhz"], "hertz", 6),
    (&["gigahertz", "ghz"], "hertz", 9),
    (&["byte"], "byte", 0),
    (&["kilobyte", "kb"], "byte", 3),
    (&["megabyte", "mb"], "byte", 6),
    (&["gigabyte", "gb"], "byte", 9),
    (&["terabyte", "tb"], "byte", 12),
    (&["volt", "v"], "volt", 0),
    (&["kilovolt", "kv"], "volt", 3),
    (&["nanosecond", "ns"], "second", -9),
    (&["microsecond", "µs", "μs"], "second", -6),
    (&["millisecond", "ms"], "second", -3),
    (&["second", "sec"], "second", 0),
    (&["minute", "min"], "minute", 0),
    (&["hour", "hr", "h"], "hour", 0),
    (&["day"], "day", 0),
    (&["week"], "week", 0),
    (&["month"], "month", 0),
    (&["year", "yr"], "year", 0),
    (&["decade"], "decade", 0),
    (&["century", "centuries"], "century", 0),
    (&["mile"], "mile", 0),
    (&["foot", "feet", "ft"], "foot", 0),
    (&["inch", "inches"], "inch", 0),
    (&["yard"], "yard", 0),
    (&["acre"], "acre", 0),
    (&["hectare", "ha"], "hectare", 0),
    (&["ton"], "ton", 0),
    (&["ounce", "oz"], "ounce", 0),
    (&["gallon"], "gallon", 0),
    (&["degree", "°"], "degree", 0),
    (&["kelvin"], "kelvin", 0),
    (&["joule"], "joule", 0),
    (&["kilojoule", "kj"], "joule", 3),
    (&["calorie"], "calorie", 0),
    (&["decibel", "db"], "decibel", 0),
    (&["qubit"], "qubit", 0),
];

/// The base unit and the power of ten of a unit, by its name in the singular or the plural.
pub(super) fn unit(name: &str) -> Option<(&'static str, i32)> {
    let of =
        |name: &str| UNITS.iter().find(|(names, ..)| names.contains(&name)).map(|(_, base, power)| (*base, *power));
    of(name).or_else(|| name.strip_suffix('s').filter(|single| single.chars().count() > 2).and_then(of))
}
