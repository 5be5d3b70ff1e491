//! What the console knows: the studio as it was last told, the clock, and the layers on the screen.
//!
//! Nothing here does I/O. What is wanted from outside is put down as an [`Effect`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::Layer;
use super::msg::{Action, Effect, Reads};
use super::options::ConsoleOptions;
use super::theme::{Role, Theme};
use crate::domain::billed::BillList;
use crate::domain::cost::EpisodeSummary;
use crate::domain::episode::{Episode, Standing};
use crate::domain::event::{Person, Provenance};
use crate::domain::gate::Report;
use crate::domain::handoff::{Fixes, Judgement, Note};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::script::Script;
use crate::engine::handle::Quote;
use crate::engine::progress::Progress;
use crate::engine::snapshot::Snapshot;

/// The whole console.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) shared: Shared,
    /// From the dashboard at the bottom to what has the keys.
    pub(crate) layers: Vec<Layer>,
    /// Keys of a spelling that is not complete yet.
    pub(crate) pending: Vec<super::key::Key>,
    /// When Ctrl-c was pressed last.
    pub(crate) interrupted_ms: Option<u64>,
}

/// What was told at the start. Only the person's name may come later.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) person: Person,
    /// Whether that person gave a name.
    pub(crate) is_named: bool,
    /// The names that a secret is kept for.
    pub(crate) with_secret: Vec<String>,
    pub(crate) theme: Theme,
    pub(crate) ascii: bool,
    pub(crate) bell: bool,
    pub(crate) provenance: Provenance,
    pub(crate) undo_ms: u64,
}

/// Something that is asked for and may not be there yet.
#[derive(Clone, Debug)]
pub(crate) enum Loadable<T> {
    Loading,
    Ready(T),
    Failed(String),
}

impl<T> Loadable<T> {
    pub(crate) fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }

    fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// How long after something could not be read it is asked for again.
pub(crate) const RETRY_MS: u64 = 5_000;

/// What a screen says behind the reason why something cannot be read.
pub(crate) const AGAIN: &str = "It is tried again every 5 s; Ctrl-l tries at once.";

/// An artifact, read.
#[derive(Clone, Debug)]
pub(crate) enum Artifact {
    Script(Arc<Script>),
    Judgement(Arc<Judgement>),
    Fixes(Arc<Fixes>),
    Report(Arc<Report>),
    Note(Arc<Note>),
    Bill(Arc<BillList>),
}

/// The status line.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) text: String,
    pub(crate) role: Role,
    pub(crate) until_ms: u64,
    /// Until when no notice takes its place.
    pub(crate) guarded_ms: u64,
    /// Since when it stands there, where it says why a key does nothing on this screen.
    locked_ms: Option<u64>,
}

/// A decision that can still be taken back.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) action: Action,
    pub(crate) label: String,
    pub(crate) until_ms: u64,
}

/// All but the layers, so that a layer can be handed this while it changes itself.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) now: Timestamp,
    pub(crate) mono_ms: u64,
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) past: Loadable<Vec<EpisodeSummary>>,
    /// How many episodes were past when they were last asked for.
    pub(crate) past_asked: Option<usize>,
    pub(crate) whole: BTreeMap<EpisodeNumber, Loadable<Option<Arc<Episode>>>>,
    /// What the stages of an episode are likely to cost, by prompt sizes and length.
    likely: BTreeMap<EpisodeNumber, Loadable<BTreeMap<StageId, MicroUsd>>>,
    pub(crate) artifacts: BTreeMap<ContentHash, Loadable<Artifact>>,
    /// Drafts as they were read: `None` inside where there was none.
    pub(crate) drafts: BTreeMap<String, Loadable<Option<String>>>,
    /// What the rest of a stage costs with its cheaper model, as it was asked for the latest box.
    pub(crate) quotes: BTreeMap<(EpisodeNumber, StageId), Loadable<Quote>>,
    /// How many drafts were handed on to be kept and are not known to be on disk.
    pub(crate) drafts_under_way: usize,
    /// When what could not be read is asked for again.
    pub(crate) retry_ms: Option<u64>,
    pub(crate) status: Option<Status>,
    pub(crate) held: Vec<Held>,
    pub(crate) closed: bool,
    pub(crate) effects: Vec<Effect>,
}

/// How long a message stands in the status line.
const STATUS_MS: u64 = 12_000;

/// How long it stands at least, whatever happens in the studio: long enough to be read.
const GUARDED_MS: u64 = 2_000;

impl Model {
    /// A console that has been told nothing yet.
    pub(crate) fn new(options: &ConsoleOptions, columns: u16, rows: u16, now: Timestamp) -> Self {
        let settings = Settings {
            person: options.person.clone(),
            is_named: options.is_named,
            with_secret: options.with_secret.clone(),
            theme: Theme::new(options.color),
            ascii: options.ascii,
            bell: options.bell,
            provenance: options.provenance,
            undo_ms: u64::try_from(options.undo.as_millis()).unwrap_or(u64::MAX),
        };
        let shared = Shared {
            settings,
            columns,
            rows,
            now,
            mono_ms: 0,
            snapshot: None,
            progress: Arc::new(Progress::default()),
            past: Loadable::Ready(Vec::new()),
            past_asked: None,
            whole: BTreeMap::new(),
            likely: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            drafts: BTreeMap::new(),
            quotes: BTreeMap::new(),
            drafts_under_way: 0,
            retry_ms: None,
            status: None,
            held: Vec::new(),
            closed: false,
            effects: Vec::new(),
        };
        Self { shared, layers: vec![Layer::bottom()], pending: Vec::new(), interrupted_ms: None }
    }
}

