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
    Call { request, worst, route, at, state, name: request, met: false, window: None, batch: None, corrected: None }
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

#[test]
fn each_call_is_told_its_request_or_its_share_and_the_parts_add_up_to_the_list() {
    let calls = [
        (key(1), call("2026-10-27T10:00:00Z", "claude-opus-5-5", settled(10_000, Some("req_named")))),
        (key(2), call("2026-10-27T11:00:00Z", "claude-opus-5-5", settled(20_000, None))),
        (key(3), call("2026-10-27T12:00:00Z", "claude-opus-5-5", settled(10_000, None))),
        (key(4), call("2026-10-27T12:00:00Z", "claude-opus-5-5", settled(0, None))),
        (key(5), call("2026-10-27T12:00:00Z", "claude-opus-5-5", CallState::Uncertain { reason: "cut".to_owned() })),
        (key(6), call("2026-10-28T12:00:00Z", "claude-haiku-5-5", settled(7, None))),
    ];
    // Of a request, of a request that is nobody's, of a day and model, and of a model that nobody asked.
    let list = "date,model,cost,request_id\n2026-10-27,claude-opus-5-5,0.0100005,req_named\n2026-10-27,m,0.002,req_theirs\n\
                2026-10-27,Claude Opus 5.5,0.0299996,\n2026-10-28,other,0.5,\n";
    let charges = invoice::read(list, None).unwrap();
    let parts = lines(Provider::Anthropic, calls.iter().map(|(key, call)| (key, call)), &charges);
    let told: Vec<(Option<u32>, i64, bool)> = parts
        .iter()
        .map(|line| (line.key.as_ref().map(|key| key.unit), line.invoiced_micro_usd.0, line.is_share))
        .collect();
    let expected = [
        (Some(1), 10_001, false),
        (Some(2), 19_999, true),
        (Some(3), 10_000, true),
        (None, 2_000, false),
        (None, 500_000, false),
    ];
    assert_eq!(told, expected);
    let sum: MicroUsd = parts.iter().map(|line| line.invoiced_micro_usd).sum();
    assert_eq!(sum, held(&calls, list).total.invoiced_micro_usd);
}

proptest::proptest! {
    #[test]
    fn no_cent_of_a_list_is_lost_or_made(
        prices in proptest::collection::vec(0_i64..50_000, 1..6),
        charges in proptest::collection::vec((0_u8..3, -40_000_000_000_i128..90_000_000_000), 1..8),
    ) {
        let calls: Vec<(IntentKey, Call)> = (0..)
            .zip(prices)
            .map(|(n, price)| (key(n), call("2026-10-27T10:00:00Z", "m", settled(price, Some(&format!("r{n}"))))))
            .collect();
        let charges: Vec<Charge> = charges
            .into_iter()
            .map(|(which, pico)| Charge {
                line: 1,
                on: date(2026, 10, 27),
                model: if which == 2 { "n" } else { "m" }.to_owned(),
                pico,
                step: 1,
                request_id: (which == 1).then(|| "r0".to_owned()),
            })
            .collect();
        let found = reconcile(Provider::Anthropic, calls.iter().map(|(key, call)| (key, call)), &charges).unwrap();
        let parts = lines(Provider::Anthropic, calls.iter().map(|(key, call)| (key, call)), &charges);
        let sum: MicroUsd = parts.iter().map(|line| line.invoiced_micro_usd).sum();
        let days: MicroUsd = found.days.iter().map(|line| line.sums.invoiced_micro_usd).sum();
        let whole = micro(charges.iter().map(|charge| charge.pico).sum());
        proptest::prop_assert_eq!((sum, days, found.total.invoiced_micro_usd), (whole, whole, whole));
    }
}
