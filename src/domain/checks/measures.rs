//! What is measured of a script, in integers, and the limits that a show sets to it.
//!
//! Reading ease after R. Flesch, "A new readability yardstick", Journal of Applied Psychology 32 (1948); reading grade
//! after J. P. Kincaid and others, "Derivation of new readability formulas for Navy enlisted personnel", Naval Technical
//! Training Command, Research Branch Report 8-75 (1975). Both were made for print, and their syllables are counted by
//! rule here, so that they are compared with a limit and with one another and say nothing by themselves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::brand::{Deviation, deviation};
use super::numbers::figures;
use super::text::{counted, sentences, shown, syllables, words};
use super::{CheckKind, Observation, Subject, observe};
use crate::domain::handoff::Severity;
use crate::domain::script::Script;

/// The words over which the share of different ones is taken: it falls with length, so that a window makes texts
/// comparable (W. Johnson, "Studies in language behavior", Psychological Monographs 56, 1944).
const WINDOW: usize = 50;
/// How far a claimed count may be off, in parts of a hundred.
const CLAIM: u64 = 2;

/// How long a segment runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentTime {
    /// The plan's name of the segment.
    pub id: String,
    /// What was planned, in seconds.
    pub planned_s: u64,
    /// What its words and pauses take, in seconds.
    pub measured_s: u64,
}

/// What code measures of a script before anybody judges it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readings {
    /// Words, as `wc -w` counts them.
    pub words: u64,
    /// Sentences.
    pub sentences: u64,
    /// Turns: lines of the script.
    pub turns: u64,
    /// The projected length with its pauses, in seconds.
    pub seconds: u64,
    /// How many seconds the projection is short of the show's shortest (negative) or over its longest (positive).
    pub off_target_s: i64,
    /// Words of a sentence, in tenths.
    pub mean_sentence_tenths: u64,
    /// Words of the longest sentence.
    pub longest_sentence: u64,
    /// Words of the longest turn.
    pub longest_turn: u64,
    /// Reading ease (Flesch 1948), in tenths; it may be negative.
    pub reading_ease_tenths: i32,
    /// Reading grade (Kincaid and others 1975), in tenths; it may be negative.
    pub reading_grade_tenths: i32,
    /// Each planned segment that is there, in the order of the plan.
    pub segments: Vec<SegmentTime>,
    /// Figures a minute of speech, in tenths.
    pub figures_a_minute_tenths: u64,
    /// Sentences that ask, of a hundred.
    pub questions_percent: u8,
    /// Words that are contracted, of a hundred.
    pub contractions_percent: u8,
    /// Different words, of a hundred in a row of fifty.
    pub type_token_percent: u8,
    /// How far the script is from the show's samples; nothing where there is too little to compare.
    pub brand: Option<Deviation>,
}

/// Counts that several measures are made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Words of each sentence.
    pub(super) sentences: Vec<u64>,
    /// Sentences that ask.
    pub(super) questions: u64,
    /// Words.
    pub(super) words: u64,
    /// Syllables.
    pub(super) syllables: u64,
    /// Letters and digits.
    pub(super) letters: u64,
    /// Contracted words.
    pub(super) contractions: u64,
    /// Words for whoever speaks or listens.
    pub(super) personal: u64,
    /// Different words in all whole windows, and the words of these windows.
    pub(super) types: (u64, u64),
}

/// Words for whoever speaks or listens.
const PERSONAL: &[&str] = &[
    "i",
    "me",
    "my",
    "mine",
    "myself",
    "we",
    "us",
    "our",
    "ours",
    "ourselves",
    "you",
    "your",
    "yours",
    "yourself",
    "yourselves",
    "let's",
];
const CONTRACTED: &[&str] = &["n't", "'re", "'ve", "'ll", "'d", "'m"];
/// Words whose `'s` is a verb.
const WITH_VERB: &[&str] =
    &["it", "that", "there", "here", "what", "who", "where", "how", "let", "he", "she", "this", "when", "why"];

