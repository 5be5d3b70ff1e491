//! Prices of single calls, worked by hand: each with its arithmetic. A million tokens at one dollar is a micro-dollar a token, so
//! that `1,000 x 4` is a thousand tokens at 4 USD a million, in micro-dollars. The figures are the providers' list prices of
//! November 2026, written down here again and not read from the table.

use super::*;

/// A call, and what it costs in micro-dollars.
struct Case {
    model: &'static str,
    on: Date,
    usage: Usage,
    terms: Terms,
    expected: i64,
}

fn case(model: &'static str, on: Date, usage: Usage, terms: Terms, expected: i64) -> Case {
    Case { model, on, usage, terms, expected }
}

const NONE: Usage = Usage {
    input: 0,
    output: 0,
    cache_read: 0,
    cache_write: 0,
    cache_write_1h: 0,
    reasoning: 0,
    citations: 0,
    searches: 0,
    characters: 0,
};
const USUAL: Terms = Terms { service: Service::Standard, search: None };
const BATCH: Terms = Terms { service: Service::Batch, search: None };
const FAST: Terms = Terms { service: Service::Fast, search: None };
const PRIORITY: Terms = Terms { service: Service::Priority, search: None };
const LOW: Terms = Terms { service: Service::Standard, search: Some(SearchSize::Low) };
const MEDIUM: Terms = Terms { service: Service::Standard, search: Some(SearchSize::Medium) };
const HIGH: Terms = Terms { service: Service::Standard, search: Some(SearchSize::High) };

/// Anthropic: the five kinds of tokens, each at its own price.
fn tokens() -> Vec<Case> {
    vec![
        // 1,000 x 4 + 500 x 20 = 14,000
        case("claude-opus-5-5", TODAY, Usage { input: 1_000, output: 500, ..NONE }, USUAL, 14_000),
        // 1,000 x 4 + 20,000 x 0.2 + 3,000 x 5 + 500 x 20 = 33,000
        case(
            "claude-opus-5-5",
            TODAY,
            Usage { input: 1_000, output: 500, cache_read: 20_000, cache_write: 3_000, ..NONE },
            USUAL,
            33_000,
        ),
        // 1,000 x 4 + 3,000 x 8 + 500 x 20 = 38,000
        case(
            "claude-opus-5-5",
            TODAY,
            Usage { input: 1_000, output: 500, cache_write_1h: 3_000, ..NONE },
            USUAL,
            38_000,
        ),
        // 12,345 x 5 + 9 x 0.5 + 678 x 25 = 78,679.5, and up to 78,680
        case("claude-opus-4-6", TODAY, Usage { input: 12_345, output: 678, cache_read: 9, ..NONE }, USUAL, 78_680),
        // 7 x 1 + 11 x 1.25 + 13 x 2 + 3 x 5 = 61.75, and up to 62
        case(
            "claude-haiku-4-5-20251001",
            TODAY,
            Usage { input: 7, output: 3, cache_write: 11, cache_write_1h: 13, ..NONE },
            USUAL,
            62,
        ),
        // 2,000 x 10 + 40,000 x 0.25 + 800 x 50 = 70,000
        case("claude-fable-5-1", TODAY, Usage { input: 2_000, output: 800, cache_read: 40_000, ..NONE }, USUAL, 70_000),
        // 100 x 10 + 1,000 x 1 + 10 x 50 = 2,500
        case("claude-mythos-5", TODAY, Usage { input: 100, output: 10, cache_read: 1_000, ..NONE }, USUAL, 2_500),
        // 1,000 x 15 + 1,000 x 75 = 90,000
        case(
            "claude-opus-4-1-20250805",
            date(2026, 8, 4),
            Usage { input: 1_000, output: 1_000, ..NONE },
            USUAL,
            90_000,
        ),
    ]
}

