//! What is written is what was meant, and what was ever written keeps its bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::*;
use crate::ledger::chain::LineHash;
use crate::ledger::disk::RealDisk;
use crate::ledger::journal::{BatchSpan, Journal};

mod any;
mod every;
mod samples;

/// What `written` holds, as the journal would hand it over.
fn entry(v: u32, written: &Stamped, body: &str) -> Entry {
    Entry {
        v,
        seq: written.seq,
        at: written.at,
        episode: written.episode,
        actor: written.actor.to_string(),
        batch: BatchSpan { first: written.seq, len: 1 },
        body: RawValue::from_string(body.to_owned()).unwrap(),
        prev: LineHash::GENESIS,
        hash: LineHash::GENESIS,
        end: 0,
    }
}

fn body(event: &Event) -> String {
    let stamped = Stamped { event: event.clone(), ..samples::first() };
    draft(&stamped).unwrap().body.get().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn an_event_is_read_as_it_was_written(event in Union::new(any::each_kind())) {
        let written = Stamped { event, ..samples::first() };
        let body = draft(&written).unwrap().body;
        prop_assert_eq!(stamped(&entry(1, &written, body.get())).unwrap(), written);
    }
}

#[test]
fn every_kind_of_event_is_tried_and_has_a_record_of_its_name() {
    let mut runner = TestRunner::deterministic();
    let kinds = any::each_kind();
    let tried: Vec<Event> = kinds.iter().map(|kind| kind.new_tree(&mut runner).unwrap().current()).collect();
    assert_eq!(tried.iter().map(every::name).collect::<Vec<_>>(), every::EVENTS);
    let in_fixture: BTreeSet<&str> = samples::all().iter().map(|stamped| every::name(&stamped.event)).collect();
    assert_eq!(in_fixture, every::EVENTS.iter().copied().collect());
    for event in &tried {
        let tag = match serde_json::from_str(&body(event)).unwrap() {
            Value::String(tag) => tag,
            Value::Object(members) => members.keys().next().unwrap().clone(),
            other => panic!("{other}"),
        };
        assert_eq!(tag.replace('_', ""), every::name(event).to_lowercase());
    }
}

/// The fixture is written anew, through the codec and the journal, and must come out the same. Where a line differs that
/// was there before, a record was changed that stands on people's disks: it needs a version of its own.
#[test]
fn version_1_is_written_byte_for_byte_as_ever() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal-v1-losses/journal.jsonl");
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(Arc::new(RealDisk), folder.path()).unwrap();
    let drafts: Vec<Draft> = samples::all().iter().map(|stamped| draft(stamped).unwrap()).collect();
    // Batches of one to four lines.
    let mut rest = drafts.as_slice();
    while !rest.is_empty() {
        let len = usize::try_from(journal.next_seq() % 4 + 1).unwrap().min(rest.len());
        let (batch, after) = rest.split_at(len);
        journal.append(journal.next_seq(), batch).unwrap();
        rest = after;
    }
    let written = fs::read_to_string(folder.path().join(journal::FILE)).unwrap();
    let kept = fs::read_to_string(&fixture).unwrap_or_default();
    if written != kept {
        let place = folder.keep().join(journal::FILE);
        let line = written.lines().zip(kept.lines()).position(|(now, then)| now != then);
        panic!("line {:?} is not written as it was; the new journal is {}", line.map(|n| n + 1), place.display());
    }
}

#[test]
fn a_full_list_of_calls_stays_under_four_kilobytes() {
    let longest = body(&samples::largest());
    assert!(longest.len() < 4_096, "{} bytes", longest.len());
    for stamped in samples::all() {
        assert!(body(&stamped.event).len() < 4_096, "{stamped:?}");
    }
}

/// The body with one more member, once for each object in it.
fn with_a_surplus(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert("surplus".to_owned(), Value::Null);
            all.push(Value::Object(more));
            for (name, member) in members {
                all.extend(with_a_surplus(member).into_iter().map(|changed| {
                    let mut members = members.clone();
                    members.insert(name.clone(), changed);
                    Value::Object(members)
                }));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                all.extend(with_a_surplus(item).into_iter().map(|changed| {
                    let mut items = items.clone();
                    items[at] = changed;
                    Value::Array(items)
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    all
}

#[test]
fn what_no_record_has_is_refused_at_every_depth() {
    let mut refused = 0;
    for sample in samples::all() {
        let sound = serde_json::from_str(&body(&sample.event)).unwrap();
        for changed in with_a_surplus(&sound) {
            let read = stamped(&entry(1, &sample, &changed.to_string()));
            assert!(matches!(read, Err(CodecError::Unreadable { fault: RecordFault::Body(_), .. })), "{changed}");
            refused += 1;
        }
    }
    assert!(refused > 200, "{refused}");
    for unknown in ["{}", "null", "\"call_settled\"", "\"rejoiced\"", "{\"rejoiced\":{}}", "{\"Paused\":null}"] {
        assert!(stamped(&entry(1, &samples::first(), unknown)).is_err(), "{unknown}");
    }
}

#[test]
fn a_record_is_read_in_its_own_version_only_and_by_an_actor_that_can_be() {
    let first = samples::first();
    let body = body(&first.event);
    assert_eq!(stamped(&entry(1, &first, &body)).unwrap(), first);
    for version in [0, 2, u32::MAX] {
        let read = stamped(&entry(version, &first, &body)).unwrap_err();
        assert!(matches!(read, CodecError::Unreadable { seq: 1, fault: RecordFault::Version(v) } if v == version));
    }
    let nobody = Entry { actor: "nobody".to_owned(), ..entry(1, &first, &body) };
    let read = stamped(&nobody).unwrap_err();
    assert!(matches!(read, CodecError::Unreadable { seq: 1, fault: RecordFault::Actor(_) }), "{read}");
}
