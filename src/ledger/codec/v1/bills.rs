//! What version 1 keeps of a provider's bill that was read.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::names::ProviderV1;
use crate::domain::billed::{Differing, ReadBill};
use crate::domain::ids::ContentHash;
use crate::domain::money::{MicroUsd, PicoUsd};
use crate::domain::reconcile::Sums;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct ReadBillV1 {
    provider: ProviderV1,
    from: Date,
    to: Date,
    file: ContentHash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credit: Option<PicoUsd>,
    list: ContentHash,
    calls: u32,
    matched: u32,
    estimated: MicroUsd,
    metered: MicroUsd,
    invoiced: MicroUsd,
    not_in_ledger: u32,
    not_billed: u32,
    other_amount: u32,
    uncertain: u32,
}

impl From<ReadBill> for ReadBillV1 {
    fn from(bill: ReadBill) -> Self {
        let ReadBill { provider, from, to, file, credit, list, sums, matched, differing } = bill;
        let Sums { calls, estimated_micro_usd, metered_micro_usd, invoiced_micro_usd } = sums;
        let Differing { not_in_ledger, not_billed, other_amount, uncertain } = differing;
        Self {
            provider: provider.into(),
            from,
            to,
            file,
            credit,
            list,
            calls,
            matched,
            estimated: estimated_micro_usd,
            metered: metered_micro_usd,
            invoiced: invoiced_micro_usd,
            not_in_ledger,
            not_billed,
            other_amount,
            uncertain,
        }
    }
}

impl From<ReadBillV1> for ReadBill {
    fn from(record: ReadBillV1) -> Self {
        let ReadBillV1 {
            provider,
            from,
            to,
            file,
            credit,
            list,
            calls,
            matched,
            estimated,
            metered,
            invoiced,
            not_in_ledger,
            not_billed,
            other_amount,
            uncertain,
        } = record;
        Self {
            provider: provider.into(),
            from,
            to,
            file,
            credit,
            list,
            sums: Sums {
                calls,
                estimated_micro_usd: estimated,
                metered_micro_usd: metered,
                invoiced_micro_usd: invoiced,
            },
            matched,
            differing: Differing { not_in_ledger, not_billed, other_amount, uncertain },
        }
    }
}
