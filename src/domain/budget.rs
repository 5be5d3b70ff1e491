//! Caps, reservations and settlement: the arithmetic by which a budget cannot overshoot.
//!
//! The worst case of a call is reserved against every cap that covers it before the call is sent, and settled when its
//! price is known. An uncertain charge stays reserved at its worst case until it is metered or ruled. Days and months
//! are UTC and are those of the reservation, so that a call that ends after midnight cannot slip between two days.
//! Not for prices: those are in [`super::money`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;

/// What a cap covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// One paid call.
    Call,
    /// All calls of one stage of one episode.
    Stage(EpisodeNumber, StageId),
    /// All calls of one episode.
    Episode(EpisodeNumber),
    /// All calls reserved on one UTC day, by its number since 1970-01-01.
    Day(i64),
    /// All calls reserved in one UTC month, as year * 12 + month - 1.
    Month(i64),
}

impl fmt::Display for Scope {
    /// `call`, `stage:042:script`, `episode:042`, `day:20780`, `month:24322`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call => f.write_str("call"),
            Self::Stage(episode, stage) => write!(f, "stage:{episode}:{stage}"),
            Self::Episode(episode) => write!(f, "episode:{episode}"),
            Self::Day(day) => write!(f, "day:{day}"),
            Self::Month(month) => write!(f, "month:{month}"),
        }
    }
}

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names nothing that a cap covers: there are `call`, `stage:042:script`, `episode:042`, `day:N`, `month:N`"
)]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let refuse = || ScopeError(text.chars().take(90).collect());
        let episode = |part: &str| part.parse().map(EpisodeNumber).map_err(|_| refuse());
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["call"] => Ok(Self::Call),
            ["stage", number, stage] => Ok(Self::Stage(episode(number)?, stage.parse().map_err(|_| refuse())?)),
            ["episode", number] => Ok(Self::Episode(episode(number)?)),
            ["day", day] => Ok(Self::Day(day.parse().map_err(|_| refuse())?)),
            ["month", month] => Ok(Self::Month(month.parse().map_err(|_| refuse())?)),
            _ => Err(refuse()),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// The UTC day and month in which a reservation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Year * 12 + month - 1.
    pub month: i64,
}

impl Period {
    /// The period that a moment falls in.
    pub fn of(at: jiff::Timestamp) -> Self {
        let date = jiff::tz::TimeZone::UTC.to_datetime(at).date();
        let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        Self { day: at.as_microsecond().div_euclid(86_400_000_000), month }
    }
}

/// The caps in force for one call; a scope without a cap is not limited.
pub type Caps = BTreeMap<Scope, MicroUsd>;

/// A reservation that a cap does not admit. Nothing was reserved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call may cost {worst:.4} USD, and {committed:.4} of the cap of {cap:.4} USD is spent or reserved")]
pub struct CapReached {
    /// The cap that is too low.
    pub scope: Scope,
    /// Its limit.
    pub cap: MicroUsd,
    /// What is spent and reserved under it.
    pub committed: MicroUsd,
    /// The worst case that was asked for.
    pub worst: MicroUsd,
}

/// An act on a call that does not stand as the act supposes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// The key has been used: the same call is not paid for twice.
    #[error("{0} has been reserved before: a call is reserved once")]
    Reserved(String),
    /// No reservation is open under this key.
    #[error("{0} has no open reservation")]
    NotReserved(String),
    /// A price or a worst case below zero.
    #[error("an amount below zero is no charge")]
    Negative,
    /// A cap stands in the way.
    #[error(transparent)]
    Cap(#[from] CapReached),
}

/// How a paid call stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// Sent or about to be sent: held at its worst case.
    Reserved,
    /// In a batch: held at its worst case, and nothing of it comes free soon.
    Batched,
    /// Whether it was charged is not known: held at its worst case until it is metered or ruled.
    Uncertain,
    /// Its price is known; zero where the provider does not charge for the failure.
    Settled(MicroUsd),
}

/// One paid call under the caps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The most that it can cost.
    pub worst: MicroUsd,
    /// The UTC day and month it counts in.
    pub period: Period,
    /// How it stands.
    pub charge: Charge,
}