impl Model {
    /// Whether a key is an answer and nothing is typed.
    pub(crate) fn wants_an_answer(&self) -> bool {
        matches!(self.layers.last(), Some(Layer::Confirm(confirm)) if confirm.is_at_answer())
    }
}

impl Shared {
    /// An episode, under way or past, if it is there.
    pub(crate) fn episode(&self, number: EpisodeNumber) -> Option<&Arc<Episode>> {
        self.under_way(number).or_else(|| self.whole.get(&number)?.ready()?.as_ref())
    }

    /// An episode that can still change.
    pub(crate) fn under_way(&self, number: EpisodeNumber) -> Option<&Arc<Episode>> {
        self.snapshot.as_ref()?.episodes.iter().find(|episode| episode.number == number)
    }

    /// Episodes that can still change.
    pub(crate) fn episodes(&self) -> &[Arc<Episode>] {
        self.snapshot.as_ref().map(|snapshot| snapshot.episodes.as_slice()).unwrap_or_default()
    }

    /// Asks what the rest of a stage costs with its cheaper model, as the studio stands now.
    pub(crate) fn want_quote(&mut self, episode: EpisodeNumber, stage: &StageId) {
        self.quotes.insert((episode, stage.clone()), Loadable::Loading);
        self.effects.push(Effect::Quote(episode, stage.clone()));
    }

    /// Asks for a past episode that is not there.
    pub(crate) fn want_episode(&mut self, number: EpisodeNumber) {
        if self.under_way(number).is_none() && self.snapshot.is_some() && !self.whole.contains_key(&number) {
            self.whole.insert(number, Loadable::Loading);
            self.effects.push(Effect::LoadPastEpisode(number));
        }
    }

    /// Asks what the stages of an episode are likely to cost, once.
    pub(crate) fn want_likely(&mut self, number: EpisodeNumber) {
        if self.under_way(number).is_some() && !self.likely.contains_key(&number) {
            self.likely.insert(number, Loadable::Loading);
            self.effects.push(Effect::LoadLikely(number));
        }
    }

    /// Takes in what the stages of an episode are likely to cost.
    pub(crate) fn take_likely(&mut self, number: EpisodeNumber, likely: Loadable<BTreeMap<StageId, MicroUsd>>) {
        self.likely.insert(number, likely);
    }

    /// What the stages of an episode are likely to cost, where that is known.
    pub(crate) fn likely_of(&self, number: EpisodeNumber) -> BTreeMap<StageId, MicroUsd> {
        self.likely.get(&number).and_then(Loadable::ready).cloned().unwrap_or_default()
    }

    /// Asks for an artifact that is not there.
    pub(crate) fn want(&mut self, hash: ContentHash, reads: Reads) {
        if let Entry::Vacant(vacant) = self.artifacts.entry(hash) {
            vacant.insert(Loadable::Loading);
            self.effects.push(Effect::LoadArtifact { hash, reads });
        }
    }

    /// Asks for a draft that was not read yet.
    pub(crate) fn want_draft(&mut self, name: &str) {
        if !self.drafts.contains_key(name) {
            self.drafts.insert(name.to_owned(), Loadable::Loading);
            self.effects.push(Effect::ReadDraft(name.to_owned()));
        }
    }

    /// Hands a draft on to be kept; without a text it is thrown away.
    pub(crate) fn keep_draft(&mut self, name: String, text: Option<String>) {
        self.drafts_under_way += 1;
        self.effects.push(Effect::KeepDraft(name, text));
    }

    fn read(&self, hash: ContentHash) -> Option<&Artifact> {
        self.artifacts.get(&hash)?.ready()
    }

    pub(crate) fn script(&self, hash: ContentHash) -> Option<&Arc<Script>> {
        match self.read(hash)? {
            Artifact::Script(script) => Some(script),
            Artifact::Judgement(_)
            | Artifact::Fixes(_)
            | Artifact::Report(_)
            | Artifact::Note(_)
            | Artifact::Bill(_) => None,
        }
    }

    pub(crate) fn judgement(&self, hash: ContentHash) -> Option<&Arc<Judgement>> {
        match self.read(hash)? {
            Artifact::Judgement(judgement) => Some(judgement),
            Artifact::Script(_) | Artifact::Fixes(_) | Artifact::Report(_) | Artifact::Note(_) | Artifact::Bill(_) => {
                None
            }
        }
    }

    pub(crate) fn fixes(&self, hash: ContentHash) -> Option<&Arc<Fixes>> {
        match self.read(hash)? {
            Artifact::Fixes(fixes) => Some(fixes),
            Artifact::Script(_)
            | Artifact::Judgement(_)
            | Artifact::Report(_)
            | Artifact::Note(_)
            | Artifact::Bill(_) => None,
        }
    }

