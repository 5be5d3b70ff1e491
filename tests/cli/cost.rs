//! A provider's bill held against the ledger, through the binary.

use std::collections::BTreeMap;
use std::fs;

use super::{Home, Ran, json};

/// A call as a provider would list it.
#[derive(Clone)]
struct Billed {
    key: String,
    day: String,
    model: String,
    micro: i64,
    request: String,
}

/// What the journal holds of the calls to a provider, the dearest first.
fn billed(home: &Home, provider: &str) -> Vec<Billed> {
    let journal = fs::read_to_string(home.path("data/rehearsal/journal.jsonl")).expect("a journal");
    let mut sent = BTreeMap::new();
    let mut all = Vec::new();
    for line in journal.lines().map(json) {
        let (intended, settled) = (&line["body"]["call_intended"], &line["body"]["call_settled"]);
        if intended["route"]["provider"] == provider {
            let day: String = line["at"].as_str().expect("a moment").chars().take(10).collect();
            sent.insert(intended["key"].to_string(), (day, intended["route"]["model"].clone()));
        }
        if let Some((day, model)) = sent.get(&settled["key"].to_string()) {
            all.push(Billed {
                key: settled["key"].as_str().expect("a key").to_owned(),
                day: day.clone(),
                model: model.as_str().expect("a model").to_owned(),
                micro: settled["price"].as_i64().expect("a price"),
                request: settled["request_id"].as_str().expect("a name").to_owned(),
            });
        }
    }
    all.sort_by_key(|call| std::cmp::Reverse(call.micro));
    all
}

fn usd(micro: i64) -> String {
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

fn reconcile(home: &Home, calls: &[Billed], more: &[&str]) -> Ran {
    let mut text = "usage_date_utc,model,cost_usd,request_id\r\n".to_owned();
    for call in calls {
        text.push_str(&format!("{},{},{},{}\r\n", call.day, call.model, usd(call.micro), call.request));
    }
    let file = home.file("bill.csv", text);
    let verb = ["--studio", "rehearsal", "cost", "reconcile", &file.to_string_lossy(), "--provider", "anthropic"];
    home.run(&[&verb[..], more].concat())
}

/// The lines under a heading, without the head of their table.
fn under<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    text.lines().skip_while(|line| *line != head).skip(2).take_while(|line| !line.is_empty()).collect()
}

