//! Providers' bills that were read into the ledger: what they come to, which calls they name, and whether they agree.
//!
//! An event holds the sums; what a bill says of each call is a list of its own, an artifact, since a month has more calls
//! than an event has room for. Not for reading or comparing a bill: those are [`super::invoice`] and [`super::reconcile`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::call::Provider;
use super::cost::CostRow;
use super::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use super::money::{MicroUsd, PicoUsd};
use super::reconcile::{Reconciled, Sums};

/// A provider's bill as it was held against the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadBill {
    /// Whose bill.
    pub provider: Provider,
    /// Its first day, UTC.
    pub from: Date,
    /// Its last day, UTC.
    pub to: Date,
    /// The file as it was read, an artifact.
    pub file: ContentHash,
    /// What a credit was said to cost, where it lists credits.
    pub credit: Option<PicoUsd>,
    /// What it says of each call, an artifact: a [`BillList`] as JSON.
    pub list: ContentHash,
    /// What both sides come to.
    pub sums: Sums,
    /// Calls of which it says an amount.
    pub matched: u32,
    /// What differs.
    pub differing: Differing,
}

/// How much of a bill differs from the ledger, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differing {
    /// Requests of the bill that are in no call.
    pub not_in_ledger: u32,
    /// Calls that are not on the bill.
    pub not_billed: u32,
    /// Calls at another amount.
    pub other_amount: u32,
    /// Calls of its days of which nobody knows whether they were charged.
    pub uncertain: u32,
}

/// What a bill says, call by call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillList {
    /// What was found of it.
    pub found: Reconciled,
    /// All that it comes to, in parts.
    pub lines: Vec<BillLine>,
}

/// A part of a bill: a call's, or what is in no call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// The day, UTC.
    pub on: Date,
    /// The call; `None` for what is in no call of the ledger.
    pub key: Option<IntentKey>,
    /// The model that was asked, or the one that the bill names where there is no call.
    pub model: String,
    /// What the call had cost by the ledger when the bill was read.
    pub metered_micro_usd: MicroUsd,
    /// What the bill says.
    pub invoiced_micro_usd: MicroUsd,
    /// Whether it is the call's share of a sum for the day and model, and not an amount that the bill gives for the request.
    pub is_share: bool,
}

impl ReadBill {
    /// A bill from what was found of it; `file` and `list` are the artifacts that keep both.
    pub fn new(file: ContentHash, credit: Option<PicoUsd>, list: ContentHash, read: &BillList) -> Self {
        let BillList { found, lines } = read;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            provider: found.provider,
            from: found.from,
            to: found.to,
            file,
            credit,
            list,
            sums: found.total,
            matched: count(lines.iter().filter(|line| line.key.is_some()).count()),
            differing: Differing {
                not_in_ledger: count(found.not_in_ledger.len()),
                not_billed: count(found.not_billed.len()),
                other_amount: count(found.other_amount.len()),
                uncertain: count(found.uncertain.len()),
            },
        }
    }

    /// Whether both are the same file of the same provider, read in the same way.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.provider, self.file, self.credit) == (other.provider, other.file, other.credit)
    }
}

/// A bill in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBill {
    /// The event.
    pub seq: u64,
    /// When it was read.
    pub at: Timestamp,
    /// What was read.
    pub bill: ReadBill,
}

/// What bills say of some calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Invoiced {
    /// Calls that a bill says an amount of.
    pub calls: u32,
    /// What those had cost by the ledger.
    pub metered: MicroUsd,
    /// What the bills say.
    pub invoiced: MicroUsd,
}

impl Invoiced {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            metered: self.metered.plus(other.metered),
            invoiced: self.invoiced.plus(other.invoiced),
        }
    }
}

/// The calls of a row of costs.
type RowKey = (EpisodeNumber, StageId, Provider, String);

/// What all bills say, by row of costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllInvoiced {
    rows: BTreeMap<RowKey, Invoiced>,
    /// What is in no call of the ledger, by provider.
    outside: BTreeMap<Provider, MicroUsd>,
}