    /// What a gate found, where it was read.
    pub(crate) fn report(&self, hash: ContentHash) -> Option<&Arc<Report>> {
        match self.read(hash)? {
            Artifact::Report(report) => Some(report),
            Artifact::Script(_)
            | Artifact::Judgement(_)
            | Artifact::Fixes(_)
            | Artifact::Note(_)
            | Artifact::Bill(_) => None,
        }
    }

    /// A note that was sent back, where it was read.
    pub(crate) fn note(&self, hash: ContentHash) -> Option<&Arc<Note>> {
        match self.read(hash)? {
            Artifact::Note(note) => Some(note),
            Artifact::Script(_)
            | Artifact::Judgement(_)
            | Artifact::Fixes(_)
            | Artifact::Report(_)
            | Artifact::Bill(_) => None,
        }
    }

    pub(crate) fn bill(&self, hash: ContentHash) -> Option<&Arc<BillList>> {
        match self.read(hash)? {
            Artifact::Bill(list) => Some(list),
            Artifact::Script(_)
            | Artifact::Judgement(_)
            | Artifact::Fixes(_)
            | Artifact::Report(_)
            | Artifact::Note(_) => None,
        }
    }

    /// What stands at a gate now: the hash that a decision would bind to.
    pub(crate) fn at_gate(&self, number: EpisodeNumber, gate: &StageId) -> Option<ContentHash> {
        match self.under_way(number)?.standings().get(gate)? {
            Standing::Open(inputs) => Some(inputs.hash),
            Standing::Done(..) | Standing::Waiting => None,
        }
    }

    /// Whether what is shown was rehearsed.
    pub(crate) fn provenance(&self) -> Provenance {
        self.snapshot.as_ref().map_or(self.settings.provenance, |snapshot| snapshot.provenance)
    }

    /// Why nothing can be asked of the studio, where it has stopped.
    pub(crate) fn halted(&self) -> Option<String> {
        let halted = self.snapshot.as_ref().and_then(|snapshot| snapshot.halted.clone());
        halted.or_else(|| self.closed.then(|| "the studio is closed; start greenroom again to go on".to_owned()))
    }

    /// Puts a message in the status line.
    pub(crate) fn say(&mut self, role: Role, text: impl Into<String>) {
        let text = super::text::clean(&text.into());
        let until = |ms: u64| self.mono_ms.saturating_add(ms);
        let (until_ms, guarded_ms) = (until(STATUS_MS), until(GUARDED_MS));
        self.status = Some(Status { text, role, until_ms, guarded_ms, locked_ms: None });
    }

    /// Puts what has happened in the status line, unless what answers the person's last key stands there and was hardly
    /// read; what happened is listed among needs and events too.
    pub(crate) fn notice(&mut self, role: Role, text: impl Into<String>) {
        if self.status.as_ref().is_some_and(|status| self.mono_ms < status.guarded_ms) {
            return;
        }
        self.say(role, text);
        if let Some(status) = &mut self.status {
            status.guarded_ms = 0;
        }
    }

    /// Whether a decision on an episode is about to be sent.
    pub(crate) fn holds(&self, episode: EpisodeNumber) -> bool {
        self.held.iter().any(|held| held.action.decides().is_some_and(|(of, _)| of == episode))
    }

    /// Says why a key does nothing.
    pub(crate) fn locked(&mut self, why: impl Into<String>) {
        self.say(Role::Person, why);
        if let Some(status) = &mut self.status {
            status.locked_ms = Some(self.mono_ms);
        }
    }

    /// Another screen comes up: why a key did nothing on the one before is no longer said.
    pub(crate) fn forget_lock(&mut self) {
        let is_old = |since: u64| since < self.mono_ms;
        if self.status.as_ref().and_then(|status| status.locked_ms).is_some_and(is_old) {
            self.status = None;
        }
    }

    /// Forgets what could not be read, so that it is asked for again where it is still wanted.
    pub(crate) fn try_again(&mut self) {
        self.retry_ms = None;
        self.artifacts.retain(|_, artifact| !artifact.has_failed());
        self.whole.retain(|_, whole| !whole.has_failed());
        self.likely.retain(|_, likely| !likely.has_failed());
        self.drafts.retain(|_, draft| !draft.has_failed());
        if self.past.has_failed() {
            self.past = Loadable::Loading;
            self.effects.push(Effect::LoadPast);
        }
    }

    /// Takes an act that was confirmed: it is sent, or held for as long as it can be taken back.
    pub(crate) fn commit(&mut self, action: Action, label: String, may_hold: bool) {
        if may_hold && self.settings.undo_ms > 0 {
            let until_ms = self.mono_ms.saturating_add(self.settings.undo_ms);
            self.held.push(Held { action, label, until_ms });
            self.status = None;
        } else {
            self.say(Role::Text, format!("{label}: asked for"));
            self.effects.push(Effect::Act(Box::new(action)));
        }
    }
}
