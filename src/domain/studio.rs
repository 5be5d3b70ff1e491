//! A studio as the fold over all of its events: its episodes, its caps and its budget.
//!
//! An episode that is over and has no open charge leaves the fold and is handed to whoever keeps past episodes; its days
//! and months keep what it spent. Not for storage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::billed::{KeptBill, ReadBill};
use super::budget::{Budget, Caps, Period, Reservation, Scope};
use super::call::{PROGRAM_ENDED, Provider, RetryClass, Route, Told, is_quota};
use super::episode::{CallState, Episode, FoldError, Life};
use super::event::{Event, Provenance, Stamped};
use super::ids::{ContentHash, EpisodeNumber, IntentKey};
use super::money::MicroUsd;
use super::reuse::Left;
use super::sent::{SentKey, StudioId};
use super::sums::Sums;
use super::traffic::{Breaker, Mishap, Traffic};

/// A studio.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Studio {
    /// Its kind, from its first event on.
    pub provenance: Option<Provenance>,
    /// Its id, from its first event on: the keys that providers are sent begin with it.
    pub id: Option<StudioId>,
    /// Episodes that can still change.
    pub episodes: BTreeMap<EpisodeNumber, Arc<Episode>>,
    /// Numbers of episodes that cannot.
    pub past: BTreeSet<EpisodeNumber>,
    /// Caps of days and months: [`Scope::Day`] and [`Scope::Month`] of 0 stand for each day and each month.
    pub caps: Caps,
    /// What is spent, held and possible.
    pub budget: Budget,
    /// What was spent, is held and is possible with each provider, over all the time of the studio.
    pub providers: BTreeMap<Provider, Sums>,
    /// The latest call under each name that an episode under way made: see [`super::reuse`].
    pub named: BTreeMap<ContentHash, IntentKey>,
    /// What episodes that left the fold bought and someone still waits for, by name.
    pub left: BTreeMap<ContentHash, Left>,
    /// Calls under way, by provider.
    pub in_flight: BTreeMap<Provider, u32>,
    /// The way to each provider that was called.
    pub traffic: BTreeMap<Provider, Traffic>,
    /// Caps of which 80 % was passed, and the cap that it was.
    pub alerted: BTreeMap<Scope, MicroUsd>,
    /// Providers' bills that were read, in that order.
    pub bills: Vec<KeptBill>,
    /// Events that went missing and that a person went on without, in that order.
    #[serde(default)]
    pub losses: Vec<AcceptedLoss>,
    /// The number of the last event; 0 before the first.
    pub seq: u64,
    /// When the last event was.
    pub at: Timestamp,
    /// By how many milliseconds time in the ledger runs ahead of the time of day; below zero, behind it.
    pub ahead_ms: i64,
}

/// Events that went missing and that a person went on without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedLoss {
    /// When that was accepted.
    pub at: Timestamp,
    /// The last event that the journal still held.
    pub held: u64,
    /// The last event that is known to have been recorded.
    pub known: u64,
    /// The most that the missing events are known to have spent or held.
    pub cost: MicroUsd,
    /// Calls that only they recorded, as far as they are known.
    pub calls: Vec<IntentKey>,
    /// The highest number of an episode that anything named.
    pub episodes: u32,
}

/// How far the numbers of attempts move on at a loss beyond what is known to be lost: the head may have been behind.
const ATTEMPTS_BEYOND: u64 = 1_000;

impl Studio {
    /// The attempts that events which were lost may have made: each took an event, so that none had a higher number.
    fn attempts_lost(&self) -> u32 {
        let most = self.losses.iter().map(|loss| loss.known.max(loss.held).saturating_add(ATTEMPTS_BEYOND)).max();
        most.map_or(0, |most| u32::try_from(most).unwrap_or(u32::MAX - 1_000_000))
    }

