//! The targets driven on a stable compiler: a small corpus is replayed, and mutated for a while. What leads elsewhere is kept
//! and mutated further.
//!
//! `GREENROOM_FUZZ_SECONDS` says for how long each target runs; without it each takes a few hundred mutations. The seed is
//! `GREENROOM_FUZZ_SEED`, or 1. Where a compiler of the nightly channel is at hand, `fuzz/` drives the same targets.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use super::targets::{self, Target};

#[path = "../support/dice.rs"]
mod dice;

use dice::Dice;

/// Mutations of a target where nobody says for how long.
const QUICK: u64 = 250;

/// The most inputs that are kept, and the longest of them in bytes.
const MOST_KEPT: usize = 4_000;
const LONGEST: usize = 8_192;

/// What the wires are made of.
const WORDS: &[&str] = &[
    "data: ",
    "event: ",
    "\n\n",
    "\r\n\r\n",
    "\r",
    ": \n",
    "[DONE]",
    "\u{feff}",
    "\u{1f600}",
    "{}",
    "[]",
    "null",
    "\"\"",
    "-1",
    "1e309",
    "18446744073709551616",
    "\\ud800",
    "{\"error\":\"x\"}",
    "\"error\":{\"message\":\"m\",\"code\":429}",
    "\"usage\":{",
    "\"type\":",
    "\"choices\":[",
    "\"delta\":{\"content\":\"",
    "\"finish_reason\":\"stop\"",
    "<think>",
    "</think>",
    "\"alignment\":null",
    "\"audio_base64\":\"AQA=\"",
    "\"content\":[",
    "\"parts\":",
    "\"candidates\":[",
    "\"thought\":true",
    "\"citations\":[\"https://e.org\"]",
    "\"search_results\":[",
    "\"total_cost\":0.1",
    "\"detail\":",
    "\"status\":\"failed\"",
    "RIFF",
    "WAVE",
    "fmt ",
    "{\"a\":",
    "}",
    "]",
    ",",
    "\"",
];

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let named =
        |path: std::path::PathBuf| (path.display().to_string(), fs::read(&path).expect("a file that can be read"));
    files.into_iter().map(named).collect()
}

/// Runs a target, and tells the input where it panics.
fn survive(name: &str, target: Target, input: &[u8]) -> u64 {
    catch_unwind(AssertUnwindSafe(|| target(input)))
        .unwrap_or_else(|_| panic!("{name} does not bear this input: \"{}\"", input.escape_ascii()))
}

/// Something else than what was there.
fn mutated(dice: &mut Dice, kept: &[Vec<u8>]) -> Vec<u8> {
    let pick = |dice: &mut Dice, most: usize| usize::try_from(dice.roll(most as u64)).unwrap_or(0);
    let mut bytes = kept[pick(dice, kept.len())].clone();
    for _ in 0..=dice.roll(4) {
        let at = pick(dice, bytes.len() + 1);
        let end = (at + pick(dice, 32)).min(bytes.len());
        match dice.roll(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap_or(0),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = pick(dice, bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            4 | 5 => {
                let word = WORDS[pick(dice, WORDS.len())].bytes();
                drop(bytes.splice(at..at, word));
            }
            6 => {
                let other = &kept[pick(dice, kept.len())];
                let from = pick(dice, other.len() + 1);
                drop(bytes.splice(at.., other[from..].iter().copied()));
            }
            _ => bytes.truncate(at),
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

#[expect(clippy::disallowed_methods, reason = "how long to run is said by whoever runs it, and measured")]
fn drive(name: &str, target: Target) {
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("GREENROOM_FUZZ_SECONDS").map(Duration::from_secs);
    let mut dice = Dice::new(number("GREENROOM_FUZZ_SEED").unwrap_or(1));
    let files = corpus(name);
    assert!(!files.is_empty(), "{name} has no corpus");
    let mut outcomes: HashSet<u64> = files.iter().map(|(file, bytes)| survive(file, target, bytes)).collect();
    let mut kept: Vec<Vec<u8>> = files.into_iter().map(|(_, bytes)| bytes).collect();
    kept.push(Vec::new());
    let began = Instant::now();
    let mut ran = 0_u64;
    while seconds.map_or(ran < QUICK, |seconds| began.elapsed() < seconds) {
        for _ in 0..50 {
            let input = mutated(&mut dice, &kept);
            if outcomes.insert(survive(name, target, &input)) && kept.len() < MOST_KEPT {
                kept.push(input);
            }
            ran += 1;
        }
    }
    println!("{name}: {ran} executions in {:?}, {} outcomes", began.elapsed(), outcomes.len());
}

macro_rules! driven {
    ($($test:ident drives $target:ident;)*) => {$(
        #[test]
        fn $test() {
            drive(stringify!($target), targets::$target);
        }
    )*};
}

driven! {
    any_bytes_are_borne_by_the_reader_of_events drives sse;
    any_bytes_are_borne_as_anthropics_answer drives anthropic;
    any_bytes_are_borne_as_a_result_of_anthropics_batches drives batch;
    any_bytes_are_borne_as_geminis_answer drives gemini;
    any_bytes_are_borne_as_perplexitys_answer drives perplexity;
    any_bytes_are_borne_as_an_answer_of_sonar drives sonar;
    any_bytes_are_borne_as_an_answer_of_openais_wire drives openai;
    any_bytes_are_borne_as_speech drives speech;
    any_bytes_are_borne_as_elevenlabs_documents drives elevenlabs;
    any_bytes_are_borne_as_a_refusal drives errors;
}
