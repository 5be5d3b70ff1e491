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
    assert_eq!(ours.map(|group| &group["spent_micro_usd"]), Some(&told["total"]["metered_micro_usd"]), "{groups}");
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
