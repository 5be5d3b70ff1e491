//! Caps, reservations and settlement: the arithmetic by which a budget cannot overshoot.
//!
//! The worst case of a call is reserved against every cap that covers it before the call is sent, and settled when its
//! price is known. An uncertain charge is possible at its worst case until it is metered or ruled. Days and months
//! are UTC and are those of the reservation, so that a call that ends after midnight cannot slip between two days.
//! Not for prices: those are in [`super::money`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::event::Ruling;
use super::ids::{EpisodeNumber, IntentKey, StageId};
use super::money::MicroUsd;
use super::sums::Sums;

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
#[error("the call may cost {worst:.4} USD, and {committed:.4} of the cap of {cap:.4} USD is spent, held or possible")]
pub struct CapReached {
    /// The cap that is too low.
    pub scope: Scope,
    /// Its limit.
    pub cap: MicroUsd,
    /// What is spent, held and possible under it.
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
    /// Whether it was charged is not known: possible at its worst case until it is ruled.
    Uncertain,
    /// It was not known, and the call was sent again: possible at its worst case.
    Resent,
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
    /// What it adds to the sums of every scope that covers it.
    pub fn sums(&self) -> Sums {
        match self.charge {
            Charge::Reserved | Charge::Batched => Sums::held(self.worst),
            Charge::Uncertain | Charge::Resent => Sums::possible(self.worst),
            Charge::Settled(price) => Sums::spent(price),
        }
    }

    fn in_flight(&self) -> MicroUsd {
        if self.charge == Charge::Reserved { self.worst } else { MicroUsd::ZERO }
    }

