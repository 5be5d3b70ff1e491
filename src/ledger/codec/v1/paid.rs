//! What version 1 keeps of a paid call: what was used and how its price came about.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::names::{BasisV1, SearchSizeV1, ServiceV1};
use crate::domain::bill::{Bill, Service, Terms};
use crate::domain::call::Usage;
use crate::domain::ids::ContentHash;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct UsageV1 {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    cache_write_1h: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    reasoning: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    citations: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    searches: u64,
    characters: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<Usage> for UsageV1 {
    fn from(usage: Usage) -> Self {
        let Usage {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            reasoning,
            citations,
            searches,
            characters,
        } = usage;
        Self { input, output, cache_read, cache_write, cache_write_1h, reasoning, citations, searches, characters }
    }
}

impl From<UsageV1> for Usage {
    fn from(record: UsageV1) -> Self {
        let UsageV1 {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            reasoning,
            citations,
            searches,
            characters,
        } = record;
        Self { input, output, cache_read, cache_write, cache_write_1h, reasoning, citations, searches, characters }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct BillV1 {
    table: ContentHash,
    model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    on: Date,
    basis: BasisV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<ServiceV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    search: Option<SearchSizeV1>,
}

impl From<Bill> for BillV1 {
    fn from(bill: Bill) -> Self {
        let Bill { table, model, answered, on, basis, terms: Terms { service, search } } = bill;
        // Most calls are of the usual service.
        let service = (service != Service::Standard).then(|| service.into());
        Self { table, model, answered, on, basis: basis.into(), service, search: search.map(Into::into) }
    }
}

impl From<BillV1> for Bill {
    fn from(record: BillV1) -> Self {
        let BillV1 { table, model, answered, on, basis, service, search } = record;
        let service = service.map_or(Service::Standard, Service::from);
        let terms = Terms { service, search: search.map(Into::into) };
        Self { table, model, answered, on, basis: basis.into(), terms }
    }
}
