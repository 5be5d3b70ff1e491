//! The ledger held against a provider's own list of charges: by request where both name it, else by day and model.
//!
//! Not for reading the list: that is [`super::invoice`]. What each call is billed is in `share`. Nothing here changes a charge; an
//! uncertain one is ruled by a person.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::call::Provider;
use super::episode::{Call, CallState};
use super::ids::IntentKey;
use super::invoice::Charge;
use super::money::MicroUsd;

/// Pico-dollars in a micro-dollar.
const PICO: i128 = 1_000_000;

/// The ledger against a provider's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Whose list.
    pub provider: Provider,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// Each day and model of either side.
    pub days: Vec<DayLine>,
    /// All of them together.
    pub total: Sums,
    /// Charges whose request is in the list and in no call.
    pub not_in_ledger: Vec<Listed>,
    /// Calls that cost something and have a name, in a list of names in which theirs is not.
    pub not_billed: Vec<Listed>,
    /// Calls that both sides have, at other amounts.
    pub other_amount: Vec<Listed>,
    /// Uncertain calls, with what the list says of their day and model.
    pub uncertain: Vec<Uncertain>,
}

/// The three columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Calls of the ledger.
    pub calls: u32,
    /// The worst case that was reserved before they were sent.
    pub estimated_micro_usd: MicroUsd,
    /// What they cost by the ledger.
    pub metered_micro_usd: MicroUsd,
    /// What the provider lists.
    pub invoiced_micro_usd: MicroUsd,
}

/// A day and a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayLine {
    /// The day, UTC.
    pub on: Date,
    /// The model.
    pub model: String,
    /// Its sums.
    pub sums: Sums,
}

/// A call or a charge by the provider's name for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The provider's name.
    pub request_id: String,
    /// The call, where the ledger has it.
    pub key: Option<IntentKey>,
    /// The model.
    pub model: String,
    /// What the ledger has.
    pub metered_micro_usd: MicroUsd,
    /// What the provider lists.
    pub invoiced_micro_usd: MicroUsd,
}

/// An uncertain call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncertain {
    /// The call.
    pub key: IntentKey,
    /// What is held for it.
    pub worst_micro_usd: MicroUsd,
    /// What the provider lists for its day and model beyond the calls that are known.
    pub beyond_micro_usd: MicroUsd,
}

impl Sums {
    /// How far the list is from the ledger; negative where the list has less.
    pub fn difference(&self) -> MicroUsd {
        self.invoiced_micro_usd.minus(self.metered_micro_usd)
    }

    /// Whether they differ by more than one part in a hundred of the larger one.
    pub fn is_alarming(&self) -> bool {
        let most = self.invoiced_micro_usd.max(self.metered_micro_usd);
        let apart = i128::from(self.difference().0).abs();
        apart * 100 > i128::from(most.0)
    }

    /// How far they are apart, in parts of a thousand of the larger one, rounded up.
    pub fn per_mille(&self) -> i128 {
        let most = i128::from(self.invoiced_micro_usd.max(self.metered_micro_usd).0).max(1);
        (i128::from(self.difference().0).abs() * 1_000 + most - 1) / most
    }

    fn with(&mut self, call: &Call) {
        self.calls = self.calls.saturating_add(1);
        self.estimated_micro_usd = self.estimated_micro_usd.plus(call.worst);
        self.metered_micro_usd = self.metered_micro_usd.plus(call.spent());
    }
}

/// The ledger's calls to a provider against its list, within the days of the list.
///
/// `None` where the list is empty.
pub fn reconcile<'a>(
    provider: Provider,
    calls: impl IntoIterator<Item = (&'a IntentKey, &'a Call)>,
    charges: &[Charge],
) -> Option<Reconciled> {
    let from = charges.iter().map(|charge| charge.on).min()?;
    let to = charges.iter().map(|charge| charge.on).max()?;
    let calls = within(provider, calls, from..=to);
    let mut days: BTreeMap<(Date, String), (Sums, i128)> = BTreeMap::new();
    for (on, model, _, call) in &calls {
        days.entry((*on, model.clone())).or_default().0.with(call);
    }
    for charge in charges {
        let (_, pico) = days.entry((charge.on, named(&charge.model))).or_default();
        *pico = pico.saturating_add(charge.pico);
    }
    let mut total = Sums::default();
    let mut lines = Vec::new();
    let mut rounded = Rounded::default();
    for ((on, model), (mut sums, pico)) in days {
        sums.invoiced_micro_usd = rounded.next(pico);
        total = Sums {
            calls: total.calls.saturating_add(sums.calls),
            estimated_micro_usd: total.estimated_micro_usd.plus(sums.estimated_micro_usd),
            metered_micro_usd: total.metered_micro_usd.plus(sums.metered_micro_usd),
            invoiced_micro_usd: total.invoiced_micro_usd.plus(sums.invoiced_micro_usd),
        };
        lines.push(DayLine { on, model, sums });
    }
    let uncertain = calls.iter().filter(|(.., call)| matches!(call.state, CallState::Uncertain { .. }));
    let beyond = |on: &Date, model: &str| {
        let line = lines.iter().find(|line| line.on == *on && line.model == model);
        line.map_or(MicroUsd::ZERO, |line| line.sums.difference().max(MicroUsd::ZERO))
    };
    let uncertain = uncertain
        .map(|(on, model, key, call)| Uncertain {
            key: (*key).clone(),
            worst_micro_usd: call.worst,
            beyond_micro_usd: beyond(on, model),
        })
        .collect();
    let mut told = Reconciled {
        provider,
        from,
        to,
        days: lines,
        total,
        not_in_ledger: Vec::new(),
        not_billed: Vec::new(),
        other_amount: Vec::new(),
        uncertain,
    };
    by_request(&mut told, &calls, charges);
    Some(told)
}