    /// Applies an event; what is handed back is an episode that has left the fold.
    ///
    /// # Errors
    ///
    /// When the event does not fit. The studio may then be changed in part and must be dropped.
    pub fn apply(&mut self, stamped: &Stamped) -> Result<Option<Arc<Episode>>, FoldError> {
        let misfit = |what: String| FoldError { seq: stamped.seq, what };
        if stamped.seq != self.seq + 1 {
            return Err(misfit(format!("it follows event {}", self.seq)));
        }
        if stamped.at < self.at {
            return Err(misfit("it lies before the event in front of it".to_owned()));
        }
        self.seq = stamped.seq;
        self.at = stamped.at;
        match stamped.episode {
            None => self.own(stamped).map_err(misfit).map(|()| None),
            Some(number) => self.of_episode(number, stamped),
        }
    }

    fn own(&mut self, stamped: &Stamped) -> Result<(), String> {
        match (&stamped.event, self.provenance) {
            (Event::StudioOpened { provenance, id }, None) => {
                let derived = || StudioId::of_first_event(stamped.at, *provenance);
                self.id = Some(id.clone().unwrap_or_else(derived));
                self.provenance = Some(*provenance);
                Ok(())
            }
            (Event::StudioOpened { .. }, Some(_)) => Err("the studio is open already".to_owned()),
            (Event::CapSet { scope, cap, .. }, Some(_)) => {
                self.caps.insert(scope.clone(), *cap);
                Ok(())
            }
            (Event::CapNear { scope, cap, .. }, Some(_)) => {
                self.alerted.insert(scope.clone(), *cap);
                Ok(())
            }
            (Event::ClockSteppedBack { by_ms }, Some(_)) => {
                self.ahead_ms = self.ahead_ms.saturating_add_unsigned(*by_ms);
                Ok(())
            }
            (Event::ClockSteppedForward { by_ms }, Some(_)) => {
                self.ahead_ms = self.ahead_ms.saturating_sub_unsigned(*by_ms);
                Ok(())
            }
            (Event::ClockBelieved { ahead_ms }, Some(_)) => {
                self.ahead_ms = i64::try_from(*ahead_ms).unwrap_or(i64::MAX);
                Ok(())
            }
            (Event::CommandRefused { .. }, Some(_)) => Ok(()),
            (Event::LossAccepted { held, known, cost, until, calls, episodes, .. }, Some(_)) => {
                self.budget.count_lost(self.period(until.unwrap_or(stamped.at)), *cost);
                let (held, known, calls) = (*held, *known, calls.clone());
                self.losses.push(AcceptedLoss { at: stamped.at, held, known, cost: *cost, calls, episodes: *episodes });
                let lost = self.attempts_lost();
                for episode in self.episodes.values_mut() {
                    Arc::make_mut(episode).attempts_lost = lost;
                }
                Ok(())
            }
            (Event::BreakerOpened { provider, until, .. }, Some(_)) => {
                self.breaks(*provider, Breaker::Open { until: *until });
                Ok(())
            }
            (Event::BreakerProbing { provider }, Some(_)) => {
                self.breaks(*provider, Breaker::Probing { call: None });
                Ok(())
            }
            (Event::BreakerClosed { provider }, Some(_)) => {
                self.breaks(*provider, Breaker::Closed);
                Ok(())
            }
            (Event::BillReconciled { bill }, Some(_)) => {
                self.bills.push(KeptBill { seq: stamped.seq, at: stamped.at, bill: ReadBill::clone(bill) });
                Ok(())
            }
            (_, None) => Err("the studio was never opened".to_owned()),
            (_, Some(_)) => Err("it names no episode".to_owned()),
        }
    }

