//! Money and prices as integers: micro-dollars for amounts, pico-dollars for prices a token or a character.
//!
//! One dollar a million tokens is one micro-dollar a token, which is a million pico-dollars. A call is rounded up once,
//! to a micro-dollar; nothing here is ever a floating-point number. Sums saturate, so that a hostile count becomes an
//! amount that no cap admits instead of a small one.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MICRO_PER_USD: i64 = 1_000_000;
const PICO_PER_MICRO: i128 = 1_000_000;

/// An amount in micro-dollars (1 USD = 1,000,000).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl MicroUsd {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// More than any cap: what an unpayable call costs.
    pub const MAX: Self = Self(i64::MAX);

    /// The most that a cap, a price or a worst case can be: a million dollars. Sums of such amounts are exact.
    pub const MOST: Self = Self(1_000_000 * MICRO_PER_USD);

    /// The sum, held at the largest amount there is instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, which may be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This share of the amount in parts of a hundred, rounded down.
    #[must_use]
    pub fn percent(self, parts: u8) -> Self {
        let scaled = i128::from(self.0) * i128::from(parts) / 100;
        Self(i64::try_from(scaled).unwrap_or(i64::MAX))
    }
}

impl Sum for MicroUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for MicroUsd {
    /// Dollars with two decimals, rounded half away from zero; more decimals where a precision is asked for (to six).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2).min(6);
        let step = 10_u128.pow(u32::try_from(6 - decimals).unwrap_or(0));
        let units = (u128::from(self.0.unsigned_abs()) + step / 2) / step;
        let scale = 10_u128.pow(u32::try_from(decimals).unwrap_or(0));
        let sign = if self.0 < 0 && units > 0 { "-" } else { "" };
        match decimals {
            0 => write!(f, "{sign}{units}"),
            _ => write!(f, "{sign}{}.{:0decimals$}", units / scale, units % scale),
        }
    }
}

/// A text that is no amount of dollars.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount in dollars: write it as `35` or `35.00`, with at most six decimals and no sign")]
pub struct AmountError(String);

impl FromStr for MicroUsd {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let refuse = || AmountError(text.chars().take(30).collect());
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return Err(refuse());
        }
        let whole: i64 = whole.parse().map_err(|_| refuse())?;
        let micro: i64 = format!("{part:0<6}").parse().map_err(|_| refuse())?;
        whole.checked_mul(MICRO_PER_USD).and_then(|w| w.checked_add(micro)).map(Self).ok_or_else(refuse)
    }
}

/// A price in pico-dollars for one token or one character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PicoUsd(pub i64);

impl PicoUsd {
    /// The price of one unit from dollars a million units: `"2.50"` a million tokens is 2,500,000 pico-dollars a token.
    ///
    /// # Errors
    ///
    /// When the text is not an amount in dollars.
    pub fn per_million(text: &str) -> Result<Self, AmountError> {
        let dollars_a_million: MicroUsd = text.parse()?;
        Ok(Self(dollars_a_million.0))
    }

    /// The price of one unit from a decimal number of dollars such as `1.25e-06`, read from its digits: rounded to the nearest
    /// pico-dollar, and never to nothing. `None` where it is no number, negative or beyond all bounds.
    pub fn each(digits: &str) -> Option<Self> {
        /// Decimals of a dollar in a pico-dollar.
        const DECIMALS: i32 = 12;
        let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{part}");
        if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u128 = all.parse().ok()?;
        let shift = DECIMALS.checked_add(exponent.parse().ok()?)?.checked_sub(i32::try_from(part.len()).ok()?)?;
        let power = 10_u128.checked_pow(shift.unsigned_abs());
        let pico = match (shift >= 0, power) {
            _ if number == 0 => 0,
            (true, power) => number.checked_mul(power?)?,
            (false, Some(power)) => (number / power + u128::from(number % power >= power.div_ceil(2))).max(1),
            (false, None) => 1,
        };
        i64::try_from(pico).ok().map(Self)
    }

    /// As dollars a million units, with every digit and none too many.
    pub fn a_million(self) -> String {
        let dollars = format!("{:.6}", MicroUsd(self.0));
        dollars.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// What a call costs: every count times its price, added up exactly and rounded up once to a micro-dollar.
pub fn price_of(counts: impl IntoIterator<Item = (u64, PicoUsd)>) -> MicroUsd {
    let pico =
        counts.into_iter().fold(0_i128, |sum, (n, price)| sum.saturating_add(i128::from(n) * i128::from(price.0)));
    let micro = pico.saturating_add(PICO_PER_MICRO - 1).div_euclid(PICO_PER_MICRO);
    MicroUsd(i64::try_from(micro).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!("35".parse(), Ok(MicroUsd(35_000_000)));
        assert_eq!("0.000001".parse(), Ok(MicroUsd(1)));
        assert_eq!("6.5".parse(), Ok(MicroUsd(6_500_000)));
        for bad in ["", "-1", "+1", "1.", ".5", "1,00", "1e3", "0.0000001", "99999999999999999", "٣"] {
            assert!(bad.parse::<MicroUsd>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_price_in_floating_form_is_read_from_its_digits() {
        for (digits, pico) in [
            ("1.25e-06", 1_250_000),
            ("0.00000125", 1_250_000),
            ("6.25E-8", 62_500),
            ("3.0000000000000004e-07", 300_000),
            ("0.005", 5_000_000_000),
            ("1e-13", 1),
            ("0.0", 0),
            ("5e-06", 5_000_000),
            ("1e-99", 1),
        ] {
            assert_eq!(PicoUsd::each(digits), Some(PicoUsd(pico)), "{digits}");
        }
        for bad in ["", "-1e-6", "+1", ".5", "1e", "NaN", "1e30", "1e999999999999", "0x1", "1_0"] {
            assert_eq!(PicoUsd::each(bad), None, "{bad}");
        }
        assert_eq!(PicoUsd(62_500).a_million(), "0.0625");
        assert_eq!(PicoUsd(15_000_000).a_million(), "15");
    }

    #[test]
    fn a_call_is_rounded_up_once() {
        let cache_read = PicoUsd::per_million("0.01").unwrap();
        assert_eq!(price_of([(1, cache_read)]), MicroUsd(1), "never nothing for something");
        assert_eq!(price_of([(50, cache_read), (50, cache_read)]), MicroUsd(1), "the sum is rounded, not its parts");
        let (input, output) = (PicoUsd::per_million("4").unwrap(), PicoUsd::per_million("20").unwrap());
        assert_eq!(price_of([(1_000, input), (500, output)]), MicroUsd(14_000));
        assert_eq!(price_of([(u64::MAX, output)]), MicroUsd::MAX, "a hostile count passes no cap");
    }

    #[test]
    fn dollars_are_shown_rounded_to_cents() {
        assert_eq!(MicroUsd(3_840_000).to_string(), "3.84");
        assert_eq!(MicroUsd(4_999).to_string(), "0.00");
        assert_eq!(MicroUsd(5_000).to_string(), "0.01");
        assert_eq!(MicroUsd(-1_230_000).to_string(), "-1.23");
        assert_eq!(format!("{:.6}", MicroUsd(42)), "0.000042");
        assert_eq!(MicroUsd(10_000_000).percent(80), MicroUsd(8_000_000));
    }

    proptest! {
        #[test]
        fn six_decimals_lose_nothing(micro in 0_i64..=i64::MAX / 2) {
            prop_assert_eq!(format!("{:.6}", MicroUsd(micro)).parse(), Ok(MicroUsd(micro)));
        }
    }
}
