//! Google's models.

use super::{Control, Model, Row, Work, always, from, rates, tiered};

/// The window of all of them.
const WINDOW: u64 = 1_048_576;

const fn gemini(id: &'static str, control: Control, rows: &'static [Row], fewest_cached: u64) -> Model {
    let work = Work::Gemini(control);
    Model { id, work, rows, context: WINDOW, most_output: 65_536, fewest_cached, retired: "", routed: None }
}

/// A model in whose place another one answers from a day on.
const fn routed(model: Model, to: &'static str, day: &'static str) -> Model {
    Model { routed: Some((to, day)), ..model }
}

const LEVELS: Control = Control::Level { has_minimal: true };
const THREE_LEVELS: Control = Control::Level { has_minimal: false };

/// The promotion of the 3.6 to 3.8 generation, which ends with the year.
const FLASH: &[Row] =
    &[always(rates(7_500, 37_500, 0, 0, 750)), from("2027-01-01", rates(15_000, 75_000, 0, 0, 1_500))];

pub(super) const MODELS: &[Model] = &[
    routed(
        gemini(
            "gemini-2.5-pro",
            Control::Budget { least: 128, most: 32_768, can_be_off: false },
            &[tiered(rates(12_500, 100_000, 0, 0, 1_250), 200_000, rates(25_000, 150_000, 0, 0, 2_500))],
            2_048,
        ),
        "gemini-3.8-flash",
        "2026-12-01",
    ),
    routed(
        gemini(
            "gemini-2.5-flash",
            Control::Budget { least: 1, most: 24_576, can_be_off: true },
            &[always(rates(3_000, 25_000, 0, 0, 300))],
            2_048,
        ),
        "gemini-3.5-flash-lite",
        "2026-12-01",
    ),
    gemini(
        "gemini-2.5-flash-lite",
        Control::Budget { least: 512, most: 24_576, can_be_off: true },
        &[always(rates(1_000, 4_000, 0, 0, 100))],
        2_048,
    ),
    gemini("gemini-3-flash-preview", LEVELS, &[always(rates(5_000, 30_000, 0, 0, 500))], 4_096),
    gemini(
        "gemini-3.1-pro-preview",
        LEVELS,
        &[tiered(rates(20_000, 120_000, 0, 0, 2_000), 200_000, rates(40_000, 180_000, 0, 0, 4_000))],
        4_096,
    ),
    gemini("gemini-3.1-flash-lite", LEVELS, &[always(rates(2_500, 15_000, 0, 0, 250))], 4_096),
    gemini("gemini-3.5-flash", LEVELS, &[always(rates(15_000, 90_000, 0, 0, 1_500))], 4_096),
    gemini("gemini-3.5-flash-lite", LEVELS, &[always(rates(3_000, 25_000, 0, 0, 300))], 4_096),
    gemini("gemini-3.6-flash", LEVELS, FLASH, 4_096),
    routed(gemini("gemini-3.7-flash", THREE_LEVELS, FLASH, 4_096), "gemini-3.8-flash", ""),
    gemini("gemini-3.8-flash", THREE_LEVELS, FLASH, 4_096),
    Model {
        most_output: WINDOW,
        ..gemini(
            "gemini-4-argon",
            THREE_LEVELS,
            &[always(rates(20_000, 100_000, 0, 0, 1_000)), from("2026-12-01", rates(40_000, 200_000, 0, 0, 2_000))],
            4_096,
        )
    },
];
