//! Small bills that cover, overlap and disagree.

use jiff::civil::date;

use super::*;
use crate::domain::call::Usage;
use crate::domain::command::Command;
use crate::domain::decide;
use crate::domain::event::{Actor, Event, Provenance, Stamped};
use crate::domain::studio::Studio;

fn line(day: i8, unit: Option<u32>, metered: i64, invoiced: i64) -> BillLine {
    let key = |unit| IntentKey { episode: EpisodeNumber(7), stage: "script".parse().unwrap(), unit, attempt: 1 };
    BillLine {
        on: date(2026, 11, day),
        key: unit.map(key),
        model: "m".to_owned(),
        metered_micro_usd: MicroUsd(metered),
        invoiced_micro_usd: MicroUsd(invoiced),
        is_share: false,
    }
}

fn bill(provider: Provider, (from, to): (i8, i8), lines: Vec<BillLine>) -> (ReadBill, BillList) {
    let sum = |of: fn(&BillLine) -> MicroUsd| lines.iter().map(of).sum();
    let total = Sums {
        calls: 1,
        estimated_micro_usd: MicroUsd(9_000_000),
        metered_micro_usd: sum(|line| line.metered_micro_usd),
        invoiced_micro_usd: sum(|line| line.invoiced_micro_usd),
    };
    let found = Reconciled {
        provider,
        from: date(2026, 11, from),
        to: date(2026, 11, to),
        days: Vec::new(),
        total,
        not_in_ledger: Vec::new(),
        not_billed: Vec::new(),
        other_amount: Vec::new(),
        uncertain: Vec::new(),
    };
    let list = BillList { found, lines };
    (ReadBill::new(ContentHash::of(b"file"), None, ContentHash::of(b"list"), &list), list)
}

fn row(provider: Provider) -> CostRow {
    CostRow {
        episode: EpisodeNumber(7),
        stage: "script".parse().unwrap(),
        agent: None,
        provider,
        model: "m".to_owned(),
        calls: 3,
        usage: Usage::default(),
        estimated: MicroUsd(5_000),
        spent: MicroUsd(60),
        reserved: MicroUsd::ZERO,
        possible: MicroUsd::ZERO,
        reused: 0,
        saved: MicroUsd::ZERO,
        machine_ms: 0,
    }
}

#[test]
fn a_later_bill_takes_the_place_of_the_days_that_it_covers_and_of_no_others() {
    let first = bill(
        Provider::Anthropic,
        (1, 3),
        vec![line(1, Some(1), 10, 11), line(2, Some(2), 20, 21), line(3, None, 0, 500)],
    );
    let other = bill(Provider::Gemini, (2, 2), vec![line(2, Some(9), 40, 44)]);
    let later = bill(Provider::Anthropic, (2, 4), vec![line(2, Some(2), 20, 20), line(4, Some(3), 30, 30)]);
    let all = AllInvoiced::of([&first, &other, &later].map(|(bill, list)| (bill, list)));
    let told = Invoiced { calls: 3, metered: MicroUsd(60), invoiced: MicroUsd(61) };
    assert_eq!(all.row(&row(Provider::Anthropic)), Some(told));
    assert_eq!(all.outside().count(), 0, "what was outside on a day that was read again is gone");
    assert_eq!(all.row(&row(Provider::Gemini)).map(|of| of.invoiced), Some(MicroUsd(44)));
    assert_eq!(all.row(&row(Provider::Perplexity)), None, "no bill of it was read");
    let all = AllInvoiced::of([(&first.0, &first.1)]);
    assert_eq!(all.outside().collect::<Vec<_>>(), [(Provider::Anthropic, MicroUsd(500))]);
}

fn kept(bills: &[(Provider, i8, i64, i64)]) -> Vec<KeptBill> {
    let kept = |(seq, (provider, to, metered, invoiced)): (u64, &(Provider, i8, i64, i64))| KeptBill {
        seq,
        at: format!("2026-11-{:02}T23:59:59Z", 20 + seq).parse().unwrap(),
        bill: bill(*provider, (1, *to), vec![line(1, Some(1), *metered, *invoiced)]).0,
    };
    (0..).zip(bills).map(kept).collect()
}

