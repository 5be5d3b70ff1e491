//! The values of panels in version 1. All of them are members that older lines lack.

use serde::{Deserialize, Serialize};

use super::names::StyleV1;
use super::values::{PromptPinV1, RouteV1};
use crate::domain::call::Route;
use crate::domain::money::MicroUsd;
use crate::domain::panel::{PanelSpec, Seat};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct PanelV1 {
    style: StyleV1,
    seats: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coordinator: Option<String>,
    turns: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spend: Option<MicroUsd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
}

impl From<PanelSpec> for PanelV1 {
    fn from(spec: PanelSpec) -> Self {
        let PanelSpec { style, seats, coordinator, turns, spend, minutes } = spec;
        Self { style: style.into(), seats, coordinator, turns, spend, minutes }
    }
}

impl From<PanelV1> for PanelSpec {
    fn from(record: PanelV1) -> Self {
        let PanelV1 { style, seats, coordinator, turns, spend, minutes } = record;
        Self { style: style.into(), seats, coordinator, turns, spend, minutes }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct SeatV1 {
    prompt: PromptPinV1,
    route: RouteV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback: Option<RouteV1>,
}

impl From<Seat> for SeatV1 {
    fn from(seat: Seat) -> Self {
        let Seat { prompt, route, fallback } = seat;
        Self { prompt: prompt.into(), route: route.into(), fallback: fallback.map(RouteV1::from) }
    }
}

impl From<SeatV1> for Seat {
    fn from(record: SeatV1) -> Self {
        let SeatV1 { prompt, route, fallback } = record;
        Self { prompt: prompt.into(), route: route.into(), fallback: fallback.map(Route::from) }
    }
}
