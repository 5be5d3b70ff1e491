//! What is seen of a batch once it is on disk: the snapshot, the feed and the notices.

use std::sync::Arc;

use super::Dispatcher;
use crate::domain::budget::Scope;
use crate::domain::event::{Event, Provenance, Stamped};
use crate::domain::lane;
use crate::domain::queue;
use crate::domain::traffic::Hold;
use crate::engine::snapshot::{FEED, Notice, Purse, Snapshot, WAITS};
use crate::engine::words;

impl Dispatcher {
    pub(super) fn publish(&mut self, batch: &[Stamped]) {
        for stamped in batch {
            self.feed.extend(words::line(stamped));
            self.notify(stamped);
        }
        while self.feed.len() > FEED {
            self.feed.pop_front();
        }
        let space = self.space();
        let is_same = {
            let last = self.snapshots.borrow();
            let is_same_day = last.period == self.studio.period(self.moment());
            last.seq == self.studio.seq && last.space == space && is_same_day
        };
        if batch.is_empty() && is_same {
            return;
        }
        let snapshot = self.snapshot();
        self.snapshots.send_replace(Arc::new(snapshot));
    }

    pub(super) fn publish_halted(&mut self) {
        // The working state holds what was not written: what was published last is what is true.
        let mut snapshot = Snapshot::clone(&self.snapshots.borrow());
        snapshot.halted.clone_from(&self.halted);
        self.snapshots.send_replace(Arc::new(snapshot));
    }

    fn notify(&self, stamped: &Stamped) {
        let Some(episode) = stamped.episode else { return };
        let notice = if let Event::NeedOpened { need } = &stamped.event {
            Notice::Needed { episode, need: need.clone() }
        } else if matches!(stamped.event, Event::Packaged { .. } | Event::Cancelled { .. } | Event::Rejected { .. }) {
            Notice::Ended { episode }
        } else {
            return;
        };
        // Nobody may be listening, which is no fault.
        let _ = self.notices.send(notice);
    }

    /// What waits for disk space, in one line.
    fn space(&self) -> Option<String> {
        let room = self.executor.room();
        if !room.is_watched() {
            return None;
        }
        let waits = queue::waits(&self.studio, &self.limits, self.moment(), self.agenda.asks());
        room.words(waits.iter().filter(|wait| wait.hold == Hold::Space).count())
    }

    /// The studio as it stands.
    pub(in crate::engine) fn snapshot(&self) -> Snapshot {
        let now = self.moment();
        let period = self.studio.period(now);
        let waits = queue::waits(&self.studio, &self.limits, now, self.agenda.asks());
        let lanes = lane::lanes(&self.studio, &self.limits, now, &waits);
        Snapshot {
            provenance: self.studio.provenance.unwrap_or(Provenance::Rehearsal),
            seq: self.studio.seq,
            at: self.studio.at,
            episodes: self.studio.episodes.values().cloned().collect(),
            past: self.studio.past.len(),
            next_number: self.studio.next_number(),
            feed: self.feed.iter().cloned().collect(),
            period,
            today: Purse::new(&self.studio, Scope::Day(period.day)),
            month: Purse::new(&self.studio, Scope::Month(period.month)),
            in_flight: self.studio.in_flight.clone(),
            lanes,
            waits: lane::of_stages(waits, WAITS),
            bills: self.studio.bills.as_slice().into(),
            space: self.space(),
            halted: self.halted.clone(),
        }
    }
}
