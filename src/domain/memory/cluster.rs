//! Texts that say the same in other words, gathered.
//!
//! Each text is a vector of its stems, weighted by how often they occur in it and how rare they are in all (term
//! frequency times inverse document frequency: Salton and Buckley, "Term-weighting approaches in automatic text
//! retrieval", 1988), of length one. A text joins the cluster that it is on average most like, if it is like enough, and
//! else begins one. The texts are taken in the order of their stems and not in the order they came, so that the same
//! texts give the same clusters in any order.

use std::collections::{BTreeMap, BTreeSet};

use super::commonest;
use super::words::{Word, telling};

/// How alike a text must on average be to those of a cluster to join it, as a cosine.
const LIKE: f64 = 0.3;
/// The most words that a cluster is named by.
const MOST_WORDS: usize = 4;

/// Texts that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Which texts, by their place in what was given, rising.
    pub(super) members: Vec<usize>,
    /// The words that mark them, the weightiest first.
    pub(super) words: Vec<String>,
    /// The text that is most like all of them.
    pub(super) centre: usize,
}

/// The weight of each stem of a text.
type Vector<'a> = BTreeMap<&'a str, f64>;

/// The clusters of some texts, by their first text. A text without a telling word is in none.
pub(super) fn of(texts: &[&str]) -> Vec<Cluster> {
    let words: Vec<Vec<Word>> = texts.iter().map(|text| telling(text)).collect();
    let vectors = vectors(&words);
    let mut order: Vec<(&Vec<Word>, &str, usize, &Vector<'_>)> = Vec::with_capacity(texts.len());
    for (at, ((words, text), vector)) in words.iter().zip(texts).zip(&vectors).enumerate() {
        order.push((words, text, at, vector));
    }
    order.retain(|(.., vector)| !vector.is_empty());
    order.sort_by(|a, b| stems(a.0).cmp(stems(b.0)).then_with(|| a.1.cmp(b.1)));

    let mut clusters: Vec<Gathered<'_>> = Vec::new();
    for (words, _, at, vector) in order {
        let mut best: Option<(f64, &mut Gathered<'_>)> = None;
        for cluster in &mut clusters {
            let like = dot(vector, &cluster.sum) / cluster.texts.len() as f64;
            if like >= best.as_ref().map_or(LIKE, |best| best.0.next_up()) {
                best = Some((like, cluster));
            }
        }
        let text = Text { at, words, vector };
        match best {
            Some((_, cluster)) => cluster.take(text),
            None => {
                let mut cluster = Gathered::default();
                cluster.take(text);
                clusters.push(cluster);
            }
        }
    }
    let mut clusters: Vec<Cluster> = clusters.iter().filter_map(Gathered::named).collect();
    clusters.sort_by(|a, b| a.members.cmp(&b.members));
    clusters
}

fn stems(words: &[Word]) -> impl Iterator<Item = &str> {
    words.iter().map(|word| word.stem.as_str())
}

fn vectors(words: &[Vec<Word>]) -> Vec<Vector<'_>> {
    let mut holding: BTreeMap<&str, usize> = BTreeMap::new();
    for text in words {
        for stem in stems(text).collect::<BTreeSet<_>>() {
            *holding.entry(stem).or_default() += 1;
        }
    }
    let all = words.len() as f64;
    let rarity = |stem: &str| {
        let texts = holding.get(stem).copied().unwrap_or(0) as f64;
        1.0 + ((1.0 + all) / (1.0 + texts)).ln()
    };
    let mut vectors = Vec::with_capacity(words.len());
    for text in words {
        let mut vector = Vector::new();
        for stem in stems(text) {
            *vector.entry(stem).or_default() += rarity(stem);
        }
        let length = dot(&vector, &vector).sqrt();
        vector.values_mut().for_each(|weight| *weight /= length);
        vectors.push(vector);
    }
    vectors
}

fn dot(short: &Vector<'_>, long: &Vector<'_>) -> f64 {
    short.iter().filter_map(|(stem, weight)| long.get(stem).map(|other| weight * other)).sum()
}

/// A text with its place in what was given.
#[derive(Debug)]
struct Text<'a> {
    at: usize,
    words: &'a [Word],
    vector: &'a Vector<'a>,
}

/// A cluster while it is gathered: its texts and the sum of their vectors.
#[derive(Debug, Default)]
struct Gathered<'a> {
    texts: Vec<Text<'a>>,
    sum: Vector<'a>,
}

impl<'a> Gathered<'a> {
    fn take(&mut self, text: Text<'a>) {
        for (stem, weight) in text.vector {
            *self.sum.entry(stem).or_default() += weight;
        }
        self.texts.push(text);
    }

    /// The cluster with the words that at least half of its texts hold, and the text in its middle.
    fn named(&self) -> Option<Cluster> {
        let likeness = |text: &Text<'_>| dot(text.vector, &self.sum);
        let centre = self.texts.iter().rev().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
        let holding = |stem: &str| self.texts.iter().filter(|text| text.vector.contains_key(stem)).count();
        let shared = |stem: &str| holding(stem) * 2 >= self.texts.len();
        let mut weighty: Vec<(&str, f64)> =
            self.sum.iter().filter(|(stem, _)| shared(stem)).map(|(stem, weight)| (*stem, *weight)).collect();
        weighty.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let words = weighty.into_iter().take(MOST_WORDS).filter_map(|(stem, _)| self.form(stem)).collect();
        let mut members: Vec<usize> = self.texts.iter().map(|text| text.at).collect();
        members.sort_unstable();
        Some(Cluster { members, words, centre: centre.at })
    }

    /// The form that a stem most often has in these texts.
    fn form(&self, stem: &str) -> Option<String> {
        let words = self.texts.iter().flat_map(|text| text.words).filter(|word| word.stem == stem);
        commonest(words.map(|word| word.form.as_str())).map(str::to_owned)
    }
}
