//! Arbitrary events: one strategy for each kind.

use jiff::Timestamp;
use jiff::civil::Date;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::every;
use crate::domain::bill::{Bill, Terms};
use crate::domain::billed::{Differing, ReadBill};
use crate::domain::budget::Scope;
use crate::domain::call::{Route, Told, Usage};
use crate::domain::event::{
    Event, Mending, Need, Pin, Policy, PromptPin, ResendLimit, Ruled, Seen, Uncertain, UnitPlan, Window,
};
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::money::{MicroUsd, PicoUsd};
use crate::domain::panel::{PanelSpec, Seat};
use crate::domain::pipeline::Stage;
use crate::domain::reconcile::Sums;
use crate::domain::sent::StudioId;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", any::<String>(), Just("\u{0}\"\\\n\u{1b}\u{2028}\u{1f399}".to_owned())]
}

fn hash() -> impl Strategy<Value = ContentHash> {
    any::<[u8; 8]>().prop_map(|bytes| ContentHash::of(&bytes))
}

fn stage_id() -> impl Strategy<Value = StageId> {
    "[a-z][a-z0-9_]{0,63}".prop_map(|name| name.parse().unwrap())
}

fn usd() -> impl Strategy<Value = MicroUsd> {
    any::<i64>().prop_map(MicroUsd)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_i64..253_402_200_000, 0..1_000_000_000_i32).prop_map(|(s, ns)| Timestamp::new(s, ns).unwrap())
}

fn key() -> impl Strategy<Value = IntentKey> {
    (any::<u32>(), stage_id(), any::<u32>(), any::<u32>()).prop_map(|(episode, stage, unit, attempt)| IntentKey {
        episode: EpisodeNumber(episode),
        stage,
        unit,
        attempt,
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Call),
        (any::<u32>(), stage_id()).prop_map(|(episode, stage)| Scope::Stage(EpisodeNumber(episode), stage)),
        any::<u32>().prop_map(|episode| Scope::Episode(EpisodeNumber(episode))),
        any::<i64>().prop_map(Scope::Day),
        any::<i64>().prop_map(Scope::Month),
    ]
}

fn route() -> impl Strategy<Value = Route> {
    (select(every::PROVIDERS), text()).prop_map(|(provider, model)| Route { provider, model })
}

fn usage() -> impl Strategy<Value = Usage> {
    any::<([u64; 5], [u64; 4])>().prop_map(|(counts, more)| {
        let [input, output, cache_read, cache_write, characters] = counts;
        let [cache_write_1h, reasoning, citations, searches] = more;
        Usage { input, output, cache_read, cache_write, cache_write_1h, reasoning, citations, searches, characters }
    })
}

fn bill() -> impl Strategy<Value = Box<Bill>> {
    let terms = (select(every::SERVICES), option::of(select(every::SEARCH_SIZES)))
        .prop_map(|(service, search)| Terms { service, search });
    let day = (1_i16..=9_999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| Date::constant(year, month, day));
    (hash(), text(), option::of(text()), day, select(every::BASES), terms).prop_map(
        |(table, model, answered, on, basis, terms)| Box::new(Bill { table, model, answered, on, basis, terms }),
    )
}

fn unit() -> impl Strategy<Value = UnitPlan> {
    let window = (any::<u32>(), any::<u32>(), option::of(1..u32::MAX)).prop_map(|(prompt, answer, context)| Window {
        prompt,
        answer,
        context,
    });
    (any::<u32>(), hash(), usd(), option::of(route()), option::of(window))
        .prop_map(|(unit, request, worst, route, window)| UnitPlan { unit, request, worst, route, window })
}

fn uncertain() -> impl Strategy<Value = Uncertain> {
    let within = (usd(), usd()).prop_map(|(call, episode)| Uncertain::Within(ResendLimit { call, episode }));
    prop_oneof![Just(Uncertain::Ask), Just(Uncertain::Resend), within]
}

fn policy() -> impl Strategy<Value = Policy> {
    let mending = (any::<u32>(), option::of(usd()), any::<Option<u32>>())
        .prop_map(|(rounds, spend, minutes)| Mending { rounds, spend, minutes });
    let pressed = (select(every::NEAR_CAPS), select(every::WHEN_DOWNS), select(every::INPUT_FORMS));
    let rules = (option::of(hash()), mending, select(every::OVERRIDINGS), any::<u32>(), pressed);
    (uncertain(), any::<u32>(), any::<(u64, u64)>(), any::<u32>(), rules).prop_map(
        |(
            uncertain,
            corrections,
            target_ms,
            words_per_minute,
            (rubric, mending, overriding, canary_every, (near_cap, when_down, inputs)),
        )| Policy {
            uncertain,
            corrections,
            target_ms,
            words_per_minute,
            rubric,
            mending,
            overriding,
            canary_every,
            lately: rubric,
            sample: corrections,
            near_cap,
            when_down,
            inputs,
        },
    )
}