/// Batches cost half, fast mode twice as much; both go on to the cache.
fn services() -> Vec<Case> {
    vec![
        // 1,000 x 2 + 20,000 x 0.1 + 3,000 x 2.5 + 1,000 x 4 + 500 x 10 = 20,500
        case(
            "claude-opus-5-5",
            TODAY,
            Usage { input: 1_000, output: 500, cache_read: 20_000, cache_write: 3_000, cache_write_1h: 1_000, ..NONE },
            BATCH,
            20_500,
        ),
        // 1,000 x 8 + 20,000 x 0.4 + 500 x 40 = 36,000
        case("claude-opus-5-5", TODAY, Usage { input: 1_000, output: 500, cache_read: 20_000, ..NONE }, FAST, 36_000),
        // 1,000 x 10 + 500 x 50 = 35,000
        case("claude-opus-5", TODAY, Usage { input: 1_000, output: 500, ..NONE }, FAST, 35_000),
        // 1 x 1.5 + 1 x 0.15 + 1 x 7.5 = 9.15, and up to 10
        case("claude-sonnet-4-6", TODAY, Usage { input: 1, output: 1, cache_read: 1, ..NONE }, BATCH, 10),
    ]
}

/// Sonnet 5.5: reading from the cache costs half as much from 2026-10-07.
fn changed_cache() -> Vec<Case> {
    vec![
        // 1,000 x 2 + 100,000 x 0.2 + 100 x 10 = 23,000
        case(
            "claude-sonnet-5-5",
            date(2026, 10, 6),
            Usage { input: 1_000, output: 100, cache_read: 100_000, ..NONE },
            USUAL,
            23_000,
        ),
        // 1,000 x 2 + 100,000 x 0.1 + 100 x 10 = 13,000
        case(
            "claude-sonnet-5-5",
            date(2026, 10, 7),
            Usage { input: 1_000, output: 100, cache_read: 100_000, ..NONE },
            USUAL,
            13_000,
        ),
        // 100,000 x 0.05 = 5,000
        case("claude-sonnet-5-5", date(2026, 10, 7), Usage { cache_read: 100_000, ..NONE }, BATCH, 5_000),
    ]
}

/// Haiku 5.5: one token above 100,000, cached ones included, prices the whole request anew, its answer too.
fn haiku() -> Vec<Case> {
    vec![
        // 100,000 x 0.1 + 1,000 x 0.5 = 10,500
        case("claude-haiku-5-5", TODAY, Usage { input: 100_000, output: 1_000, ..NONE }, USUAL, 10_500),
        // 100,001 x 0.5 + 1,000 x 2.5 = 52,500.5, and up to 52,501
        case("claude-haiku-5-5", TODAY, Usage { input: 100_001, output: 1_000, ..NONE }, USUAL, 52_501),
        // 1 x 0.5 + 100,000 x 0.05 + 1,000 x 2.5 = 7,500.5, and up to 7,501
        case("claude-haiku-5-5", TODAY, Usage { input: 1, output: 1_000, cache_read: 100_000, ..NONE }, USUAL, 7_501),
        // 50,000 x 0.1 + 30,000 x 0.125 + 20,000 x 0.2 + 10 x 0.5 = 12,755
        case(
            "claude-haiku-5-5",
            TODAY,
            Usage { input: 50_000, output: 10, cache_write: 30_000, cache_write_1h: 20_000, ..NONE },
            USUAL,
            12_755,
        ),
        // 50,001 x 0.5 + 30,000 x 0.625 + 20,000 x 1 + 10 x 2.5 = 63,775.5, and up to 63,776
        case(
            "claude-haiku-5-5",
            TODAY,
            Usage { input: 50_001, output: 10, cache_write: 30_000, cache_write_1h: 20_000, ..NONE },
            USUAL,
            63_776,
        ),
        // 100,000 x 0.05 + 1,000 x 0.25 = 5,250
        case("claude-haiku-5-5", TODAY, Usage { input: 100_000, output: 1_000, ..NONE }, BATCH, 5_250),
        // 100,001 x 0.25 + 1,000 x 1.25 = 26,250.25, and up to 26,251
        case("claude-haiku-5-5", TODAY, Usage { input: 100_001, output: 1_000, ..NONE }, BATCH, 26_251),
    ]
}

