//! The way to each provider as a table for people and as JSON: what is under way and waits, how long answers take, what was
//! learned of limits, and what came of sending again.

use std::io;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::plain;
use super::table::{Align, Table};
use crate::domain::lane::Lane;
use crate::domain::traffic::Breaker;

/// As JSON. Times are UTC, spans in milliseconds.
pub fn json(lanes: &[Lane], now: Timestamp) -> Value {
    let lane = |lane: &Lane| {
        let (breaker, until) = match &lane.breaker {
            Breaker::Closed => ("closed", None),
            Breaker::Open { until } => ("open", Some(*until)),
            Breaker::Probing { .. } => ("probing", None),
        };
        json!({
            "provider": lane.provider,
            "state": lane.word(),
            "in_flight": lane.in_flight,
            "waiting": lane.waiting,
            "longest_wait": lane.longest.as_ref().map(|wait| json!({
                "call": wait.key.to_string(),
                "since": wait.since,
                "ms": wait.ms(now),
                "for": wait.hold.words(),
            })),
            "latency_ms": { "p50": lane.p50_ms, "p95": lane.p95_ms },
            "breaker": { "state": breaker, "until": until, "failures_in_a_row": lane.failing },
            "paused_until": lane.paused_until,
            "limits": {
                "concurrency": lane.slots,
                "per_minute": lane.per_minute,
                "bears": lane.bears,
                "told": lane.told,
            },
            "answered": lane.answered,
            "failures": lane.failures,
            "failures_last_hour": lane.failed,
            "retries": lane.again.iter().map(|(mishap, again)| {
                let value = json!({
                    "sent": again.sent,
                    "answered": again.answered,
                    "percent": again.percent(),
                });
                (mishap.name().to_owned(), value)
            }).collect::<serde_json::Map<_, _>>(),
        })
    };
    json!({ "at": now, "providers": lanes.iter().map(lane).collect::<Vec<_>>() })
}

/// Writes the tables for people.
///
/// # Errors
///
/// When they cannot be written.
pub fn print(lanes: &[Lane], now: Timestamp, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new(&[
        ("Provider", Align::Left),
        ("State", Align::Left),
        ("In flight", Align::Right),
        ("Waiting", Align::Right),
        ("Longest", Align::Right),
        ("p50 s", Align::Right),
        ("p95 s", Align::Right),
        ("Answered", Align::Right),
        ("Failed 1 h", Align::Right),
    ]);
    for lane in lanes {
        table.row([
            lane.provider.name().to_owned(),
            lane.state(),
            format!("{}/{}", lane.in_flight, lane.at_once()),
            lane.waiting.to_string(),
            lane.longest.as_ref().map(|wait| seconds(wait.ms(now))).unwrap_or_default(),
            lane.p50_ms.map(seconds).unwrap_or_default(),
            lane.p95_ms.map(seconds).unwrap_or_default(),
            lane.answered.to_string(),
            lane.failed.values().sum::<u64>().to_string(),
        ]);
    }
    table.print(out)?;
    let remarks: Vec<String> = lanes
        .iter()
        .flat_map(|lane| lane.remarks(now).into_iter().map(|remark| format!("{}: {remark}", lane.provider)))
        .collect();
    if !remarks.is_empty() {
        writeln!(out)?;
    }
    for remark in remarks {
        writeln!(out, "{}", plain::line(&remark))?;
    }
    Ok(())
}

fn seconds(ms: u64) -> String {
    format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{Provider, Told};
    use crate::domain::lane::lanes;
    use crate::domain::plan::Limits;
    use crate::domain::studio::Studio;
    use crate::domain::traffic::{Again, Mishap, Traffic};

    #[test]
    fn the_figures_are_the_same_for_people_and_for_scripts() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let until: Timestamp = "2026-11-24T10:01:00Z".parse().unwrap();
        let mut traffic = Traffic::default();
        traffic.breaker = Breaker::Open { until };
        traffic.failing = 5;
        traffic.answered = 40;
        traffic.took_ms = (1..=20).map(|n| n * 500).collect();
        traffic.failed = [(now, Mishap::RetryAfter), (now, Mishap::Lost)].into();
        traffic.again.insert(Mishap::RetryAfter, Again { sent: 8, answered: 6 });
        traffic.told.insert("flash".to_owned(), Told { most: Some(3), until: None });
        let mut studio = Studio::default();
        studio.traffic.insert(Provider::Gemini, traffic);
        let lanes = lanes(&studio, &Limits::default(), now, &[]);
        let told = json(&lanes, now);
        let gemini = &told["providers"][1];
        assert_eq!(gemini["provider"], "gemini");
        assert_eq!(gemini["breaker"], json!({ "state": "open", "until": until, "failures_in_a_row": 5 }));
        assert_eq!(gemini["latency_ms"], json!({ "p50": 5_000, "p95": 9_500 }));
        assert_eq!(gemini["failures_last_hour"], json!({ "retry_after": 1, "lost": 1 }));
        assert_eq!(gemini["retries"]["retry_after"], json!({ "sent": 8, "answered": 6, "percent": 75 }));
        assert_eq!(gemini["limits"]["told"]["flash"]["most"], 3);
        let mut text = Vec::new();
        print(&lanes, now, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for part in ["gemini", "open until 10:01:00", "5.0", "9.5", "6 of 8 answered, 75 %", "flash takes 3 at once"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(told["providers"][0]["state"], "idle");
    }
}
