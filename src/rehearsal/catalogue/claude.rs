//! Anthropic's models.

use super::{Era, Model, Rates, Row, Work, always, from, rates, tiered};

/// Rates of a generation whose cache costs the usual factors: 1.25, 2 and 0.1 of the input.
const fn usual(input: u64, output: u64) -> Rates {
    rates(input, output, input * 5 / 4, input * 2, input / 10)
}

/// A model that is alive.
const fn claude(
    id: &'static str,
    era: Era,
    rows: &'static [Row],
    context: u64,
    most_output: u64,
    fewest_cached: u64,
) -> Model {
    let work = Work::Claude(era);
    Model { id, work, rows, context, most_output, fewest_cached, retired: "", routed: None }
}

/// A model with the last day of its life behind or before it.
const fn mortal(model: Model, retired: &'static str) -> Model {
    Model { retired, ..model }
}

const M: u64 = 1_000_000;

pub(super) const MODELS: &[Model] = &[
    mortal(
        claude("claude-opus-4-20250514", Era::Four, &[always(usual(150_000, 750_000))], 200_000, 32_000, 1_024),
        "2026-06-15",
    ),
    mortal(
        claude(
            "claude-sonnet-4-20250514",
            Era::Four,
            &[tiered(usual(30_000, 150_000), 200_000, usual(60_000, 225_000))],
            200_000,
            64_000,
            1_024,
        ),
        "2026-06-15",
    ),
    mortal(
        claude("claude-opus-4-1-20250805", Era::Four, &[always(usual(150_000, 750_000))], 200_000, 32_000, 1_024),
        "2026-08-05",
    ),
    mortal(
        claude("claude-sonnet-4-5-20250929", Era::FourFive, &[always(usual(30_000, 150_000))], 200_000, 64_000, 1_024),
        "2026-11-30",
    ),
    claude("claude-haiku-4-5-20251001", Era::FourFive, &[always(usual(10_000, 50_000))], 200_000, 64_000, 4_096),
    claude("claude-opus-4-5-20251101", Era::OpusFourFive, &[always(usual(50_000, 250_000))], 200_000, 64_000, 4_096),
    claude("claude-opus-4-6", Era::FourSix, &[always(usual(50_000, 250_000))], M, 128_000, 4_096),
    claude("claude-sonnet-4-6", Era::FourSix, &[always(usual(30_000, 150_000))], M, 128_000, 1_024),
    claude("claude-opus-4-7", Era::FourSeven, &[always(usual(50_000, 250_000))], M, 128_000, 2_048),
    claude("claude-opus-4-8", Era::FourSeven, &[always(usual(50_000, 250_000))], M, 128_000, 1_024),
    claude("claude-fable-5", Era::FableFive, &[always(usual(100_000, 500_000))], M, 128_000, 512),
    claude("claude-mythos-5", Era::FableFive, &[always(usual(100_000, 500_000))], M, 128_000, 512),
    claude("claude-sonnet-5", Era::SonnetFive, &[always(usual(20_000, 100_000))], M, 128_000, 1_024),
    claude("claude-opus-5", Era::Five, &[always(usual(50_000, 250_000))], M, 128_000, 512),
    claude(
        "claude-fable-5-1",
        Era::FiveFive,
        &[always(rates(100_000, 500_000, 125_000, 200_000, 2_500))],
        M,
        128_000,
        512,
    ),
    claude(
        "claude-mythos-5-1",
        Era::FiveFive,
        &[always(rates(100_000, 500_000, 125_000, 200_000, 2_500))],
        M,
        128_000,
        512,
    ),
    claude("claude-opus-5-5", Era::FiveFive, &[always(rates(40_000, 200_000, 50_000, 80_000, 2_000))], M, 128_000, 512),
    claude(
        "claude-sonnet-5-5",
        Era::SonnetFiveFive,
        &[always(usual(20_000, 100_000)), from("2026-10-07", rates(20_000, 100_000, 25_000, 40_000, 1_000))],
        M,
        128_000,
        512,
    ),
    claude(
        "claude-haiku-5-5",
        Era::Five,
        &[tiered(usual(1_000, 5_000), 100_000, usual(5_000, 25_000))],
        M,
        128_000,
        512,
    ),
];