/// A call with its day and the model that it is billed for.
type Dated<'a> = (Date, String, &'a IntentKey, &'a Call);

/// The calls to a provider of these days.
fn within<'a>(
    provider: Provider,
    calls: impl IntoIterator<Item = (&'a IntentKey, &'a Call)>,
    days: RangeInclusive<Date>,
) -> Vec<Dated<'a>> {
    calls
        .into_iter()
        .filter(|(_, call)| call.route.provider == provider)
        .map(|(key, call)| (TimeZone::UTC.to_datetime(call.at).date(), named(&of_call(call)), key, call))
        .filter(|(on, ..)| days.contains(on))
        .collect()
}

/// What is listed by request: only where the list names requests at all.
fn by_request(told: &mut Reconciled, calls: &[Dated<'_>], charges: &[Charge]) {
    let mut listed: BTreeMap<&str, (i128, i128, &str)> = BTreeMap::new();
    for charge in charges {
        let Some(id) = &charge.request_id else { continue };
        let (pico, step, _) = listed.entry(id).or_insert((0, 0, &charge.model));
        *pico = pico.saturating_add(charge.pico);
        *step = step.saturating_add(charge.step);
    }
    if listed.is_empty() {
        return;
    }
    let mut seen = BTreeSet::new();
    for (_, model, key, call) in calls {
        let Some(id) = call.request_id() else { continue };
        let metered = call.spent();
        let line = |invoiced| Listed {
            request_id: id.to_owned(),
            key: Some((*key).clone()),
            model: model.clone(),
            metered_micro_usd: metered,
            invoiced_micro_usd: invoiced,
        };
        match listed.get(id) {
            Some((pico, step, _)) => {
                seen.insert(id);
                // The ledger rounds a call up to a micro-dollar, the list to its last decimal.
                let apart = (i128::from(metered.0) * PICO - pico).abs();
                if apart > PICO.max(*step) {
                    told.other_amount.push(line(micro(*pico)));
                }
            }
            None if metered > MicroUsd::ZERO => told.not_billed.push(line(MicroUsd::ZERO)),
            None => {}
        }
    }
    for (id, (pico, _, model)) in listed.into_iter().filter(|(id, _)| !seen.contains(id)) {
        told.not_in_ledger.push(Listed {
            request_id: id.to_owned(),
            key: None,
            model: model.to_owned(),
            metered_micro_usd: MicroUsd::ZERO,
            invoiced_micro_usd: micro(pico),
        });
    }
}

/// The model that a call is billed for: the one that answered, where that is known.
fn of_call(call: &Call) -> String {
    let answered = call.bill().and_then(|bill| bill.answered.clone());
    answered.unwrap_or_else(|| call.route.model.clone())
}

/// A model's name as both sides may spell it: `Claude Opus 5.5` is `claude-opus-5-5`.
fn named(model: &str) -> String {
    let bare = model.trim().trim_start_matches("models/");
    bare.to_lowercase().replace([' ', '.'], "-")
}

/// Rounds parts so that they add up to the rounded sum: each is off by less than a micro-dollar.
#[derive(Default)]
struct Rounded {
    pico: i128,
}

impl Rounded {
    fn next(&mut self, pico: i128) -> MicroUsd {
        let before = micro(self.pico);
        self.pico = self.pico.saturating_add(pico);
        micro(self.pico).minus(before)
    }
}

/// Pico-dollars as micro-dollars, rounded to the nearest.
fn micro(pico: i128) -> MicroUsd {
    let rounded = (pico + PICO / 2).div_euclid(PICO);
    MicroUsd(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
}

mod share;

pub use self::share::lines;

#[cfg(test)]
mod tests;
