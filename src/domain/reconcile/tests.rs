//! Small ledgers against small lists.

use jiff::civil::date;

use super::*;
use crate::domain::call::{Route, Usage};
use crate::domain::ids::{ContentHash, EpisodeNumber};
use crate::domain::invoice;

fn key(unit: u32) -> IntentKey {
    IntentKey { episode: EpisodeNumber(7), stage: "script".parse().unwrap(), unit, attempt: 1 }
}

fn call(at: &str, model: &str, state: CallState) -> Call {
    let route = Route { provider: Provider::Anthropic, model: model.to_owned() };
    let (request, worst, at) = (ContentHash::of(b"r"), MicroUsd(50_000), at.parse().unwrap());
    Call { request, worst, route, at, state, name: request, met: false, window: None }
}

fn settled(price: i64, id: Option<&str>) -> CallState {
    CallState::Settled {
        answer: ContentHash::of(b"a"),
        usage: Usage::default(),
        price: MicroUsd(price),
        machine_ms: 1,
        request_id: id.map(str::to_owned),
        bill: None,
    }
}

fn held(calls: &[(IntentKey, Call)], list: &str) -> Reconciled {
    let charges = invoice::read(list, None).unwrap();
    reconcile(Provider::Anthropic, calls.iter().map(|(key, call)| (key, call)), &charges).unwrap()
}

#[test]
fn days_and_models_are_added_up_on_both_sides_within_the_days_of_the_list() {
    let calls = [
        (key(0), call("2026-10-26T23:59:59Z", "claude-opus-5-5", settled(9, None))),
        (key(1), call("2026-10-27T00:00:00Z", "claude-opus-5-5", settled(10_000, None))),
        (key(2), call("2026-10-27T23:59:59Z", "claude-opus-5-5", settled(20_001, None))),
        (key(3), call("2026-10-28T10:00:00Z", "claude-haiku-5-5", settled(5, None))),
    ];
    let list = "date,model,cost\n2026-10-27,Claude Opus 5.5,0.030001\n2026-10-28,claude-sonnet-5-5,0.5\n2026-10-28,claude-haiku-5-5,0.0000046\n";
    let found = held(&calls, list);
    assert_eq!((found.from, found.to), (date(2026, 10, 27), date(2026, 10, 28)));
    let told: Vec<(&str, u32, i64, i64)> = found
        .days
        .iter()
        .map(|line| {
            let sums = line.sums;
            (line.model.as_str(), sums.calls, sums.metered_micro_usd.0, sums.invoiced_micro_usd.0)
        })
        .collect();
    let expected =
        [("claude-opus-5-5", 2, 30_001, 30_001), ("claude-haiku-5-5", 1, 5, 5), ("claude-sonnet-5-5", 0, 0, 500_000)];
    assert_eq!(told, expected);
    assert_eq!(found.total.estimated_micro_usd, MicroUsd(150_000));
    assert_eq!(found.total.difference(), MicroUsd(500_000));
    assert!(found.total.is_alarming());
    assert!(found.not_billed.is_empty(), "a list without requests says nothing of single calls");
}

#[test]
fn requests_that_both_sides_name_are_held_against_one_another() {
    let calls = [
        (key(1), call("2026-10-27T10:00:00Z", "claude-opus-5-5", settled(10_000, Some("req_same")))),
        (key(2), call("2026-10-27T10:00:00Z", "claude-opus-5-5", settled(20_000, Some("req_dearer")))),
        (key(3), call("2026-10-27T10:00:00Z", "claude-opus-5-5", settled(30_000, Some("req_missing")))),
        (key(4), call("2026-10-27T10:00:00Z", "claude-opus-5-5", settled(0, Some("req_nothing")))),
    ];
    let list = "date,model,cost,request_id\n2026-10-27,claude-opus-5-5,0.0099995,req_same\n\
                2026-10-27,claude-opus-5-5,0.015,req_dearer\n2026-10-27,claude-opus-5-5,0.010,req_dearer\n\
                2026-10-27,claude-opus-5-5,0.002,req_theirs\n";
    let found = held(&calls, list);
    let ids = |lines: &[Listed]| -> Vec<(String, i64, i64)> {
        lines
            .iter()
            .map(|line| (line.request_id.clone(), line.metered_micro_usd.0, line.invoiced_micro_usd.0))
            .collect()
    };
    assert_eq!(ids(&found.other_amount), [("req_dearer".to_owned(), 20_000, 25_000)]);
    assert_eq!(ids(&found.not_billed), [("req_missing".to_owned(), 30_000, 0)]);
    assert_eq!(ids(&found.not_in_ledger), [("req_theirs".to_owned(), 0, 2_000)]);
}

#[test]
fn an_uncertain_charge_is_told_with_what_the_list_has_beyond_the_known_calls() {
    let lost = || CallState::Uncertain { reason: "cut".to_owned() };
    let calls = [
        (key(1), call("2026-10-27T10:00:00Z", "claude-opus-5-5", settled(10_000, None))),
        (key(2), call("2026-10-27T11:00:00Z", "claude-opus-5-5", lost())),
        (key(3), call("2026-10-27T11:00:00Z", "claude-haiku-5-5", lost())),
    ];
    let found = held(&calls, "date,model,cost\n2026-10-27,claude-opus-5-5,0.04\n");
    let told: Vec<(u32, i64)> =
        found.uncertain.iter().map(|charge| (charge.key.unit, charge.beyond_micro_usd.0)).collect();
    assert_eq!(told, [(2, 30_000), (3, 0)]);
}

#[test]
fn an_alert_is_more_than_one_part_in_a_hundred() {
    let sums = |metered, invoiced| Sums {
        metered_micro_usd: MicroUsd(metered),
        invoiced_micro_usd: MicroUsd(invoiced),
        ..Sums::default()
    };
    for (metered, invoiced, alarming) in
        [(0, 0, false), (99, 100, false), (9_899, 10_000, true), (10_000, 9_900, false), (0, 1, true), (1, 0, true)]
    {
        assert_eq!(sums(metered, invoiced).is_alarming(), alarming, "{metered} {invoiced}");
    }
}
