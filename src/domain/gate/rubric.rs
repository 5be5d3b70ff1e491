//! The rubric: the dimensions that judges score, the floor of each, and how often each is asked.
//!
//! Judges are asked with it and gates hold to it, so that a floor stands in one place. An episode pins it by its hash. Not for
//! the file that it is written in: that is `config::rubric`.

use serde::{Deserialize, Serialize};

use crate::domain::handoff::{Dimension, Points};

/// A rubric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// Its version, such as `rubric/1`; scores of two versions are never put together.
    pub version: String,
    /// A rule for each dimension, in the order that reports list them.
    pub rules: Vec<DimensionRule>,
}

/// How one dimension is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionRule {
    /// The dimension.
    pub dimension: Dimension,
    /// The fewest points with which a script goes on.
    pub floor: Points,
    /// The call that it is asked in, by name.
    pub group: String,
    /// How often that call is made; the median counts.
    pub times: u8,
    /// What 1, 2, 3, 4 and 5 points look like.
    pub anchors: [String; 5],
}

/// One call of a judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sitting<'a> {
    /// The group's name.
    pub group: &'a str,
    /// Which time it is, from 1.
    pub sample: u8,
    /// The rules of its dimensions.
    pub rules: Vec<&'a DimensionRule>,
}

impl Rubric {
    /// The floor of a dimension; the highest points where the rubric does not know it, so that nothing passes unknown.
    pub fn floor(&self, dimension: Dimension) -> Points {
        self.rule(dimension).map_or(Points::MOST, |rule| rule.floor)
    }

    /// The rule of a dimension.
    pub fn rule(&self, dimension: Dimension) -> Option<&DimensionRule> {
        self.rules.iter().find(|rule| rule.dimension == dimension)
    }

    /// The calls that a judge is asked: each group as often as the most asked of its dimensions.
    pub fn sittings(&self) -> Vec<Sitting<'_>> {
        let mut groups: Vec<&str> = Vec::new();
        for rule in &self.rules {
            if !groups.contains(&rule.group.as_str()) {
                groups.push(&rule.group);
            }
        }
        let mut sittings = Vec::new();
        for group in groups {
            let rules: Vec<&DimensionRule> = self.rules.iter().filter(|rule| rule.group == group).collect();
            let times = rules.iter().map(|rule| rule.times).max().unwrap_or(1).max(1);
            sittings.extend((1..=times).map(|sample| Sitting { group, sample, rules: rules.clone() }));
        }
        sittings
    }
}