#[test]
fn bills_agree_in_one_line_with_the_largest_difference_rounded_up() {
    let said = |bills: &[(Provider, i8, i64, i64)]| standing(&kept(bills), "");
    assert!(said(&[]).is_empty());
    let one = said(&[(Provider::Anthropic, 9, 1_000_000, 1_000_001)]);
    assert_eq!(one, [(false, "bills agree to within 0.1 % (file read on 2026-11-20)".to_owned())]);
    let two = said(&[(Provider::Anthropic, 9, 100, 100), (Provider::Gemini, 9, 9_900, 10_000)]);
    let expected = "bills agree to within 1.0 % (2 providers, oldest file read on 2026-11-20)";
    assert_eq!(two, [(false, expected.to_owned())]);
    let exact = said(&[(Provider::Anthropic, 9, 0, 0)]);
    assert!(exact.iter().all(|(_, text)| text.contains("within 0.0 %")), "{exact:?}");
}

#[test]
fn a_bill_that_differs_is_an_alert_until_one_of_later_days_agrees() {
    let bad = (Provider::Gemini, 9, 2_000_000, 2_500_000);
    let said = standing(&kept(&[(Provider::Anthropic, 9, 100, 100), bad]), " --studio rehearsal");
    let text = "ALERT: gemini billed 2.5000 USD, metered 2.0000 USD, 2026-11-01 to 2026-11-09 (file read on 2026-11-21): \
                greenroom --studio rehearsal cost bills --provider gemini";
    assert_eq!(said, [(true, text.to_owned())]);
    // An earlier one that is read later does not hide it, the same days read again do.
    assert!(standing(&kept(&[bad, (Provider::Gemini, 8, 5, 5)]), "").iter().all(|(is_alert, _)| *is_alert));
    assert!(standing(&kept(&[bad, (Provider::Gemini, 9, 5, 5)]), "").iter().all(|(is_alert, _)| !is_alert));
}

#[test]
fn the_same_file_is_recorded_once_and_read_in_another_way_once_more() {
    let stamped = |seq, event| Stamped { seq, at: Timestamp::UNIX_EPOCH, episode: None, actor: Actor::Engine, event };
    let mut studio = Studio::default();
    studio.apply(&stamped(1, Event::StudioOpened { provenance: Provenance::Live, id: None })).unwrap();
    let (bill, _) = bill(Provider::ElevenLabs, (1, 2), vec![line(1, Some(1), 10, 11)]);
    let decided = |studio: &Studio, bill: &ReadBill| {
        decide::command(studio, &Actor::Engine, &Command::RecordBill(Box::new(bill.clone())))
    };
    let events = decided(&studio, &bill).unwrap();
    assert_eq!(events, [(None, Event::BillReconciled { bill: Box::new(bill.clone()) })]);
    studio.apply(&stamped(2, events[0].1.clone())).unwrap();
    assert_eq!(studio.bills, [KeptBill { seq: 2, at: Timestamp::UNIX_EPOCH, bill: bill.clone() }]);
    // What it would be held against by now does not matter.
    let later = ReadBill { list: ContentHash::of(b"another"), matched: 9, ..bill.clone() };
    assert!(
        decided(&studio, &later).unwrap_err().to_string().contains("recorded before, in event 2; nothing was changed")
    );
    assert!(decided(&studio, &ReadBill { credit: Some(PicoUsd(5)), ..bill.clone() }).is_ok());
    assert!(decided(&studio, &ReadBill { provider: Provider::Gemini, ..bill.clone() }).is_ok());
    let backwards = ReadBill { file: ContentHash::of(b"other"), from: bill.to, to: bill.from, ..bill };
    assert!(decided(&studio, &backwards).is_err());
}
