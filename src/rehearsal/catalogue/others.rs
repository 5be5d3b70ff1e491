//! The models of Perplexity, of servers of one's own, and of ElevenLabs.

use super::{Model, Rates, Row, Work, always, rates};

const fn plain(id: &'static str, work: Work, rows: &'static [Row], context: u64, most_output: u64) -> Model {
    Model { id, work, rows, context, most_output, fewest_cached: u64::MAX, retired: "", routed: None }
}

/// A voice: its price is in ten-thousandths of a dollar for a million characters.
const fn voice(id: &'static str, characters_per_credit: u64, rows: &'static [Row], most_characters: u64) -> Model {
    plain(id, Work::Voice(characters_per_credit), rows, most_characters, 0)
}

/// A Sonar model: the fee of a request in micro-dollars by the size of its search.
const fn sonar(id: &'static str, fees: (u64, u64, u64), rows: &'static [Row], context: u64) -> Model {
    const PICO: u64 = 1_000_000;
    let work = Work::Sonar { low: fees.0 * PICO, medium: fees.1 * PICO, high: fees.2 * PICO };
    plain(id, work, rows, context, 16_384)
}

const FREE: &[Row] = &[always(Rates { input: 0, output: 0, write_5m: 0, write_1h: 0, read: 0 })];
const DEAR: &[Row] = &[always(rates(800_000, 0, 0, 0, 0))];
const CHEAP: &[Row] = &[always(rates(400_000, 0, 0, 0, 0))];

pub(super) const MODELS: &[Model] = &[
    plain(
        "perplexity/sonar",
        Work::Searching(2_500_000_000),
        &[always(rates(2_500, 25_000, 0, 0, 625))],
        128_000,
        16_384,
    ),
    sonar("sonar", (5_000, 8_000, 12_000), &[always(rates(10_000, 10_000, 0, 0, 0))], 128_000),
    sonar("sonar-pro", (6_000, 10_000, 14_000), &[always(rates(30_000, 150_000, 0, 0, 0))], 200_000),
    sonar("sonar-reasoning", (5_000, 8_000, 14_000), &[always(rates(10_000, 50_000, 0, 0, 0))], 128_000),
    sonar("sonar-reasoning-pro", (6_000, 10_000, 14_000), &[always(rates(20_000, 80_000, 0, 0, 0))], 128_000),
    plain("qwen3:8b", Work::Local, FREE, 131_072, 32_768),
    plain("llama3.1:8b", Work::Local, FREE, 131_072, 32_768),
    plain("gpt-oss:20b", Work::Local, FREE, 131_072, 32_768),
    plain("kokoro", Work::LocalVoice, FREE, 4_096, 0),
    plain("piper", Work::LocalVoice, FREE, 4_096, 0),
    voice("eleven_v4", 1, DEAR, 10_000),
    voice("eleven_v4_turbo", 2, CHEAP, 10_000),
    voice("eleven_v3", 1, DEAR, 5_000),
    voice("eleven_v3_conversational", 2, CHEAP, 5_000),
    voice("eleven_multilingual_v2", 1, DEAR, 10_000),
    voice("eleven_flash_v2_5", 2, CHEAP, 40_000),
    voice("eleven_flash_v2", 2, CHEAP, 30_000),
    voice("eleven_turbo_v2_5", 2, CHEAP, 40_000),
    voice("eleven_turbo_v2", 2, CHEAP, 30_000),
];
