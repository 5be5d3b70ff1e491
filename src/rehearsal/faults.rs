//! Fault profiles: which request meets which fault, as a pure function of seed, request body and attempt. The faults that are
//! asked for by name are below.
//!
//! Not for what a fault looks like on a vendor's wire: that is in `wire`.

pub(super) mod named;
pub(super) mod oddities;

use std::fmt;
use std::str::FromStr;

use super::author::Dice;

/// How often something goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FaultProfile {
    /// Never.
    #[default]
    None,
    /// For about one first attempt in twelve; nothing is over-billed.
    Flaky,
    /// For one first attempt in four.
    Storm,
}

/// A name that is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fault profile: use none, flaky or storm")]
pub struct ProfileError(String);

impl FromStr for FaultProfile {
    type Err = ProfileError;

    fn from_str(name: &str) -> Result<Self, ProfileError> {
        match name {
            "none" => Ok(Self::None),
            "flaky" => Ok(Self::Flaky),
            "storm" => Ok(Self::Storm),
            other => Err(ProfileError(other.chars().take(40).collect())),
        }
    }
}

impl fmt::Display for FaultProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Flaky => "flaky",
            Self::Storm => "storm",
        })
    }
}

/// Something that goes wrong with one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// 429 that says when to come back, where the vendor has a way to say it.
    RateLimitedWithHint,
    /// 429 that does not.
    RateLimited,
    /// The vendor's own word for too much load: 529, 503 or 429.
    Overloaded,
    /// 500.
    ServerError,
    /// The right answer, late.
    SlowFirstByte,
    /// An answer whose connection breaks in the middle; what was sent until then is billed.
    CutStream,
    /// A whole answer with status 200 that is no JSON. It is billed.
    MalformedJson,
    /// A whole answer in valid JSON that misses its contract. It is billed.
    SchemaMiss,
    /// No byte until the limit, then the vendor's time-out error.
    TimeOut,
    /// The right answer with a usage above what the request allows. Not met on the speech wire.
    OverBilling,
}

impl Fault {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::RateLimitedWithHint,
        Self::RateLimited,
        Self::Overloaded,
        Self::ServerError,
        Self::SlowFirstByte,
        Self::CutStream,
        Self::MalformedJson,
        Self::SchemaMiss,
        Self::TimeOut,
        Self::OverBilling,
    ];

    /// The name under which the meter counts it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimitedWithHint => "rate_limited_with_hint",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::SlowFirstByte => "slow_first_byte",
            Self::CutStream => "cut_stream",
            Self::MalformedJson => "malformed_json",
            Self::SchemaMiss => "schema_miss",
            Self::TimeOut => "time_out",
            Self::OverBilling => "over_billing",
        }
    }

    /// Thousandths of the first attempts that meet it in a storm; together 250.
    fn per_mille(self) -> u64 {
        match self {
            Self::RateLimitedWithHint => 45,
            Self::RateLimited | Self::Overloaded | Self::ServerError | Self::SlowFirstByte => 35,
            Self::CutStream => 25,
            Self::SchemaMiss => 18,
            Self::TimeOut | Self::OverBilling => 10,
            Self::MalformedJson => 2,
        }
    }
}

/// From this attempt on nothing goes wrong any more, so that every request is answered in the end.
const CALM_FROM: u32 = 4;

/// The fault that an attempt meets. `attempt` is what `x-retry-count` says: 0 for the first. Each attempt meets half as
/// many faults as the one before it.
pub fn drawn(profile: FaultProfile, seed: u64, body: &[u8], attempt: u32) -> Option<Fault> {
    let share = match profile {
        FaultProfile::None => return None,
        FaultProfile::Flaky => 3,
        FaultProfile::Storm => 1,
    };
    if attempt >= CALM_FROM {
        return None;
    }
    let mut roll = Dice::new(seed, [b"fault".as_slice(), body, &attempt.to_le_bytes()]).next() % 1_000_000;
    for fault in Fault::ALL {
        let is_out = fault == Fault::OverBilling && profile != FaultProfile::Storm;
        let width = if is_out { 0 } else { (fault.per_mille() * 1_000 / share) >> attempt };
        if roll < width {
            return Some(fault);
        }
        roll -= width;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn counted(profile: FaultProfile, attempt: u32) -> BTreeMap<Fault, usize> {
        let mut counts = BTreeMap::new();
        for nth in 0..20_000_u32 {
            if let Some(fault) = drawn(profile, 7, &nth.to_le_bytes(), attempt) {
                *counts.entry(fault).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn a_storm_hits_a_quarter_of_the_first_attempts_and_abates() {
        let first = counted(FaultProfile::Storm, 0);
        let sum = |counts: &BTreeMap<Fault, usize>| counts.values().sum::<usize>();
        assert!((4_700..=5_300).contains(&sum(&first)), "{first:?}");
        assert_eq!(first.len(), Fault::ALL.len(), "every class comes up: {first:?}");
        assert!((100..=300).contains(&first[&Fault::OverBilling]));
        assert!((2_300..=2_700).contains(&sum(&counted(FaultProfile::Storm, 1))));
        assert_eq!(sum(&counted(FaultProfile::Storm, CALM_FROM)), 0);
        let again = |nth: u32| drawn(FaultProfile::Storm, 7, &nth.to_le_bytes(), 1).is_some();
        let hit = (0..20_000_u32).filter(|nth| drawn(FaultProfile::Storm, 7, &nth.to_le_bytes(), 0).is_some());
        let both = hit.filter(|nth| again(*nth)).count();
        assert!((400..=850).contains(&both), "attempts are drawn apart: {both}");
        let flaky = counted(FaultProfile::Flaky, 0);
        assert!((1_400..=1_800).contains(&sum(&flaky)) && !flaky.contains_key(&Fault::OverBilling), "{flaky:?}");
        assert_eq!(sum(&counted(FaultProfile::None, 0)), 0);
    }

    #[test]
    fn profiles_are_named() {
        for profile in [FaultProfile::None, FaultProfile::Flaky, FaultProfile::Storm] {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        assert!("calm".parse::<FaultProfile>().is_err());
        assert_eq!(Fault::ALL.iter().map(|fault| fault.per_mille()).sum::<u64>(), 250);
    }
}