/// What vanishes in cents is still counted, and rounded up once, at the end.
fn fractions() -> Vec<Case> {
    vec![
        // 1 x 0.01 = 0.01, and up to 1
        case("claude-haiku-5-5", TODAY, Usage { cache_read: 1, ..NONE }, USUAL, 1),
        // 4,000 x 0.01 = 40
        case("claude-haiku-5-5", TODAY, Usage { cache_read: 4_000, ..NONE }, USUAL, 40),
        // 3 x 0.1 + 77 x 0.01 + 9 x 0.125 + 1 x 0.5 = 2.695, and up to 3
        case(
            "claude-haiku-5-5",
            TODAY,
            Usage { input: 3, cache_read: 77, cache_write: 9, output: 1, ..NONE },
            USUAL,
            3,
        ),
        // 10 x 0.1 + 5 x 0.01 = 1.05, and up to 2
        case("gemini-2.5-flash-lite", TODAY, Usage { input: 10, cache_read: 5, output: 0, ..NONE }, USUAL, 2),
    ]
}

/// Sonnet 4 with its long window: the tier begins above 200,000.
fn long_window() -> Vec<Case> {
    vec![
        // 200,000 x 3 + 1,000 x 15 = 615,000
        case(
            "claude-sonnet-4-20250514",
            date(2026, 6, 14),
            Usage { input: 200_000, output: 1_000, ..NONE },
            USUAL,
            615_000,
        ),
        // 200,000 x 6 + 1 x 0.6 + 1,000 x 22.5 = 1,222,500.6, and up to 1,222,501
        case(
            "claude-sonnet-4-20250514",
            date(2026, 6, 14),
            Usage { input: 200_000, output: 1_000, cache_read: 1, ..NONE },
            USUAL,
            1_222_501,
        ),
    ]
}

/// Anthropic bills a search of the web apart.
fn web_search() -> Vec<Case> {
    vec![
        // 1,000 x 4 + 100 x 20 + 3 x 10,000 = 36,000
        case("claude-opus-5-5", TODAY, Usage { input: 1_000, output: 100, searches: 3, ..NONE }, USUAL, 36_000),
    ]
}

/// Gemini Pro: at 200,000 tokens and one above, and in a batch.
fn gemini_pro() -> Vec<Case> {
    vec![
        // 200,000 x 1.25 + 1,000 x 10 = 260,000
        case("gemini-2.5-pro", TODAY, Usage { input: 200_000, output: 1_000, ..NONE }, USUAL, 260_000),
        // 200,001 x 2.5 + 1,000 x 15 = 515,002.5, and up to 515,003
        case("gemini-2.5-pro", TODAY, Usage { input: 200_001, output: 1_000, ..NONE }, USUAL, 515_003),
        // 100,000 x 2 + 100,000 x 0.2 + 2,000 x 12 = 244,000
        case(
            "gemini-3.1-pro-preview",
            TODAY,
            Usage { input: 100_000, output: 2_000, cache_read: 100_000, ..NONE },
            USUAL,
            244_000,
        ),
        // 100,000 x 4 + 100,001 x 0.4 + 2,000 x 18 = 476,000.4, and up to 476,001
        case(
            "gemini-3.1-pro-preview",
            TODAY,
            Usage { input: 100_000, output: 2_000, cache_read: 100_001, ..NONE },
            USUAL,
            476_001,
        ),
        // 200,001 x 2 + 2,000 x 9 = 418,002
        case("gemini-3.1-pro-preview", TODAY, Usage { input: 200_001, output: 2_000, ..NONE }, BATCH, 418_002),
        // 1,000 x 2.25 + 100 x 18 = 4,050
        case("gemini-2.5-pro", TODAY, Usage { input: 1_000, output: 100, ..NONE }, PRIORITY, 4_050),
    ]
}

/// Gemini states no price for what a batch reads from the cache: then it costs what the prompt does.
fn gemini_batch() -> Vec<Case> {
    vec![
        // 1,000 x 0.75 + 1,000 x 0.75 + 100 x 4.5 = 1,950
        case("gemini-3.5-flash", TODAY, Usage { input: 1_000, output: 100, cache_read: 1_000, ..NONE }, BATCH, 1_950),
    ]
}