impl Reservation {
    /// What it counts under every cap: its price once known, its worst case before.
    pub fn committed(&self) -> MicroUsd {
        match self.charge {
            Charge::Reserved | Charge::Batched | Charge::Uncertain => self.worst,
            Charge::Settled(price) => price,
        }
    }
}

/// How a settlement compares with what was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// At most the reserved worst case.
    Within,
    /// The provider billed more than the worst case by this much: recorded in full; further spending must stop.
    Above(MicroUsd),
}

/// All paid calls of a studio with the sums that every cap is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    calls: BTreeMap<IntentKey, Reservation>,
    committed: BTreeMap<Scope, MicroUsd>,
    in_flight: BTreeMap<Scope, MicroUsd>,
}

fn scopes(key: &IntentKey, period: Period) -> [Scope; 4] {
    [
        Scope::Stage(key.episode, key.stage.clone()),
        Scope::Episode(key.episode),
        Scope::Day(period.day),
        Scope::Month(period.month),
    ]
}

impl Budget {
    /// Reserves the worst case of a call under every cap that covers it, or under none.
    ///
    /// # Errors
    ///
    /// When the key was used before, the amount is negative, or a cap does not admit it (the narrowest is named).
    pub fn reserve(&mut self, key: IntentKey, worst: MicroUsd, period: Period, caps: &Caps) -> Result<(), BudgetError> {
        self.admits(&key, worst, period, caps)?;
        for scope in scopes(&key, period) {
            let sum = self.in_flight.entry(scope.clone()).or_default();
            *sum = sum.plus(worst);
            let sum = self.committed.entry(scope).or_default();
            *sum = sum.plus(worst);
        }
        self.calls.insert(key, Reservation { worst, period, charge: Charge::Reserved });
        Ok(())
    }

    /// Whether a reservation would be made; nothing is changed.
    ///
    /// # Errors
    ///
    /// As for [`Self::reserve`].
    pub fn admits(&self, key: &IntentKey, worst: MicroUsd, period: Period, caps: &Caps) -> Result<(), BudgetError> {
        if worst < MicroUsd::ZERO {
            return Err(BudgetError::Negative);
        }
        if self.calls.contains_key(key) {
            return Err(BudgetError::Reserved(key.to_string()));
        }
        let covering = scopes(key, period);
        for scope in std::iter::once(&Scope::Call).chain(&covering) {
            let Some(&cap) = caps.get(scope) else { continue };
            let committed = self.committed(scope);
            if committed.plus(worst) > cap {
                return Err(CapReached { scope: scope.clone(), cap, committed, worst }.into());
            }
        }
        Ok(())
    }

    /// What calls that are under way hold of a scope: what may still come free by itself.
    pub fn in_flight(&self, scope: &Scope) -> MicroUsd {
        self.in_flight.get(scope).copied().unwrap_or_default()
    }

    /// Forgets the calls of an episode that will never pay again; its days and months keep what they hold.
    pub fn retire(&mut self, episode: EpisodeNumber) {
        self.calls.retain(|key, _| key.episode != episode);
        let is_its_own = |scope: &Scope| match scope {
            Scope::Episode(number) | Scope::Stage(number, _) => *number == episode,
            Scope::Call | Scope::Day(_) | Scope::Month(_) => false,
        };
        self.committed.retain(|scope, _| !is_its_own(scope));
        self.in_flight.retain(|scope, sum| !is_its_own(scope) && *sum != MicroUsd::ZERO);
    }

    /// Records the price of a reserved or uncertain call and frees the rest of its reservation.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation or the price is negative.
    pub fn settle(&mut self, key: &IntentKey, price: MicroUsd) -> Result<Settlement, BudgetError> {
        if price < MicroUsd::ZERO {
            return Err(BudgetError::Negative);
        }
        let (worst, period) = self.leave_flight(key, Charge::Settled(price))?;
        for scope in scopes(key, period) {
            let sum = self.committed.entry(scope).or_default();
            *sum = sum.minus(worst).plus(price);
        }
        Ok(if price > worst { Settlement::Above(price.minus(worst)) } else { Settlement::Within })
    }