    fn is_open(&self) -> bool {
        match self.charge {
            Charge::Reserved | Charge::Batched | Charge::Uncertain => true,
            Charge::Resent | Charge::Settled(_) => false,
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
    sums: BTreeMap<Scope, Sums>,
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
        let call = Reservation { worst: worst.min(MicroUsd::MOST), period, charge: Charge::Reserved };
        self.count(&key, &call);
        self.calls.insert(key, call);
        Ok(())
    }

    /// Adds a call to the sums of every scope that covers it.
    fn count(&mut self, key: &IntentKey, call: &Reservation) {
        for scope in scopes(key, call.period) {
            let flight = self.in_flight.entry(scope.clone()).or_default();
            *flight = flight.plus(call.in_flight());
            let sums = self.sums.entry(scope).or_default();
            *sums = sums.plus(call.sums());
        }
    }

    /// Takes a call out of the sums again.
    fn uncount(&mut self, key: &IntentKey, call: &Reservation) {
        for scope in scopes(key, call.period) {
            let flight = self.in_flight.entry(scope.clone()).or_default();
            *flight = flight.minus(call.in_flight());
            let sums = self.sums.entry(scope).or_default();
            *sums = sums.minus(call.sums());
        }
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
        self.sums.retain(|scope, _| !is_its_own(scope));
        self.in_flight.retain(|scope, sum| !is_its_own(scope) && *sum != MicroUsd::ZERO);
    }

    /// Records the price of a reserved or uncertain call and frees the rest of its reservation.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation or the price is negative.
    pub fn settle(&mut self, key: &IntentKey, price: MicroUsd) -> Result<Settlement, BudgetError> {
        self.book(key, price, Reservation::is_open)
    }

    /// Replaces the booked price of a call.
    ///
    /// # Errors
    ///
    /// When nothing is booked for the call or the price is negative.
    pub fn correct(&mut self, key: &IntentKey, price: MicroUsd) -> Result<Settlement, BudgetError> {
        self.book(key, price, |call| !call.is_open())
    }

    fn book(
        &mut self,
        key: &IntentKey,
        price: MicroUsd,
        fits: impl Fn(&Reservation) -> bool,
    ) -> Result<Settlement, BudgetError> {
        if price < MicroUsd::ZERO {
            return Err(BudgetError::Negative);
        }
        let worst = self.turn(key, Charge::Settled(price.min(MicroUsd::MOST)), fits)?;
        Ok(if price > worst { Settlement::Above(price.minus(worst)) } else { Settlement::Within })
    }

    /// Marks a call whose answer was lost: its worst case is possible.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation.
    pub fn lose(&mut self, key: &IntentKey) -> Result<(), BudgetError> {
        self.turn(key, Charge::Uncertain, Reservation::is_open).map(|_| ())
    }

    /// Marks a call that was taken into a batch: it stays reserved at its worst case, and nobody waits for it to come free.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation.
    pub fn defer(&mut self, key: &IntentKey) -> Result<(), BudgetError> {
        self.turn(key, Charge::Batched, Reservation::is_open).map(|_| ())
    }

    /// Closes an uncertain charge as a person ruled it: one that is sent again stays possible, one that is written off is
    /// spent at its worst case.
    ///
    /// # Errors
    ///
    /// When the call has no open reservation.
    pub fn rule(&mut self, key: &IntentKey, ruling: Ruling) -> Result<(), BudgetError> {
        let charge = match ruling {
            Ruling::Resend => Charge::Resent,
            Ruling::WriteOff => Charge::Settled(self.call(key).map(|call| call.worst).unwrap_or_default()),
        };
        self.turn(key, charge, Reservation::is_open).map(|_| ())
    }

    /// Gives a call its new standing, in all sums at once, and says what was reserved for it.
    fn turn(
        &mut self,
        key: &IntentKey,
        charge: Charge,
        fits: impl Fn(&Reservation) -> bool,
    ) -> Result<MicroUsd, BudgetError> {
        let was = self.calls.get(key).filter(|call| fits(call)).cloned();
        let was = was.ok_or_else(|| BudgetError::NotReserved(key.to_string()))?;
        self.uncount(key, &was);
        let now = Reservation { charge, ..was };
        self.count(key, &now);
        let worst = now.worst;
        self.calls.insert(key.clone(), now);
        Ok(worst)
    }

    /// What is spent, held and possible in a scope; nothing for [`Scope::Call`], which has no sums.
    pub fn sums(&self, scope: &Scope) -> Sums {
        self.sums.get(scope).copied().unwrap_or_default()
    }

    /// Every scope that has sums.
    pub fn scopes(&self) -> impl Iterator<Item = (&Scope, Sums)> {
        self.sums.iter().map(|(scope, sums)| (scope, *sums))
    }

    /// What a cap of a scope counts: spent, held and possible.
    pub fn committed(&self, scope: &Scope) -> MicroUsd {
        self.sums(scope).committed()
    }

    /// Whether at least 80 % of a cap is spent, held or possible: the moment to alert.
    pub fn is_near(&self, scope: &Scope, cap: MicroUsd) -> bool {
        self.committed(scope) >= cap.percent(80)
    }

    /// The calls of which something is kept, each as it stands.
    pub fn calls(&self) -> impl Iterator<Item = (&IntentKey, &Reservation)> {
        self.calls.iter()
    }

    /// Counts as spent what is known of calls that the ledger lost.
    pub fn count_lost(&mut self, period: Period, amount: MicroUsd) {
        for scope in [Scope::Day(period.day), Scope::Month(period.month)] {
            let sums = self.sums.entry(scope).or_default();
            sums.spent = sums.spent.plus(amount.max(MicroUsd::ZERO));
        }
    }

    /// What all calls of the studio's life cost, what may have been charged twice included, and what is held now.
    pub fn totals(&self) -> (MicroUsd, MicroUsd) {
        let months = self.sums.iter().filter(|(scope, _)| matches!(scope, Scope::Month(_)));
        months.fold((MicroUsd::ZERO, MicroUsd::ZERO), |(spent, held), (_, month)| {
            (spent.plus(month.spent).plus(month.possible), held.plus(month.held))
        })
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
mod tests;