/// Gemini with searches of Google: by the prompt for 2.x, by the query from 3.x on.
fn grounding() -> Vec<Case> {
    vec![
        // 1,000 x 0.3 + 100 x 2.5 + 1 x 35,000 = 35,550
        case("gemini-2.5-flash", TODAY, Usage { input: 1_000, output: 100, searches: 4, ..NONE }, USUAL, 35_550),
        // 1,000 x 0.3 + 100 x 2.5 + 4 x 14,000 = 56,550
        case("gemini-3.5-flash-lite", TODAY, Usage { input: 1_000, output: 100, searches: 4, ..NONE }, USUAL, 56_550),
    ]
}

/// Promotions end: Argon on 2026-11-30, 3.6 to 3.8 Flash on 2026-12-31.
fn promotions() -> Vec<Case> {
    vec![
        // 10,000 x 2 + 50,000 x 0.1 + 1,000 x 10 = 35,000
        case(
            "gemini-4-argon",
            date(2026, 11, 30),
            Usage { input: 10_000, output: 1_000, cache_read: 50_000, ..NONE },
            USUAL,
            35_000,
        ),
        // 10,000 x 4 + 50,000 x 0.2 + 1,000 x 20 = 70,000
        case(
            "gemini-4-argon",
            date(2026, 12, 1),
            Usage { input: 10_000, output: 1_000, cache_read: 50_000, ..NONE },
            USUAL,
            70_000,
        ),
        // 10,000 x 2 + 1,000 x 10 = 30,000
        case("gemini-4-argon", date(2026, 12, 1), Usage { input: 10_000, output: 1_000, ..NONE }, BATCH, 30_000),
        // 1,000 x 0.75 + 10 x 0.075 + 100 x 3.75 = 1,125.75, and up to 1,126
        case(
            "gemini-3.6-flash",
            date(2026, 12, 31),
            Usage { input: 1_000, output: 100, cache_read: 10, ..NONE },
            USUAL,
            1_126,
        ),
        // 1,000 x 1.5 + 10 x 0.15 + 100 x 7.5 = 2,251.5, and up to 2,252
        case(
            "gemini-3.6-flash",
            date(2027, 1, 1),
            Usage { input: 1_000, output: 100, cache_read: 10, ..NONE },
            USUAL,
            2_252,
        ),
        // 1,000 x 0.75 + 10 x 0.075 + 100 x 3.75 = 1,125.75, and up to 1,126
        case(
            "gemini-3.7-flash",
            date(2026, 12, 31),
            Usage { input: 1_000, output: 100, cache_read: 10, ..NONE },
            USUAL,
            1_126,
        ),
        // 1,000 x 1.5 + 10 x 0.15 + 100 x 7.5 = 2,251.5, and up to 2,252
        case(
            "gemini-3.7-flash",
            date(2027, 1, 1),
            Usage { input: 1_000, output: 100, cache_read: 10, ..NONE },
            USUAL,
            2_252,
        ),
        // 1,000 x 0.75 + 10 x 0.075 + 100 x 3.75 = 1,125.75, and up to 1,126
        case(
            "gemini-3.8-flash",
            date(2026, 12, 31),
            Usage { input: 1_000, output: 100, cache_read: 10, ..NONE },
            USUAL,
            1_126,
        ),
        // 1,000 x 1.5 + 10 x 0.15 + 100 x 7.5 = 2,251.5, and up to 2,252
        case(
            "gemini-3.8-flash",
            date(2027, 1, 1),
            Usage { input: 1_000, output: 100, cache_read: 10, ..NONE },
            USUAL,
            2_252,
        ),
    ]
}

