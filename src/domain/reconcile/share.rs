//! What a provider's list says of each call: the amount of its request, or its share of the sum of its day and model.
//!
//! Many providers list no requests, only what a day came to with a model. Such a sum is shared out among the calls of that day and
//! model by what each of them cost by the ledger, and each share says that it is one. The parts add up to the whole list.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Dated, Rounded, named, within};
use crate::domain::billed::BillLine;
use crate::domain::call::Provider;
use crate::domain::episode::Call;
use crate::domain::ids::IntentKey;
use crate::domain::invoice::Charge;
use crate::domain::money::MicroUsd;

/// What a list says of each call within its days, and what of it is in no call.
pub fn lines<'a>(
    provider: Provider,
    calls: impl IntoIterator<Item = (&'a IntentKey, &'a Call)>,
    charges: &[Charge],
) -> Vec<BillLine> {
    let days = charges.iter().map(|charge| charge.on);
    let (Some(from), Some(to)) = (days.clone().min(), days.max()) else { return Vec::new() };
    let calls = within(provider, calls, from..=to);
    let by_name: BTreeMap<&str, &Dated<'_>> =
        calls.iter().filter_map(|dated| Some((dated.3.request_id()?, dated))).collect();
    // By request where the list names one that a call has; the rest of the list by day and model.
    let mut of_call: BTreeMap<&IntentKey, i128> = BTreeMap::new();
    let mut outside: BTreeMap<(Date, String), i128> = BTreeMap::new();
    let mut of_day: BTreeMap<(Date, String), i128> = BTreeMap::new();
    for charge in charges {
        let known = charge.request_id.as_deref().map(|id| by_name.get(id));
        let sum = match known {
            Some(Some((_, _, key, _))) => of_call.entry(key).or_default(),
            Some(None) => outside.entry((charge.on, charge.model.clone())).or_default(),
            None => of_day.entry((charge.on, named(&charge.model))).or_default(),
        };
        *sum = sum.saturating_add(charge.pico);
    }
    let named_calls: BTreeSet<&IntentKey> = of_call.keys().copied().collect();
    let mut shares: BTreeMap<&IntentKey, i128> = BTreeMap::new();
    for (day, sum) in of_day {
        let its: Vec<&Dated<'_>> = calls
            .iter()
            .filter(|(on, model, key, call)| {
                (*on, model) == (day.0, &day.1) && !named_calls.contains(key) && call.spent() > MicroUsd::ZERO
            })
            .collect();
        let whole: i128 = its.iter().map(|(.., call)| i128::from(call.spent().0)).sum();
        if whole == 0 {
            let rest = outside.entry(day).or_default();
            *rest = rest.saturating_add(sum);
            continue;
        }
        let (mut before, mut given) = (0_i128, 0_i128);
        for (_, _, key, call) in its {
            before += i128::from(call.spent().0);
            // What is shared out so far, so that nothing is lost to rounding.
            let up_to = part(sum, before, whole);
            shares.insert(key, up_to - given);
            given = up_to;
        }
    }
    let mut rounded = Rounded::default();
    let mut all = Vec::new();
    for (on, _, key, call) in &calls {
        let (named, share) = (of_call.get(key), shares.get(key));
        let Some(pico) = named.or(share) else { continue };
        all.push(BillLine {
            on: *on,
            key: Some((*key).clone()),
            model: call.route.model.clone(),
            metered_micro_usd: call.spent(),
            invoiced_micro_usd: rounded.next(*pico),
            is_share: named.is_none(),
        });
    }
    all.extend(outside.into_iter().map(|((on, model), pico)| BillLine {
        on,
        key: None,
        model,
        metered_micro_usd: MicroUsd::ZERO,
        invoiced_micro_usd: rounded.next(pico),
        is_share: false,
    }));
    all
}

/// `sum * part / whole` without leaving the range: what would leave it is no bill, and is shared out coarsely.
fn part(sum: i128, part: i128, whole: i128) -> i128 {
    sum.checked_mul(part).map_or_else(|| (sum / whole).saturating_mul(part), |product| product / whole)
}