fn seen() -> impl Strategy<Value = Seen> {
    (hash(), any::<u32>(), usd(), any::<u8>(), any::<u32>())
        .prop_map(|(report, open, spent, read_percent, seconds)| Seen { report, open, spent, read_percent, seconds })
}

fn ruled() -> impl Strategy<Value = Ruled> {
    (text(), select(every::ITEM_RULINGS), text()).prop_map(|(item, ruling, reason)| Ruled { item, ruling, reason })
}

fn panel() -> impl Strategy<Value = PanelSpec> {
    let bounds = (any::<u32>(), option::of(usd()), any::<Option<u32>>());
    (select(every::STYLES), vec(text(), 0..4), option::of(text()), bounds).prop_map(
        |(style, seats, coordinator, (turns, spend, minutes))| PanelSpec {
            style,
            seats,
            coordinator,
            turns,
            spend,
            minutes,
        },
    )
}

fn stage() -> impl Strategy<Value = Stage> {
    let ids = || vec(stage_id(), 0..4);
    let names = (stage_id(), text(), option::of(text()), option::of(text()), any::<u32>());
    let words = (select(every::KINDS), select(every::CONTRACTS), option::of(select(every::HUMANS)));
    let lists = (ids(), ids(), ids(), option::of(panel()), option::of(text()));
    let single = (option::of(stage_id()), option::of(stage_id()), option::of(stage_id()));
    (names, words, lists, single).prop_map(
        |(
            (id, title, agent, reviser, time_limit_seconds),
            (kind, output, human),
            (inputs, after, signs, panel, attacker),
            (send_back, skip_when_empty, revises),
        )| Stage {
            id,
            title,
            kind,
            agent,
            reviser,
            inputs,
            after,
            output,
            human,
            send_back,
            signs,
            skip_when_empty,
            revises,
            time_limit_seconds,
            panel,
            attacker,
        },
    )
}

fn told() -> impl Strategy<Value = Told> {
    (any::<Option<u32>>(), option::of(moment())).prop_map(|(most, until)| Told { most, until })
}

fn read_bill() -> impl Strategy<Value = ReadBill> {
    let day = || (1_i16..9_999, 1_i8..13, 1_i8..29).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap());
    let sums = (any::<u32>(), usd(), usd(), usd()).prop_map(|(calls, estimated, metered, invoiced)| Sums {
        calls,
        estimated_micro_usd: estimated,
        metered_micro_usd: metered,
        invoiced_micro_usd: invoiced,
    });
    let differing = any::<[u32; 4]>().prop_map(|[not_in_ledger, not_billed, other_amount, uncertain]| Differing {
        not_in_ledger,
        not_billed,
        other_amount,
        uncertain,
    });
    let credit = option::of(any::<i64>().prop_map(PicoUsd));
    let of = (select(every::PROVIDERS), day(), day(), hash(), credit, hash(), sums, any::<u32>(), differing);
    of.prop_map(|(provider, from, to, file, credit, list, sums, matched, differing)| ReadBill {
        provider,
        from,
        to,
        file,
        credit,
        list,
        sums,
        matched,
        differing,
    })
}

fn prompt() -> impl Strategy<Value = PromptPin> {
    (text(), text(), hash()).prop_map(|(agent, version, hash)| PromptPin { agent, version, hash })
}

fn seat() -> impl Strategy<Value = Seat> {
    (prompt(), route(), option::of(route())).prop_map(|(prompt, route, fallback)| Seat { prompt, route, fallback })
}

fn pin() -> impl Strategy<Value = Pin> {
    let prompt = || option::of(prompt());
    let routes = (option::of(route()), option::of(route()), vec(route(), 0..3), option::of(route()));
    (stage(), prompt(), prompt(), routes, vec(seat(), 0..3)).prop_map(
        |(stage, prompt, revise, (route, fallback, further, cheaper), seats)| Pin {
            stage,
            prompt,
            revise,
            route,
            fallback,
            further,
            cheaper,
            seats,
        },
    )
}

fn need() -> impl Strategy<Value = Need> {
    prop_oneof![
        (stage_id(), hash()).prop_map(|(gate, hash)| Need::Gate { gate, hash }),
        key().prop_map(|key| Need::Charge { key }),
        (stage_id(), scope(), usd(), usd(), usd()).prop_map(|(stage, scope, cap, committed, worst)| Need::Cap {
            stage,
            scope,
            cap,
            committed,
            worst
        }),
        (stage_id(), text()).prop_map(|(stage, reason)| Need::Retries { stage, reason }),
        (key(), text()).prop_map(|(key, reason)| Need::Unread { key, reason }),
        (key(), usd(), usd()).prop_map(|(key, reserved, billed)| Need::OverBilled { key, reserved, billed }),
    ]
}

/// Boxed strategies, each of one kind of event, from a strategy for each member.
macro_rules! kinds {
    ($($kind:ident { $($member:ident: $strategy:expr),* $(,)? })+) => {
        vec![$(($($strategy,)* Just(()),).prop_map(|($($member,)* (),)| Event::$kind { $($member),* }).boxed()),+]
    };
}