/// Perplexity: the Agent API by tokens and searches; Sonar with a fee by how much it searches, which covers its searches.
fn perplexity() -> Vec<Case> {
    vec![
        // 900 x 0.25 + 40 x 2.5 + 1 x 2,500 = 2,825
        case("perplexity/sonar", TODAY, Usage { input: 900, output: 40, searches: 1, ..NONE }, USUAL, 2_825),
        // 900 x 0.25 + 100 x 0.0625 + 40 x 2.5 = 331.25, and up to 332
        case("perplexity/sonar", TODAY, Usage { input: 900, output: 40, cache_read: 100, ..NONE }, USUAL, 332),
        // 14 x 1 + 70 x 1 + 5,000 = 5,084
        case("sonar", date(2026, 9, 26), Usage { input: 14, output: 70, searches: 1, ..NONE }, LOW, 5_084),
        // 14 x 3 + 70 x 15 + 10,000 = 11,092
        case("sonar-pro", date(2026, 9, 26), Usage { input: 14, output: 70, ..NONE }, MEDIUM, 11_092),
        // 14 x 2 + 70 x 8 + 14,000 = 14,588
        case("sonar-reasoning-pro", date(2026, 9, 26), Usage { input: 14, output: 70, ..NONE }, HIGH, 14_588),
        // 14 x 3 + 70 x 15 + 14,000 = 15,092
        case("sonar-pro", date(2026, 9, 26), Usage { input: 14, output: 70, ..NONE }, USUAL, 15_092),
        // 33 x 2 + 20,016 x 2 + 7,163 x 8 + 73 x 3 + 18 x 5,000 = 187,621
        case(
            "sonar-deep-research",
            date(2026, 9, 26),
            Usage { input: 33, output: 7_163, citations: 20_016, reasoning: 73, searches: 18, ..NONE },
            USUAL,
            187_621,
        ),
    ]
}

/// ElevenLabs: by the character, in Unicode characters and not in bytes.
fn speech() -> Vec<Case> {
    vec![
        // 1,234 x 40 = 49,360
        case("eleven_flash_v2_5", TODAY, Usage { characters: 1_234, ..NONE }, USUAL, 49_360),
        // 999 x 80 = 79,920
        case("eleven_v3", TODAY, Usage { characters: 999, ..NONE }, USUAL, 79_920),
        // 1 x 40 = 40
        case("eleven_turbo_v2_5", TODAY, Usage { characters: 1, ..NONE }, USUAL, 40),
    ]
}

/// A server of one's own: nothing, because its row says so.
fn own_server() -> Vec<Case> {
    vec![
        // 0 = 0
        case("ollama/qwen3:8b", TODAY, Usage { input: 1_000_000, output: 100_000, ..NONE }, USUAL, 0),
        // 0 = 0
        case("vllm/meta-llama/Llama-4", TODAY, Usage { input: 1, output: 1, ..NONE }, USUAL, 0),
    ]
}

#[test]
fn calls_of_every_provider_cost_what_was_worked_out_by_hand() {
    let prices = built_in();
    let all = [
        tokens(),
        services(),
        changed_cache(),
        haiku(),
        fractions(),
        long_window(),
        web_search(),
        gemini_pro(),
        gemini_batch(),
        grounding(),
        promotions(),
        perplexity(),
        speech(),
        own_server(),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    assert!(all.len() >= 40, "{}", all.len());
    for Case { model, on, usage, terms, expected } in all {
        let price = prices.settle_on(model, &usage, terms, on);
        assert_eq!(price, Ok(MicroUsd(expected)), "{model} on {on}, {usage:?}, {terms:?}");
    }
}

#[test]
fn what_nobody_knows_is_unknown_and_never_nothing() {
    let prices = built_in();
    let usage = Usage { input: 1_000, output: 100, ..NONE };
    for model in ["claude-fable-5-2", "claude-mythos-5-2"] {
        assert!(matches!(prices.settle(model, &usage, TODAY), Err(PriceError::NoPrice { .. })), "{model}");
        let worst = prices.worst_case(model, 1, Ceiling::OutputTokens(1), TODAY);
        assert!(matches!(worst, Err(PriceError::NoPrice { .. })), "{model}");
    }
    for model in ["claude-opus-9", "qwen3:9b", "ollama/", "lmstudio", "gemini-2.5-pro/x"] {
        assert!(matches!(prices.settle(model, &usage, TODAY), Err(PriceError::Unknown { .. })), "{model}");
    }
    let fast = prices.settle_on("claude-sonnet-5-5", &usage, FAST, TODAY);
    assert!(matches!(fast, Err(PriceError::NoService { .. })), "{fast:?}");
    let batch = prices.settle_on("sonar", &usage, BATCH, TODAY);
    assert!(matches!(batch, Err(PriceError::NoService { .. })), "{batch:?}");
}