    /// Marks a call whose answer was lost: it stays reserved at its worst case.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation.
    pub fn lose(&mut self, key: &IntentKey) -> Result<(), BudgetError> {
        self.leave_flight(key, Charge::Uncertain).map(|_| ())
    }

    /// Marks a call that was taken into a batch: it stays reserved at its worst case, and nobody waits for it to come free.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation.
    pub fn defer(&mut self, key: &IntentKey) -> Result<(), BudgetError> {
        self.leave_flight(key, Charge::Batched).map(|_| ())
    }

    /// Gives an open call its new standing; what it held as under way is no longer so.
    fn leave_flight(&mut self, key: &IntentKey, charge: Charge) -> Result<(MicroUsd, Period), BudgetError> {
        let call = self.open(key)?;
        let (worst, period) = (call.worst, call.period);
        let was = std::mem::replace(&mut call.charge, charge);
        if was == Charge::Reserved {
            for scope in scopes(key, period) {
                let sum = self.in_flight.entry(scope).or_default();
                *sum = sum.minus(worst);
            }
        }
        Ok((worst, period))
    }

    fn open(&mut self, key: &IntentKey) -> Result<&mut Reservation, BudgetError> {
        match self.calls.get_mut(key) {
            Some(call) if !matches!(call.charge, Charge::Settled(_)) => Ok(call),
            Some(_) | None => Err(BudgetError::NotReserved(key.to_string())),
        }
    }

    /// What is spent and reserved in a scope; zero for [`Scope::Call`], which has no sum.
    pub fn committed(&self, scope: &Scope) -> MicroUsd {
        self.committed.get(scope).copied().unwrap_or_default()
    }

    /// Whether at least 80 % of a cap is spent or reserved: the moment to alert.
    pub fn is_near(&self, scope: &Scope, cap: MicroUsd) -> bool {
        self.committed(scope) >= cap.percent(80)
    }

    /// How a call stands.
    pub fn call(&self, key: &IntentKey) -> Option<&Reservation> {
        self.calls.get(key)
    }

    /// The calls whose charge is uncertain, each to be ruled by a person or metered.
    pub fn uncertain(&self) -> impl Iterator<Item = (&IntentKey, &Reservation)> {
        self.calls.iter().filter(|(_, call)| call.charge == Charge::Uncertain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERIOD: Period = Period { day: 20_780, month: 24_322 };

    fn key(episode: u32, attempt: u32) -> IntentKey {
        IntentKey { episode: EpisodeNumber(episode), stage: "script".parse().unwrap(), unit: 0, attempt }
    }

    #[test]
    fn a_day_is_the_utc_day() {
        let at = |text: &str| Period::of(text.parse().unwrap());
        assert_eq!(at("2026-11-23T23:59:59.999Z").day + 1, at("2026-11-24T00:00:00Z").day);
        assert_eq!(at("2026-12-31T23:59:59Z").month + 1, at("2027-01-01T00:00:00Z").month);
        assert_eq!(at("1969-12-31T23:59:59.5Z").day, -1, "a clock far in the past still has a day");
    }

    #[test]
    fn two_calls_cannot_pass_a_cap_together() {
        let caps = Caps::from([(Scope::Episode(EpisodeNumber(1)), MicroUsd(100))]);
        let mut budget = Budget::default();
        budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &caps).unwrap();
        let refused = budget.reserve(key(1, 2), MicroUsd(41), PERIOD, &caps).unwrap_err();
        assert!(matches!(refused, BudgetError::Cap(CapReached { committed: MicroUsd(60), .. })), "{refused}");
        assert_eq!(budget.settle(&key(1, 1), MicroUsd(10)), Ok(Settlement::Within));
        budget.reserve(key(1, 2), MicroUsd(41), PERIOD, &caps).unwrap();
    }

    #[test]
    fn a_lost_answer_stays_reserved_until_it_is_settled_and_settles_once() {
        let mut budget = Budget::default();
        budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &Caps::new()).unwrap();
        budget.lose(&key(1, 1)).unwrap();
        assert_eq!(budget.committed(&Scope::Day(PERIOD.day)), MicroUsd(60));
        assert_eq!(budget.uncertain().count(), 1);
        assert_eq!(budget.settle(&key(1, 1), MicroUsd(0)), Ok(Settlement::Within));
        assert_eq!(budget.committed(&Scope::Day(PERIOD.day)), MicroUsd::ZERO);
        assert!(budget.settle(&key(1, 1), MicroUsd(5)).is_err(), "a charge is settled once");
        assert!(budget.reserve(key(1, 1), MicroUsd(1), PERIOD, &Caps::new()).is_err(), "a key is used once");
    }