/// For each kind of event a strategy that makes only that kind.
pub(super) fn each_kind() -> Vec<BoxedStrategy<Event>> {
    kinds! {
        StudioOpened { provenance: select(every::PROVENANCES), id: option::of(any::<u64>().prop_map(StudioId::drawn)) }
        ClockSteppedBack { by_ms: any::<u64>() }
        ClockSteppedForward { by_ms: any::<u64>() }
        ClockBelieved { ahead_ms: any::<u64>() }
        LossAccepted {
            held: any::<u64>(), known: any::<u64>(), cost: usd(), until: option::of(moment()), calls: vec(key(), 0..4),
            episodes: any::<u32>(), reason: text(),
        }
        CapSet { scope: scope(), cap: usd(), reason: text() }
        CapNear { scope: scope(), cap: usd(), committed: usd(), then: select(every::NEAR_CAPS) }
        CommandRefused { asked: text(), reason: text() }
        EpisodeStarted {
            title: text(), show: text(), research: hash(), profile: hash(), policy: policy(), projected: usd(),
        }
        StagePinned { pin: pin().prop_map(Box::new) }
        StagePrepared { stage: stage_id(), input: hash(), units: vec(unit(), 0..21), last: any::<bool>() }
        CorrectionPrepared { stage: stage_id(), input: hash(), unit: unit() }
        CallIntended { key: key(), request: hash(), worst: usd(), route: route() }
        CallSettled {
            key: key(), answer: hash(), usage: usage(), price: usd(), machine_ms: any::<u64>(),
            request_id: option::of(text()), bill: option::of(bill()), told: told(),
        }
        CallBatched { key: key(), batch: text() }
        CallFailed {
            key: key(), class: select(every::CLASSES), message: text(), price: usd(), not_before: option::of(moment()),
            usage: prop_oneof![Just(Usage::default()), usage()], bill: option::of(bill()), request_id: option::of(text()), told: told(),
        }
        BreakerOpened { provider: select(every::PROVIDERS), until: moment(), failures: any::<u32>(), reason: text() }
        BreakerProbing { provider: select(every::PROVIDERS) }
        BreakerClosed { provider: select(every::PROVIDERS) }
        ChargeUncertain { key: key(), reason: text() }
        ChargeRuled { key: key(), ruling: select(every::RULINGS), not_before: option::of(moment()) }
        AnswerUnread { key: key(), reason: text() }
        AnswerRuled { key: key(), ruling: select(every::ANSWER_RULINGS) }
        UncertainPolicySet { uncertain: uncertain() }
        ChargeCorrected { key: key(), price: usd(), reason: text() }
        AnswerReused {
            stage: stage_id(), input: hash(), unit: any::<u32>(), route: route(), name: hash(), answer: hash(), of: key(),
            saved: usd(),
        }
        UnitAccepted {
            stage: stage_id(), input: hash(), unit: any::<u32>(), output: hash(), claimed_words: any::<Option<u64>>(),
        }
        OutputRejected { stage: stage_id(), input: hash(), unit: any::<u32>(), reason: text() }
        StageCompleted {
            stage: stage_id(), input: hash(), output: hash(), handoff: select(every::HANDOFFS),
            words: any::<Option<u64>>(),
        }
        StageFailed { stage: stage_id(), input: hash(), reason: text() }
        RetryGranted { stage: stage_id() }
        RouteChanged { stage: stage_id(), route: route(), reason: text() }
        GateEvaluated {
            gate: stage_id(), hash: hash(), verdict: select(every::VERDICTS), reasons: vec(text(), 0..13),
            report: hash(), open: vec(text(), 0..5),
        }
        ItemRuled { gate: stage_id(), hash: hash(), ruled: ruled() }
        OverrideProposed { gate: stage_id(), hash: hash(), reason: text() }
        GateOverridden {
            gate: stage_id(), hash: hash(), reason: text(), max_spend: usd(), seen: option::of(seen()),
        }
        GateApproved { gate: stage_id(), hash: hash(), max_spend: usd(), seen: option::of(seen()) }
        OutputChosen {
            stage: stage_id(), input: hash(), output: hash(), parent: hash(), choice: select(every::CHOICES),
            reason: text(), words: any::<Option<u64>>(),
        }
        SentBack {
            gate: stage_id(), hash: hash(), target: stage_id(), note: hash(), base: hash(),
            way: select(every::WAYS), seen: option::of(seen()),
        }
        PromptChosen { stage: stage_id(), prompt: prompt(), reviser: any::<bool>(), reason: text() }
        BillReconciled { bill: read_bill().prop_map(Box::new) }
        NeedOpened { need: need() }
        NeedClosed { id: text(), answer: text() }
        Paused {}
        Resumed {}
        Cancelled { reason: text() }
        Rejected { reason: text() }
        Packaged { manifest: hash() }
    }
}