    fn of_episode(&mut self, number: EpisodeNumber, stamped: &Stamped) -> Result<Option<Arc<Episode>>, FoldError> {
        let misfit = |what: String| FoldError { seq: stamped.seq, what };
        if let Event::EpisodeStarted { .. } = &stamped.event {
            let episode = self.begun(number, stamped).map_err(misfit)?;
            self.episodes.insert(number, Arc::new(episode));
            return Ok(None);
        }
        let key = charged(&stamped.event);
        let before = key.map(|key| self.counted(key)).unwrap_or_default();
        self.charge(stamped).map_err(misfit)?;
        let after = key.map(|key| self.counted(key)).unwrap_or_default();
        let shared =
            self.episodes.get_mut(&number).ok_or_else(|| misfit(format!("there is no episode {number} under way")))?;
        let episode = Arc::make_mut(shared);
        episode.apply(stamped)?;
        let intended = if let Event::CallIntended { key, .. } = &stamped.event { Some(key) } else { None };
        if let Some(call) = key.and_then(|key| episode.calls.get(key)) {
            let sums = self.providers.entry(call.route.provider).or_default();
            *sums = sums.plus(after).minus(before);
        }
        if let Some((key, call)) = intended.and_then(|key| episode.calls.get_key_value(key)) {
            self.named.insert(call.name, key.clone());
        }
        if !episode.is_settled() {
            return Ok(None);
        }
        self.budget.retire(number);
        self.past.insert(number);
        let episode = self.episodes.remove(&number);
        self.named.retain(|_, by| by.episode != number);
        self.leave(episode.as_deref());
        Ok(episode)
    }

    fn begun(&self, number: EpisodeNumber, stamped: &Stamped) -> Result<Episode, String> {
        let Event::EpisodeStarted { title, show, research, profile, policy, projected } = &stamped.event else {
            return Err("it begins no episode".to_owned());
        };
        let provenance = self.provenance.ok_or("the studio was never opened")?;
        if self.is_used(number) {
            return Err(format!("episode {number} was begun before"));
        }
        Ok(Episode {
            number,
            title: title.clone(),
            show: show.clone(),
            provenance,
            started: stamped.at,
            touched: stamped.at,
            owner: stamped.actor.clone(),
            research: *research,
            profile: *profile,
            policy: *policy,
            caps: Caps::new(),
            projected: *projected,
            agreed: None,
            pins: Vec::new(),
            stages: BTreeMap::new(),
            gates: BTreeMap::new(),
            calls: BTreeMap::new(),
            reused: Vec::new(),
            sent_back: Vec::new(),
            needs: Vec::new(),
            waited_ms: 0,
            attempts_lost: self.attempts_lost(),
            alerted: BTreeMap::new(),
            life: Life::Running,
        })
    }

