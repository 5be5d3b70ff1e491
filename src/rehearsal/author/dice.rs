//! Randomness that is a pure function of a seed and of what was asked: SplitMix64 started from a blake3 hash.
//!
//! Not for secrets: anyone who knows the seed and the request knows every throw.

use crate::domain::ids::ContentHash;

/// A source of throws. Two of them started from the same parts give the same throws for ever.
#[derive(Clone, Debug)]
pub(in crate::rehearsal) struct Dice(u64);

impl Dice {
    /// Dice for a seed and the parts of a request.
    pub(in crate::rehearsal) fn new<'a>(seed: u64, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let asked = ContentHash::of_parts(parts);
        let start = ContentHash::of_parts([seed.to_le_bytes().as_slice(), asked.as_bytes()]);
        let start = start.as_bytes().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        Self(start)
    }

    /// The next 64 bits (SplitMix64, Steele and others 2014).
    pub(in crate::rehearsal) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to one less than `sides`; 0 where there is no side.
    pub(in crate::rehearsal) fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap_or(u64::MAX);
        if sides == 0 { 0 } else { usize::try_from(self.next() % sides).unwrap_or(0) }
    }

    /// One of some things; `None` where there is none.
    pub(in crate::rehearsal) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.below(of.len());
        of.get(index)
    }

    /// Whether a throw falls within so many of a hundred.
    pub(in crate::rehearsal) fn in_hundred(&mut self, percent: u8) -> bool {
        self.below(100) < usize::from(percent)
    }

    /// Puts things into a random order (Fisher and Yates).
    pub(in crate::rehearsal) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last + 1);
            things.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_depend_on_seed_and_parts_alone() {
        let throws = |seed, part: &str| {
            let mut dice = Dice::new(seed, [part.as_bytes()]);
            (0..8).map(|_| dice.next()).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, "a"), throws(1, "a"));
        assert_ne!(throws(1, "a"), throws(2, "a"));
        assert_ne!(throws(1, "a"), throws(1, "b"));
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        let mut things: Vec<u32> = (0..100).collect();
        Dice::new(7, []).shuffle(&mut things);
        assert_ne!(things, (0..100).collect::<Vec<_>>());
        things.sort_unstable();
        assert_eq!(things, (0..100).collect::<Vec<_>>());
        assert_eq!(Dice::new(7, []).below(0), 0);
        assert_eq!(Dice::new(7, []).pick::<u8>(&[]), None);
    }
}
