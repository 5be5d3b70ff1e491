//! What the rest of an episode is likely to cost and take, in lines and as a table.

use super::{Align, Table};
use crate::domain::forecast::{Estimate, FEWEST, Outlook, Range};
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

/// Parts of a hundred of what is left under the cap, in words; nothing without a cap.
fn share(cost: MicroUsd, outlook: &Outlook) -> String {
    let Some(left) = outlook.left_of_cap else { return String::new() };
    if left <= MicroUsd::ZERO {
        return ", and nothing is left under the cap".to_owned();
    }
    match i128::from(cost.0.max(0)) * 100 / i128::from(left.0) {
        0 => format!(", under 1 % of the {left:.2} left"),
        percent => format!(", {percent} % of the {left:.2} left"),
    }
}

/// What is likely with its share of the cap, and the worst case beside it: a line each.
pub fn outlook_lines(outlook: &Outlook) -> [String; 2] {
    let likely = match (&outlook.forecast, &outlook.estimate) {
        (Some(forecast), _) => format!(
            "Likely {}{}; {} at providers ({} to {}). By {} past episodes: p50 (p10 to p90).",
            usd(&forecast.cost),
            share(forecast.cost.p50, outlook),
            took(forecast.machine_ms.p50),
            took(forecast.machine_ms.p10),
            took(forecast.machine_ms.p90),
            forecast.past
        ),
        (None, Some(estimate)) => format!(
            "Likely about {:.2} USD{} (estimated from {}).",
            estimate.cost,
            share(estimate.cost, outlook),
            basis(estimate)
        ),
        (None, None) => {
            format!("Nothing is estimated. A forecast needs {FEWEST} finished episodes ({} so far).", outlook.past)
        }
    };
    let reserved = if outlook.reserved > MicroUsd::ZERO {
        format!(" {:.4} USD are held for running calls.", outlook.reserved)
    } else {
        String::new()
    };
    let worst = match outlook.left_of_cap {
        Some(left) if outlook.worst > left => {
            format!(
                "Worst case {:.2} USD exceeds the {left:.2} left under the cap; you may be asked to raise it.",
                outlook.worst
            )
        }
        Some(left) => {
            format!(
                "Worst case {:.2} USD without further rounds, within the {left:.2} left under the cap.",
                outlook.worst
            )
        }
        None => format!("Worst case {:.2} USD without further rounds. There is no cap.", outlook.worst),
    };
    [likely, format!("{worst}{reserved}")]
}

/// The same for a box: what is likely beside the worst case in one row, what that means where the cap does not bear it, and on
/// what it rests.
pub fn outlook_short(outlook: &Outlook) -> (String, Option<String>, String) {
    let (cost, basis) = match (&outlook.forecast, &outlook.estimate) {
        (Some(forecast), _) => (
            format!("Likely {:.2} USD{}", forecast.cost.p50, share(forecast.cost.p50, outlook)),
            format!(
                "By {} past episodes: {:.2} to {:.2} USD, {} at providers.",
                forecast.past,
                forecast.cost.p10,
                forecast.cost.p90,
                took(forecast.machine_ms.p50)
            ),
        ),
        (None, Some(estimate)) => (
            format!("Likely about {:.2} USD{}", estimate.cost, share(estimate.cost, outlook)),
            format!("Estimated from {}.", basis(estimate)),
        ),
        (None, None) => ("Nothing is estimated yet".to_owned(), format!("{} of {FEWEST} past episodes.", outlook.past)),
    };
    let exceeds = outlook.left_of_cap.filter(|left| outlook.worst > *left);
    let exceeds = exceeds.map(|_| "The worst case exceeds what is left under the cap; you may be asked to raise it.");
    (format!("{cost}; worst case {:.2}.", outlook.worst), exceeds.map(str::to_owned), basis)
}

/// On what an estimate rests.
fn basis(estimate: &Estimate) -> String {
    match estimate.past {
        0 => "prompt sizes and the planned length".to_owned(),
        1 => "1 past episode".to_owned(),
        past => format!("{past} past episodes; a forecast needs {FEWEST}"),
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

    fn outlook() -> Outlook {
        Outlook {
            forecast: None,
            estimate: None,
            past: 3,
            worst: MicroUsd(4_200_000),
            reserved: MicroUsd(150_000),
            left_of_cap: Some(MicroUsd(5_000_000)),
        }
    }

    #[test]
    fn what_is_likely_stands_beside_the_worst_case_with_its_share_of_the_cap() {
        assert_eq!(
            outlook_lines(&outlook()),
            [
                "Nothing is estimated. A forecast needs 8 finished episodes (3 so far).",
                "Worst case 4.20 USD without further rounds, within the 5.00 left under the cap. 0.1500 USD are held for running calls.",
            ]
        );
        let sizes = Estimate { cost: MicroUsd(70_000), past: 0 };
        let low = Outlook { estimate: Some(sizes), left_of_cap: Some(MicroUsd(1_000_000)), ..outlook() };
        let (said, exceeds, basis) = outlook_short(&low);
        assert_eq!(said, "Likely about 0.07 USD, 7 % of the 1.00 left; worst case 4.20.");
        assert_eq!(basis, "Estimated from prompt sizes and the planned length.");
        assert!(exceeds.unwrap().contains("you may be asked to raise it"));
        let few = Estimate { cost: MicroUsd(70_000), past: 3 };
        let (said, exceeds, basis) = outlook_short(&Outlook { estimate: Some(few), left_of_cap: None, ..outlook() });
        assert_eq!((said.as_str(), exceeds), ("Likely about 0.07 USD; worst case 4.20.", None));
        assert_eq!(basis, "Estimated from 3 past episodes; a forecast needs 8.");
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
        let left_of_cap = Some(MicroUsd(999_990_000));
        let (said, _, basis) =
            outlook_short(&Outlook { forecast: Some(forecast), left_of_cap, worst: dear, ..outlook() });
        assert_eq!(said, "Likely 99.99 USD, 9 % of the 999.99 left; worst case 99.99.");
        assert_eq!(basis, "By 999 past episodes: 99.99 to 99.99 USD, 9 h 00 min at providers.");
        assert!(said.len() <= 72 && basis.len() <= 72, "{said} {basis}");
    }
}