    /// What an event does to the budget. Caps were held against when the event was decided; a replay only adds up.
    fn charge(&mut self, stamped: &Stamped) -> Result<(), String> {
        match &stamped.event {
            Event::CallIntended { key, worst, route, .. } => {
                self.budget
                    .reserve(key.clone(), *worst, self.period(stamped.at), &Caps::new())
                    .map_err(|e| e.to_string())?;
                *self.in_flight.entry(route.provider).or_default() += 1;
                let again = self.failed_before(key);
                self.traffic.entry(route.provider).or_default().begin(key, &route.model, stamped.at, again);
                Ok(())
            }
            Event::CallBatched { key, .. } => {
                if let Some((traffic, _)) = self.landed(key) {
                    // It answers.
                    traffic.failing = 0;
                }
                self.budget.defer(key).map_err(|e| e.to_string())
            }
            Event::CallSettled { key, price, machine_ms, told, .. } => {
                let again = self.failed_before(key);
                if let Some((traffic, model)) = self.landed(key) {
                    traffic.answer(&model, *machine_ms, *told, again);
                }
                self.budget.settle(key, *price).map(|_| ()).map_err(|e| e.to_string())
            }
            Event::CallFailed { key, price, class, told, message, .. } => {
                if let Some((traffic, model)) = self.landed(key) {
                    traffic.fail(&model, stamped.at, Mishap::from(*class), *told);
                    traffic.is_used_up |= *class == RetryClass::AskPerson && is_quota(message);
                }
                self.budget.settle(key, *price).map(|_| ()).map_err(|e| e.to_string())
            }
            Event::ChargeUncertain { key, reason } => {
                // That the program ended says nothing of the provider.
                if let Some((traffic, model)) = self.landed(key)
                    && reason != PROGRAM_ENDED
                {
                    traffic.fail(&model, stamped.at, Mishap::Lost, Told::default());
                }
                self.budget.lose(key).map_err(|e| e.to_string())
            }
            Event::BreakerOpened { provider, until, .. } => {
                self.breaks(*provider, Breaker::Open { until: *until });
                Ok(())
            }
            Event::BreakerProbing { provider } => {
                self.breaks(*provider, Breaker::Probing { call: None });
                Ok(())
            }
            Event::BreakerClosed { provider } => {
                self.breaks(*provider, Breaker::Closed);
                Ok(())
            }
            Event::ChargeRuled { key, ruling, .. } => self.budget.rule(key, *ruling).map_err(|e| e.to_string()),
            Event::ChargeCorrected { key, price, .. } => {
                self.budget.correct(key, *price).map(|_| ()).map_err(|e| e.to_string())
            }
            Event::StudioOpened { .. }
            | Event::ClockSteppedBack { .. }
            | Event::ClockSteppedForward { .. }
            | Event::ClockBelieved { .. }
            | Event::LossAccepted { .. }
            | Event::CapSet { .. }
            | Event::CapNear { .. }
            | Event::CommandRefused { .. }
            | Event::EpisodeStarted { .. }
            | Event::StagePinned { .. }
            | Event::StagePrepared { .. }
            | Event::CorrectionPrepared { .. }
            | Event::AnswerUnread { .. }
            | Event::AnswerRuled { .. }
            | Event::UncertainPolicySet { .. }
            | Event::AnswerReused { .. }
            | Event::UnitAccepted { .. }
            | Event::OutputRejected { .. }
            | Event::StageCompleted { .. }
            | Event::StageFailed { .. }
            | Event::RetryGranted { .. }
            | Event::RouteChanged { .. }
            | Event::GateEvaluated { .. }
            | Event::GateApproved { .. }
            | Event::ItemRuled { .. }
            | Event::OverrideProposed { .. }
            | Event::GateOverridden { .. }
            | Event::OutputChosen { .. }
            | Event::PromptChosen { .. }
            | Event::SentBack { .. }
            | Event::BillReconciled { .. }
            | Event::NeedOpened { .. }
            | Event::NeedClosed { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Cancelled { .. }
            | Event::Rejected { .. }
            | Event::Packaged { .. } => Ok(()),
        }
    }

    /// What a call adds to every sum.
    fn counted(&self, key: &IntentKey) -> Sums {
        self.budget.call(key).map(Reservation::sums).unwrap_or_default()
    }

    /// A call is no longer under way: the way to its provider and the model, where it was. What comes of a batch later tells
    /// nothing of how the provider answers now.
    fn landed(&mut self, key: &IntentKey) -> Option<(&mut Traffic, String)> {
        let call = self.episodes.get(&key.episode).and_then(|episode| episode.calls.get(key));
        let Route { provider, model } = call.filter(|call| call.is_under_way())?.route.clone();
        if let Some(count) = self.in_flight.get_mut(&provider) {
            *count = count.saturating_sub(1);
        }
        let traffic = self.traffic.entry(provider).or_default();
        traffic.land(&model);
        Some((traffic, model))
    }

    /// How the attempt before this one failed, where there was one and it did.
    fn failed_before(&self, key: &IntentKey) -> Option<Mishap> {
        let before = IntentKey { attempt: key.attempt.checked_sub(1)?, ..key.clone() };
        let call = self.episodes.get(&key.episode).and_then(|episode| episode.calls.get(&before))?;
        match &call.state {
            CallState::Failed { class, .. } => Some(Mishap::from(*class)),
            CallState::Uncertain { .. } | CallState::Ruled { .. } => Some(Mishap::Lost),
            CallState::InFlight | CallState::Settled { .. } => None,
        }
    }

    /// The breaker of a provider turns.
    fn breaks(&mut self, provider: Provider, breaker: Breaker) {
        self.traffic.entry(provider).or_default().turn(breaker);
    }

    /// The key under which a provider is told a call that was intended at a moment.
    pub fn sent_key(&self, key: &IntentKey, at: Timestamp) -> SentKey {
        // Nothing is sent before the first event. The id of none would be that of no studio.
        let studio = self.id.clone().unwrap_or_else(|| StudioId::drawn(0));
        SentKey::new(studio, key.clone(), at)
    }

    /// Whether an episode of this number was ever begun.
    pub fn is_used(&self, number: EpisodeNumber) -> bool {
        self.past.contains(&number) || self.episodes.contains_key(&number)
    }

    /// The lowest number above all that were used.
    pub fn next_number(&self) -> EpisodeNumber {
        let last = self.past.last().max(self.episodes.keys().next_back()).map_or(0, |number| number.0);
        let lost = self.losses.iter().map(|loss| loss.episodes).max().unwrap_or(0);
        EpisodeNumber(last.max(lost).saturating_add(1))
    }

    /// The UTC day and month that caps count by at a moment of the ledger: those of the time of day, and not before the
    /// ledger has reached them. A clock that was set forward opens no new day until it is believed; one that was set back
    /// opens the former day again, with all that it has spent.
    pub fn period(&self, at: Timestamp) -> Period {
        period(at, self.ahead_ms)
    }

    /// The moment of the ledger at a time of day, for a ledger that runs so far ahead of the clock.
    pub fn moment(&self, clock: Timestamp, ahead_ms: i64) -> Timestamp {
        let moment = clock.checked_add(jiff::SignedDuration::from_millis(ahead_ms)).unwrap_or(clock);
        let whole = Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment);
        whole.max(self.at)
    }