impl Counts {
    /// The counts of texts that follow one another; no sentence runs from one into the next.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        let mut keys: Vec<String> = Vec::new();
        for text in texts {
            for sentence in sentences(text) {
                let sentence = text.get(sentence).unwrap_or_default();
                let count = counted(sentence).count() as u64;
                if count == 0 {
                    continue;
                }
                all.sentences.push(count);
                let end = sentence.trim_end_matches(['"', '\'', ')', '”', '’']);
                all.questions += u64::from(end.ends_with('?'));
                all.words += count;
                all.syllables += counted(sentence).map(syllables).sum::<u64>();
                all.letters += sentence.chars().filter(|c| c.is_alphanumeric()).count() as u64;
            }
            for word in words(text) {
                all.contractions += u64::from(is_contracted(&word.key));
                let stem = word.key.split('\'').next().unwrap_or_default();
                all.personal += u64::from(PERSONAL.contains(&word.key.as_str()) || PERSONAL.contains(&stem));
                keys.push(word.key);
            }
        }
        let whole = keys.chunks(WINDOW).filter(|window| window.len() == WINDOW || keys.len() < WINDOW);
        all.types = whole.fold((0, 0), |(types, tokens), window| {
            let different: BTreeSet<&String> = window.iter().collect();
            (types + different.len() as u64, tokens + window.len() as u64)
        });
        all
    }

    /// Words of a sentence, in tenths.
    pub(super) fn sentence_tenths(&self) -> u64 {
        ratio(10 * self.words, self.sentences.len() as u64)
    }

    /// The reading grade in tenths: 0.39 words a sentence + 11.8 syllables a word - 15.59.
    pub(super) fn grade_tenths(&self) -> i32 {
        self.formula(390, 11_800, -15_590, 1)
    }

    /// The reading ease in tenths: 206.835 - 1.015 words a sentence - 84.6 syllables a word.
    pub(super) fn ease_tenths(&self) -> i32 {
        self.formula(1_015, 84_600, 206_835, -1)
    }

    /// A formula of both ratios, its factors in thousandths; of no words, nothing.
    fn formula(&self, sentence: u64, word: u64, constant: i64, sign: i64) -> i32 {
        if self.words == 0 {
            return 0;
        }
        let sum = ratio(sentence * self.words, self.sentences.len() as u64) + ratio(word * self.syllables, self.words);
        let thousandths = constant + sign * i64::try_from(sum).unwrap_or(i64::MAX / 2);
        let half = if thousandths < 0 { -50 } else { 50 };
        i32::try_from((thousandths + half) / 100).unwrap_or(if thousandths < 0 { i32::MIN } else { i32::MAX })
    }
}

/// A part over a whole, rounded; of nothing, nothing.
pub(super) fn ratio(part: u64, whole: u64) -> u64 {
    part.saturating_add(whole / 2).checked_div(whole).unwrap_or(0)
}

fn percent(part: u64, whole: u64) -> u8 {
    u8::try_from(ratio(part * 100, whole).min(100)).unwrap_or(100)
}

fn is_contracted(key: &str) -> bool {
    CONTRACTED.iter().any(|end| key.ends_with(end))
        || key.strip_suffix("'s").is_some_and(|stem| WITH_VERB.contains(&stem))
}

/// Measures the script of a subject.
pub(super) fn read(subject: &Subject<'_>) -> Readings {
    let script = subject.script;
    let measured = script.measure();
    let ms = measured.duration_ms(subject.words_per_minute);
    let seconds = |ms: u64| i64::try_from(ms / 1000).unwrap_or(i64::MAX);
    let (from, to) = subject.target_ms;
    let counts = Counts::of(script.lines().map(|line| line.text.as_str()));
    let figures = script.lines().map(|line| figures(&line.text).len() as u64).sum::<u64>();
    Readings {
        words: measured.words,
        sentences: counts.sentences.len() as u64,
        turns: measured.lines,
        seconds: ms / 1000,
        off_target_s: if ms < from { -seconds(from - ms) } else { seconds(ms.saturating_sub(to)) },
        mean_sentence_tenths: counts.sentence_tenths(),
        longest_sentence: counts.sentences.iter().copied().max().unwrap_or(0),
        longest_turn: script.lines().map(|line| line.text.split_whitespace().count() as u64).max().unwrap_or(0),
        reading_ease_tenths: counts.ease_tenths(),
        reading_grade_tenths: counts.grade_tenths(),
        segments: segments(subject),
        figures_a_minute_tenths: ratio(10 * figures * u64::from(subject.words_per_minute), measured.words),
        questions_percent: percent(counts.questions, counts.sentences.len() as u64),
        contractions_percent: percent(counts.contractions, counts.words),
        type_token_percent: percent(counts.types.0, counts.types.1),
        brand: deviation(script, &subject.guardrails.samples),
    }
}