impl AllInvoiced {
    /// What these bills say, in the order in which they were read: of a day that two of them cover, the later one counts.
    pub fn of<'a>(bills: impl IntoIterator<Item = (&'a ReadBill, &'a BillList)>) -> Self {
        let mut days: BTreeMap<(Provider, Date), Vec<&BillLine>> = BTreeMap::new();
        for (bill, list) in bills {
            days.retain(|(provider, on), _| *provider != bill.provider || !(bill.from..=bill.to).contains(on));
            for line in &list.lines {
                days.entry((bill.provider, line.on)).or_default().push(line);
            }
        }
        let mut all = Self::default();
        for ((provider, _), line) in days.iter().flat_map(|(day, lines)| lines.iter().map(move |line| (day, line))) {
            let Some(key) = &line.key else {
                let sum = all.outside.entry(*provider).or_default();
                *sum = sum.plus(line.invoiced_micro_usd);
                continue;
            };
            let row = all.rows.entry((key.episode, key.stage.clone(), *provider, line.model.clone())).or_default();
            let one = Invoiced { calls: 1, metered: line.metered_micro_usd, invoiced: line.invoiced_micro_usd };
            *row = row.plus(one);
        }
        all
    }

    /// What they say of a row; `None` where no bill that was read has any of its calls.
    pub fn row(&self, row: &CostRow) -> Option<Invoiced> {
        self.rows.get(&(row.episode, row.stage.clone(), row.provider, row.model.clone())).copied()
    }

    /// What is on the bills and in no call of the ledger, by provider; nothing of a provider whose bills were not read.
    pub fn outside(&self) -> impl Iterator<Item = (Provider, MicroUsd)> {
        self.outside.iter().map(|(provider, sum)| (*provider, *sum)).filter(|(_, sum)| *sum != MicroUsd::ZERO)
    }
}

/// How the ledger stands to the bills that were read: each line for people, and whether it is an alert.
///
/// Of each provider the bill with the latest days counts, of two with the same last day the one that was read later. `flag` is
/// what stands behind `greenroom` in a command for this studio. Nothing where no bill was read.
pub fn standing(bills: &[KeptBill], flag: &str) -> Vec<(bool, String)> {
    let mut latest: BTreeMap<Provider, &KeptBill> = BTreeMap::new();
    for kept in bills {
        let newest = latest.entry(kept.bill.provider).or_insert(kept);
        if kept.bill.to >= newest.bill.to {
            *newest = kept;
        }
    }
    let day = |at: Timestamp| TimeZone::UTC.to_datetime(at).date();
    let alarms = latest.values().filter(|kept| kept.bill.sums.is_alarming()).map(|kept| {
        let ReadBill { provider, from, to, sums, .. } = &kept.bill;
        let (invoiced, metered) = (sums.invoiced_micro_usd, sums.metered_micro_usd);
        let days = if from == to { format!("on {from}") } else { format!("{from} to {to}") };
        let what = format!("ALERT: {provider} billed {invoiced:.4} USD, metered {metered:.4} USD, {days}");
        (true, format!("{what} (file read on {}): greenroom{flag} cost bills --provider {provider}", day(kept.at)))
    });
    let alarms: Vec<_> = alarms.collect();
    let agreeing: Vec<&KeptBill> = latest.into_values().filter(|kept| !kept.bill.sums.is_alarming()).collect();
    let most = agreeing.iter().map(|kept| kept.bill.sums.per_mille()).max();
    let (Some(most), Some(read)) = (most.filter(|_| alarms.is_empty()), agreeing.iter().map(|kept| day(kept.at)).min())
    else {
        return alarms;
    };
    let files = match agreeing.len() {
        1 => format!("file read on {read}"),
        n => format!("{n} providers, oldest file read on {read}"),
    };
    vec![(false, format!("bills agree to within {}.{} % ({files})", most / 10, most % 10))]
}

#[cfg(test)]
mod tests;
