//! The scale that scores are on, and how much of an agreement two different scores still are.

/// An ordinal scale of whole numbers from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    top: u8,
}

impl Scale {
    /// The scale of the rubric: 1 to 5.
    pub const RUBRIC: Self = Self { top: 5 };

    /// A scale from 1 to `top`, or none if that leaves nothing to choose between.
    pub fn up_to(top: u8) -> Option<Self> {
        (top >= 2).then_some(Self { top })
    }

    /// How many scores there are.
    pub(super) fn count(self) -> usize {
        usize::from(self.top)
    }

    /// All scores, from the lowest.
    pub(super) fn scores(self) -> impl Iterator<Item = u8> + Clone {
        1..=self.top
    }

    /// Whether a number is a score of this scale.
    pub(super) fn holds(self, score: u8) -> bool {
        (1..=self.top).contains(&score)
    }

    /// The pairs of which both scores are on the scale.
    pub(super) fn kept(self, pairs: &[(u8, u8)]) -> Vec<(u8, u8)> {
        pairs.iter().copied().filter(|&(first, second)| self.holds(first) && self.holds(second)).collect()
    }
}

/// What two scores count as an agreement: 1 where they are equal, less the further they are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Only equal scores agree.
    Identity,
    /// One less the distance as a share of the longest one (Cicchetti and Allison 1971).
    Linear,
    /// One less the square of that share (Fleiss and Cohen 1973).
    Quadratic,
    /// One less the number of pairs of scores from the one to the other, as a share of the most (Gwet, Handbook of
    /// Inter-Rater Reliability, 2014, chapter 3).
    Ordinal,
}

impl Weights {
    /// The weight of two scores of a scale, from 0 to 1.
    pub(super) fn of(self, scale: Scale, one: u8, other: u8) -> f64 {
        let (apart, most) = (f64::from(one.abs_diff(other)), f64::from(scale.top.saturating_sub(1)));
        match self {
            Self::Identity if one == other => 1.0,
            Self::Identity => 0.0,
            Self::Linear => 1.0 - apart / most,
            Self::Quadratic => 1.0 - (apart / most).powi(2),
            Self::Ordinal => 1.0 - apart * (apart + 1.0) / (most * (most + 1.0)),
        }
    }
}