fn segments(subject: &Subject<'_>) -> Vec<SegmentTime> {
    let planned = subject.plan.map_or(&[][..], |plan| plan.segments.as_slice());
    let time = |planned: &crate::domain::handoff::PlannedSegment| {
        let written = subject.script.segments.iter().find(|segment| segment.id == planned.id)?;
        let alone = Script { title: String::new(), segments: vec![written.clone()] };
        let measured_s = alone.measure().duration_ms(subject.words_per_minute) / 1000;
        Some(SegmentTime { id: planned.id.clone(), planned_s: u64::from(planned.seconds), measured_s })
    };
    planned.iter().filter_map(time).collect()
}

/// Holds the measures to the show's limits, the plan, and what the model claims.
pub(super) fn check(subject: &Subject<'_>, readings: &Readings, found: &mut Vec<Observation>) {
    let rules = subject.guardrails;
    for line in subject.script.lines() {
        for sentence in sentences(&line.text) {
            let count = counted(line.text.get(sentence.clone()).unwrap_or_default()).count();
            if count as u64 > u64::from(rules.max_sentence_words) {
                let problem =
                    format!("a sentence of {count} words; the show allows {} at most", rules.max_sentence_words);
                let wanted =
                    format!("Split the long sentence of {count} words into sentences that can be said in one breath.");
                found.push(observe::at(
                    line,
                    sentence.start,
                    (CheckKind::LongSentence, Severity::Minor),
                    problem,
                    wanted,
                ));
            }
        }
        let count = line.text.split_whitespace().count();
        if count as u64 > u64::from(rules.max_turn_words) {
            let problem = format!("one speaker says {count} words in a go; the show allows {}", rules.max_turn_words);
            let wanted = "Let the other speaker in.".to_owned();
            found.push(observe::at(line, 0, (CheckKind::LongTurn, Severity::Minor), problem, wanted));
        }
    }
    let mut whole = |kind, problem, wanted| found.push(observe::whole((kind, Severity::Minor), problem, wanted));
    let grade = readings.reading_grade_tenths;
    if grade > i32::from(rules.max_grade_tenths) {
        let (limit, of) = (rules.max_grade_tenths, "Use shorter sentences and shorter words.");
        let problem = format!(
            "the reading grade is {}.{}; the show allows {}.{}",
            grade / 10,
            grade % 10,
            limit / 10,
            limit % 10
        );
        whole(CheckKind::ReadingGrade, problem, of.to_owned());
    }
    for segment in &readings.segments {
        let (planned, measured) = (segment.planned_s, segment.measured_s);
        if planned > 0 && (measured > planned.saturating_mul(2) || measured.saturating_mul(2) < planned) {
            let problem =
                format!("segment `{}` runs for {measured} s and is planned for {planned} s", shown(&segment.id));
            let wanted =
                if measured > planned { "Cut the segment." } else { "Give the segment what it is planned for." };
            whole(CheckKind::SegmentLength, problem, wanted.to_owned());
        }
    }
    if let Some(claimed) = subject.claimed_words
        && u128::from(claimed.abs_diff(readings.words)) * 100 > u128::from(readings.words) * u128::from(CLAIM)
    {
        let problem = format!("the writer claims {claimed} words and {} are measured", readings.words);
        whole(CheckKind::WordCountClaim, problem, "Nothing in the script: the claim is not relied on.".to_owned());
    }
}