    #[test]
    fn a_bill_above_the_reservation_is_recorded_in_full() {
        let mut budget = Budget::default();
        budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &Caps::new()).unwrap();
        assert_eq!(budget.settle(&key(1, 1), MicroUsd(75)), Ok(Settlement::Above(MicroUsd(15))));
        assert_eq!(budget.committed(&Scope::Month(PERIOD.month)), MicroUsd(75));
    }

    #[test]
    fn a_retired_episode_leaves_its_days_as_they_are() {
        let mut budget = Budget::default();
        budget.reserve(key(1, 1), MicroUsd(60), PERIOD, &Caps::new()).unwrap();
        budget.settle(&key(1, 1), MicroUsd(40)).unwrap();
        budget.retire(EpisodeNumber(1));
        assert_eq!(budget.committed(&Scope::Day(PERIOD.day)), MicroUsd(40));
        assert_eq!(budget.committed(&Scope::Episode(EpisodeNumber(1))), MicroUsd::ZERO);
    }

    #[test]
    fn a_scope_is_its_text() {
        for scope in [Scope::Call, Scope::Stage(EpisodeNumber(7), "voice".parse().unwrap()), Scope::Day(-1)] {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("stage:7".parse::<Scope>().is_err());
    }

    #[derive(Clone, Debug)]
    enum Act {
        Reserve(u32, u32, i64),
        Settle(u32, u32, i64),
        Lose(u32, u32),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0..3_u32, 0..8_u32, 0..60_i64).prop_map(|(e, n, w)| Act::Reserve(e, n, w)),
            (0..3_u32, 0..8_u32, 0..60_i64).prop_map(|(e, n, p)| Act::Settle(e, n, p)),
            (0..3_u32, 0..8_u32).prop_map(|(e, n)| Act::Lose(e, n)),
        ]
    }

    proptest! {
        /// In every prefix of every history: no cap is passed while bills stay within their reservations, and the
        /// running sums equal a sum over all calls made anew.
        #[test]
        fn no_history_passes_a_cap(acts in prop::collection::vec(act(), 0..80)) {
            let caps = Caps::from([(Scope::Day(PERIOD.day), MicroUsd(150)), (Scope::Call, MicroUsd(50))]);
            let mut budget = Budget::default();
            for act in acts {
                match act {
                    Act::Reserve(e, n, worst) => { let _ = budget.reserve(key(e, n), MicroUsd(worst), PERIOD, &caps); }
                    Act::Settle(e, n, price) => {
                        let worst = budget.call(&key(e, n)).map_or(0, |call| call.worst.0);
                        let _ = budget.settle(&key(e, n), MicroUsd(price.min(worst)));
                    }
                    Act::Lose(e, n) => { let _ = budget.lose(&key(e, n)); }
                }
                let day = budget.committed(&Scope::Day(PERIOD.day));
                prop_assert!(day <= MicroUsd(150));
                prop_assert!(budget.calls.values().all(|call| call.worst <= MicroUsd(50)));
                let under_way = budget.calls.values().filter(|call| call.charge == Charge::Reserved).map(|call| call.worst);
                prop_assert_eq!(budget.in_flight(&Scope::Day(PERIOD.day)), under_way.sum::<MicroUsd>());
                prop_assert_eq!(day, budget.calls.values().map(Reservation::committed).sum::<MicroUsd>());
            }
        }
    }
}