    /// The day and month that caps count by at a time of day, for who reads the ledger without an engine.
    pub fn today(&self, clock: Timestamp) -> Period {
        let behind = self.at.as_millisecond().saturating_sub(clock.as_millisecond());
        let ahead_ms = if self.ahead_ms < 0 { self.ahead_ms } else { self.ahead_ms.max(behind) };
        period(self.moment(clock, ahead_ms), ahead_ms)
    }

    /// Whether a bill above its reservation waits to be seen: until then nothing more is spent.
    pub fn is_over_billed(&self) -> bool {
        self.episodes.values().any(|episode| episode.is_over_billed())
    }

    /// The caps that a call of an episode is held against at a moment.
    pub fn caps_for(&self, episode: &Episode, period: Period) -> Caps {
        let mut caps = episode.caps.clone();
        for scope in [Scope::Day(period.day), Scope::Month(period.month)] {
            let every = match scope {
                Scope::Day(_) => Scope::Day(0),
                Scope::Month(_) | Scope::Call | Scope::Stage(..) | Scope::Episode(_) => Scope::Month(0),
            };
            if let Some(cap) = self.caps.get(&scope).or_else(|| self.caps.get(&every)) {
                caps.insert(scope, *cap);
            }
        }
        caps
    }
}

/// The call whose charge an event changes.
fn charged(event: &Event) -> Option<&IntentKey> {
    match event {
        Event::CallIntended { key, .. }
        | Event::CallSettled { key, .. }
        | Event::CallFailed { key, .. }
        | Event::ChargeUncertain { key, .. }
        | Event::ChargeRuled { key, .. }
        | Event::ChargeCorrected { key, .. } => Some(key),
        _ => None,
    }
}

fn period(at: Timestamp, ahead_ms: i64) -> Period {
    let ahead = jiff::SignedDuration::from_millis(ahead_ms.max(0));
    Period::of(at.checked_sub(ahead).unwrap_or(at))
}