#[test]
fn a_bill_that_differs_is_told_call_by_call() {
    let home = Home::new();
    let ran = home.rehearse(&["--seed", "7"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let calls = billed(&home, "anthropic");
    let same = reconcile(&home, &calls, &[]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert!(same.out.contains("agree to 0.000000 USD") && !same.out.to_lowercase().contains("billed"), "{}", same.out);
    let told = json(&reconcile(&home, &calls, &["--format", "json"]).out);
    let cost = home.run(&["--studio", "rehearsal", "cost", "--by", "provider", "--format", "json"]);
    let groups = json(&cost.out)["groups"].clone();
    let ours = groups.as_array().and_then(|all| all.iter().find(|group| group["name"] == "anthropic"));
    assert_eq!(ours.map(|group| &group["metered_micro_usd"]), Some(&told["total"]["metered_micro_usd"]), "{groups}");
    assert_eq!(told["total"]["invoiced_micro_usd"], told["total"]["metered_micro_usd"]);

    // One altered, one dropped, one added.
    let mut bill = calls.clone();
    let dropped = bill.remove(1);
    let altered = bill.first_mut().expect("a call");
    let (ours, theirs) = (usd(altered.micro), usd(altered.micro * 2));
    altered.micro *= 2;
    let altered = altered.clone();
    bill.push(Billed { micro: 250_000, request: "req_theirs".to_owned(), ..dropped.clone() });
    let found = reconcile(&home, &bill, &[]);
    assert_eq!(found.code, 1, "{}{}", found.out, found.err);
    let expected: [(&str, Vec<&str>); 3] = [
        ("Billed, and in no call of the ledger:", vec!["req_theirs", "0.250000"]),
        ("In the ledger, and not billed:", vec![&dropped.request, &dropped.key, "0.000000"]),
        ("Billed at another amount:", vec![&altered.request, &altered.key, &ours, &theirs]),
    ];
    for (head, parts) in expected {
        let lines = under(&found.out, head);
        assert_eq!(lines.len(), 1, "{head} {}", found.out);
        assert!(
            parts.iter().all(|part| lines.iter().all(|line| line.contains(part))),
            "{head} {parts:?} {}",
            found.out
        );
    }
    let apart = usd(250_000 + altered.micro / 2 - dropped.micro);
    assert!(found.out.contains(&format!("ALERT: ledger and provider bills differ by {apart} USD")), "{}", found.out);

    // What is within one part in a hundred is told, and is no alert.
    let mut bill = calls.clone();
    bill.first_mut().expect("a call").micro += 2;
    let little = reconcile(&home, &bill, &[]);
    assert_eq!(little.code, 0, "{}{}", little.out, little.err);
    assert_eq!(under(&little.out, "Billed at another amount:").len(), 1, "{}", little.out);

    bill.last_mut().expect("a call").request = "req_\u{1b}[2J\u{9b}31m".to_owned();
    let refused = reconcile(&home, &bill, &[]);
    let place = format!("line {}, column `request_id`", bill.len() + 1);
    assert!(refused.code == 1 && refused.err.contains(&place), "{}", refused.err);
    assert!(refused.err.contains("Nothing was changed"), "{}", refused.err);
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!refused.err.contains(steers) && !found.out.contains(steers) && refused.out.is_empty(), "{}", refused.err);
}

/// The `cost` table of a grouping as JSON.
fn costs(home: &Home, by: &str) -> serde_json::Value {
    let ran = home.run(&["--studio", "rehearsal", "cost", "--by", by, "--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    json(&ran.out)
}

fn group<'a>(costs: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let found = costs["groups"].as_array().and_then(|all| all.iter().find(|group| group["name"] == name));
    found.expect("a group of that name")
}

fn lines_of_journal(home: &Home) -> usize {
    fs::read_to_string(home.path("data/rehearsal/journal.jsonl")).expect("a journal").lines().count()
}

#[test]
fn a_bill_that_is_recorded_stands_beside_what_was_estimated_and_metered() {
    let home = Home::new();
    let ran = home.rehearse(&["--seed", "7"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let calls = billed(&home, "anthropic");
    let before = costs(&home, "provider");
    let ours = group(&before, "anthropic");
    assert!(ours["invoiced_micro_usd"].is_null() && before["bills"] == serde_json::json!([]), "{before}");
    let (estimated, metered) = (&ours["estimated_worst_micro_usd"], &ours["metered_micro_usd"]);
    assert!(estimated.as_i64() > metered.as_i64(), "{ours}");
    let table = home.run(&["--studio", "rehearsal", "cost", "--by", "provider"]);
    let row = table.out.lines().find(|line| line.starts_with("anthropic")).expect("a row");
    assert!(row.split_whitespace().any(|cell| cell == "-") && !table.out.contains("bills agree"), "{}", table.out);

    // Held against the ledger alone, nothing is written; recorded, one event is, and the same file again writes none.
    let lines = lines_of_journal(&home);
    assert!(reconcile(&home, &calls, &[]).out.contains("nothing was recorded"));
    assert_eq!(lines_of_journal(&home), lines);
    let recorded = reconcile(&home, &calls, &["--record"]);
    assert!(recorded.code == 0 && recorded.out.contains("recorded (event "), "{}{}", recorded.out, recorded.err);
    assert_eq!(lines_of_journal(&home), lines + 1);
    let again = reconcile(&home, &calls, &["--record"]);
    assert!(again.code == 0 && again.out.contains("nothing was changed"), "{}{}", again.out, again.err);
    assert_eq!(lines_of_journal(&home), lines + 1);

    let journal = fs::read_to_string(home.path("data/rehearsal/journal.jsonl")).expect("a journal");
    let last = journal.lines().last().expect("a line");
    let bill = json(last)["body"]["bill_reconciled"]["bill"].clone();
    assert!(last.len() < 4_096 && bill["matched"] == calls.len(), "{last}");
    assert_eq!(bill["invoiced"], *metered);
    for (name, holds) in [("file", "usage_date_utc,"), ("list", "{\"found\"")] {
        let hash = bill[name].as_str().expect("a hash");
        let kept = fs::read_to_string(home.path(&format!("data/rehearsal/blobs/{}/{}", &hash[..2], &hash[2..])));
        assert!(kept.expect("a blob").starts_with(holds), "{name}");
    }

    for by in ["provider", "episode", "month", "stage", "agent", "model"] {
        let costs = costs(&home, by);
        let groups = costs["groups"].as_array().expect("groups");
        let sum: i64 = groups.iter().filter_map(|group| group["invoiced_micro_usd"].as_i64()).sum();
        assert_eq!(Some(sum), metered.as_i64(), "{by} {costs}");
    }
    let after = costs(&home, "provider");
    assert_eq!(group(&after, "anthropic")["invoiced_micro_usd"], *metered);
    assert!(group(&after, "gemini")["invoiced_micro_usd"].is_null(), "no bill of it was read");
    let table = home.run(&["--studio", "rehearsal", "cost", "--by", "provider"]);
    assert!(table.out.contains("bills agree to within 0.0 % (file read on 2"), "{}", table.out);
    for head in ["Estimated worst USD", "Metered USD", "Invoiced USD"] {
        assert!(table.out.contains(head), "{}", table.out);
    }
    let csv = home.run(&["--studio", "rehearsal", "cost", "--by", "provider", "--format", "csv"]);
    let head = csv.out.lines().next().expect("a head");
    assert!(head.contains("estimated_worst_usd,metered_usd,invoiced_usd"), "{head}");
    assert!(csv.out.lines().any(|line| line.starts_with("gemini,") && line.contains(",,")), "{}", csv.out);
}

#[test]
fn a_bill_of_sums_is_shared_out_and_a_later_one_that_differs_is_an_alert() {
    let home = Home::new();
    let ran = home.rehearse(&["--seed", "7"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let calls = billed(&home, "anthropic");
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for call in &calls {
        *sums.entry((call.day.clone(), call.model.clone())).or_default() += call.micro;
    }
    let line = |((day, model), micro): (&(String, String), &i64)| Billed {
        key: String::new(),
        day: day.clone(),
        model: model.clone(),
        micro: *micro,
        request: String::new(),
    };
    let mut bill: Vec<Billed> = sums.iter().map(line).collect();
    let recorded = reconcile(&home, &bill, &["--record"]);
    assert_eq!(recorded.code, 0, "{}{}", recorded.out, recorded.err);
    let whole: i64 = calls.iter().map(|call| call.micro).sum();
    let by_episode = costs(&home, "episode");
    assert_eq!(by_episode["total"]["invoiced_micro_usd"], whole);

    // The same days once more, dearer and with a model that was never asked.
    let other = Billed { micro: whole, model: "claude-elsewhere".to_owned(), ..bill[0].clone() };
    bill.push(other);
    let alarming = reconcile(&home, &bill, &["--record"]);
    assert_eq!(alarming.code, 1, "{}{}", alarming.out, alarming.err);
    let by_episode = costs(&home, "episode");
    assert_eq!(group(&by_episode, "(billed, in no call)")["invoiced_micro_usd"], whole);
    assert_eq!(by_episode["total"]["invoiced_micro_usd"], whole * 2, "the earlier bill of these days is replaced");
    assert_eq!(group(&costs(&home, "provider"), "anthropic")["invoiced_micro_usd"], whole * 2);
    let said = &by_episode["bills"][0];
    let text = said["text"].as_str().expect("words");
    assert!(said["is_alert"] == true && text.starts_with("ALERT: anthropic billed "), "{text}");
    let command = text.split_once("greenroom ").expect("a command").1;
    let shown = home.run(&command.split_whitespace().collect::<Vec<_>>());
    assert!(shown.code == 0 && shown.out.contains("claude-elsewhere"), "{command} {}{}", shown.out, shown.err);
    let text = home.run(&["--studio", "rehearsal", "cost", "--by", "month"]).out;
    assert!(text.contains("ALERT: anthropic billed "), "{text}");
    // One episode has no part in what is in no call.
    let one = home.run(&["--studio", "rehearsal", "cost", "--episode", "1", "--format", "json"]);
    assert_eq!(json(&one.out)["total"]["invoiced_micro_usd"], whole);
}
