//! Spent, held and possible: the three sums of money that are never added up on a screen.
//!
//! Every scope has them: a call, a stage, an episode, a day, a month, a provider. Only caps are held against all three
//! together. Not for caps: those are in [`super::budget`].

use std::iter::Sum;

use serde::{Deserialize, Serialize};

use super::money::MicroUsd;

/// What calls cost, hold and may have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sums {
    /// Prices that are known, and charges that a person wrote off.
    pub spent: MicroUsd,
    /// The worst cases of calls that are sent and not answered.
    pub held: MicroUsd,
    /// The worst cases of charges that are uncertain, or whose call was sent again.
    pub possible: MicroUsd,
}

impl Sums {
    /// Only spent.
    pub fn spent(price: MicroUsd) -> Self {
        Self { spent: price, ..Self::default() }
    }

    /// Only held.
    pub fn held(worst: MicroUsd) -> Self {
        Self { held: worst, ..Self::default() }
    }

    /// Only possible.
    pub fn possible(worst: MicroUsd) -> Self {
        Self { possible: worst, ..Self::default() }
    }

    /// What a cap counts: all three.
    pub fn committed(self) -> MicroUsd {
        self.spent.plus(self.held).plus(self.possible)
    }

    /// Each sum with that of the other.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            spent: self.spent.plus(other.spent),
            held: self.held.plus(other.held),
            possible: self.possible.plus(other.possible),
        }
    }

    /// Each sum without that of the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            spent: self.spent.minus(other.spent),
            held: self.held.minus(other.held),
            possible: self.possible.minus(other.possible),
        }
    }
}

impl Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Self::plus)
    }
}
