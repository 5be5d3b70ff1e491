//! What the rest of an episode is likely to cost and take, in lines and as a table.

use super::{Align, Table};
use crate::domain::forecast::{FEWEST, Outlook, Range};
use crate::domain::money::MicroUsd;

/// A time at providers in words, such as `14 min`.
pub fn took(machine_ms: u64) -> String {
    let seconds = machine_ms.div_ceil(1_000);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn usd(range: &Range<MicroUsd>) -> String {
    format!("{:.2} USD ({:.2} to {:.2})", range.p50, range.p10, range.p90)
}

/// What is likely and what holds, in two lines.
pub fn outlook_lines(outlook: &Outlook) -> [String; 2] {
    let likely = match &outlook.forecast {
        Some(forecast) => format!(
            "Likely: {}, and {} at providers ({} to {}); of {} past episodes, p50 (p10 to p90).",
            usd(&forecast.cost),
            took(forecast.machine_ms.p50),
            took(forecast.machine_ms.p10),
            took(forecast.machine_ms.p90),
            forecast.past
        ),
        None => {
            format!("Too few to forecast: {} of this show's episodes are past, and {FEWEST} are needed.", outlook.past)
        }
    };
    let reserved = if outlook.reserved > MicroUsd::ZERO {
        format!(" {:.4} USD are held for calls under way.", outlook.reserved)
    } else {
        String::new()
    };
    let left = outlook.left_of_cap.map_or_else(
        || " There is no cap.".to_owned(),
        |left| format!(" The cap leaves {left:.2} USD; more is not spent without asking."),
    );
    let worst = format!("At worst: {:.2} USD without further rounds.{reserved}{left}", outlook.worst);
    [likely, worst]
}

/// What is likely in one line of a box, which has 72 columns; the worst case where nothing can be said.
pub fn outlook_short(outlook: &Outlook) -> String {
    match &outlook.forecast {
        Some(forecast) => format!(
            "Likely {}, {} at providers ({} past).",
            usd(&forecast.cost),
            took(forecast.machine_ms.p50),
            forecast.past
        ),
        None => format!(
            "No forecast ({} of {FEWEST} past): at worst {:.2} USD without further rounds.",
            outlook.past, outlook.worst
        ),
    }
}

/// What is likely, by stage that is left.
///
/// # Errors
///
/// When the output cannot be written.
pub fn print_outlook(outlook: &Outlook, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    for line in outlook_lines(outlook) {
        writeln!(out, "{line}")?;
    }
    let Some(forecast) = outlook.forecast.as_ref().filter(|forecast| !forecast.stages.is_empty()) else {
        return Ok(());
    };
    writeln!(out)?;
    let mut table = Table::new(&[
        ("Stage", Align::Left),
        ("USD p10", Align::Right),
        ("p50", Align::Right),
        ("p90", Align::Right),
        ("Time p10", Align::Right),
        ("p50", Align::Right),
        ("p90", Align::Right),
    ]);
    for left in &forecast.stages {
        let (cost, time) = (&left.cost, &left.machine_ms);
        let money = |amount: MicroUsd| format!("{amount:.4}");
        table.row([
            left.stage.to_string(),
            money(cost.p10),
            money(cost.p50),
            money(cost.p90),
            took(time.p10),
            took(time.p50),
            took(time.p90),
        ]);
    }
    table.print(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::forecast::Forecast;

    #[test]
    fn too_few_are_told_with_the_bound_that_holds_instead() {
        let outlook = Outlook {
            forecast: None,
            past: 3,
            worst: MicroUsd(4_200_000),
            reserved: MicroUsd(150_000),
            left_of_cap: Some(MicroUsd(5_000_000)),
        };
        assert_eq!(
            outlook_lines(&outlook),
            [
                "Too few to forecast: 3 of this show's episodes are past, and 8 are needed.",
                "At worst: 4.20 USD without further rounds. 0.1500 USD are held for calls under way. The cap leaves 5.00 USD; more is not spent without asking.",
            ]
        );
        assert_eq!(outlook_short(&outlook), "No forecast (3 of 8 past): at worst 4.20 USD without further rounds.");
        assert_eq!(
            [took(500), took(119_000), took(121_000), took(7_200_000)],
            ["1 s", "119 s", "2 min 01 s", "2 h 00 min"]
        );
    }

    #[test]
    fn the_short_form_fits_into_a_row_of_a_box() {
        let same = |value: u64| Range { p10: value, p50: value, p90: value };
        let dear = MicroUsd(99_990_000);
        let cost = Range { p10: dear, p50: dear, p90: dear };
        let forecast = Forecast { past: 999, cost, machine_ms: same(9 * 3_600_000), stages: Vec::new() };
        let likely =
            Outlook { forecast: Some(forecast), past: 999, worst: dear, reserved: MicroUsd::ZERO, left_of_cap: None };
        let said = outlook_short(&likely);
        assert_eq!(said, "Likely 99.99 USD (99.99 to 99.99), 9 h 00 min at providers (999 past).");
        let unknown = Outlook { forecast: None, worst: MicroUsd(999_990_000), past: 7, ..likely };
        assert!(said.len() <= 72 && outlook_short(&unknown).len() <= 72, "{said} {}", outlook_short(&unknown));
    }
}
