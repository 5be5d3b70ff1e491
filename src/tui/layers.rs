//! What lies on the screen, one above the other: screens, and boxes over them.
//!
//! The uppermost layer is asked first and says whether it has taken a key. Not for drawing: that is in [`super::view`].

use super::boxes::confirm::Confirm;
use super::boxes::form::NewForm;
use super::boxes::help::Help;
use super::boxes::need::NeedBox;
use super::boxes::palette::Palette;
use super::commands::{Act, Place};
use super::key::Key;
use super::model::Shared;
use super::screens::cost::CostScreen;
use super::screens::dashboard::Dashboard;
use super::screens::episode::EpisodeScreen;
use super::screens::gate::GateScreen;
use super::screens::providers::ProvidersScreen;

/// One layer.
#[derive(Debug)]
pub(crate) enum Layer {
    Dashboard(Dashboard),
    Episode(EpisodeScreen),
    Gate(Box<GateScreen>),
    Cost(CostScreen),
    Providers(ProvidersScreen),
    Confirm(Confirm),
    Need(NeedBox),
    Form(NewForm),
    Palette(Palette),
    Help(Help),
}

/// What a layer has made of a key or an act.
#[derive(Debug)]
pub(crate) enum Next {
    /// It is not for this layer.
    Ignored,
    /// It was taken.
    Stay,
    /// It was taken, and the layer goes.
    Close,
    /// It was taken, and these come above, the last one uppermost.
    Open(Vec<Layer>),
    /// The layer goes and these come in its place.
    Replace(Vec<Layer>),
    /// The layer goes and the screen below is asked for this.
    Then(Act),
    /// The console ends.
    Quit,
}

/// The most layers that lie on the screen. The lowest but one goes where another comes.
pub(crate) const MOST: usize = 12;

impl Layer {
    /// The layer that is always there.
    pub(crate) fn bottom() -> Self {
        Self::Dashboard(Dashboard::default())
    }

    /// The screen that it is; nothing for a box.
    pub(crate) fn place(&self) -> Option<Place> {
        match self {
            Self::Dashboard(_) => Some(Place::Dashboard),
            Self::Episode(_) => Some(Place::Episode),
            Self::Gate(_) => Some(Place::Gate),
            Self::Cost(_) => Some(Place::Cost),
            Self::Providers(_) => Some(Place::Providers),
            Self::Confirm(_) | Self::Need(_) | Self::Form(_) | Self::Palette(_) | Self::Help(_) => None,
        }
    }

    /// Whether keys are text in it now.
    pub(crate) fn takes_text(&self) -> bool {
        match self {
            Self::Gate(gate) => gate.editing.is_some() || gate.asking.is_some(),
            Self::Dashboard(_) | Self::Episode(_) | Self::Cost(_) | Self::Providers(_) => false,
            Self::Confirm(_) | Self::Need(_) | Self::Form(_) | Self::Palette(_) | Self::Help(_) => true,
        }
    }

    /// Whether it shows the same thing as another: a screen its subject, a box anything.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Episode(here), Self::Episode(there)) => here.episode == there.episode,
            (Self::Gate(here), Self::Gate(there)) => (here.episode, &here.gate) == (there.episode, &there.gate),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// A key as it is: boxes take them all, a screen only while text is edited in it.
    pub(crate) fn on_key(&mut self, shared: &mut Shared, key: Key, repeat: bool) -> Next {
        match self {
            Self::Dashboard(_) | Self::Episode(_) | Self::Cost(_) | Self::Providers(_) => Next::Ignored,
            Self::Gate(gate) => gate.on_key(shared, key),
            Self::Confirm(confirm) => confirm.on_key(shared, key, repeat),
            Self::Need(_) if repeat => Next::Stay,
            Self::Need(need) => need.on_key(shared, key),
            Self::Form(form) => form.on_key(shared, key),
            Self::Palette(palette) => palette.on_key(shared, key),
            Self::Help(help) => help.on_key(key),
        }
    }

    /// Text that was pasted: only fields take it.
    pub(crate) fn on_paste(&mut self, shared: &Shared, text: &str) {
        match self {
            Self::Dashboard(_) | Self::Episode(_) | Self::Cost(_) | Self::Providers(_) | Self::Need(_) => {}
            Self::Gate(gate) => gate.on_paste(shared, text),
            Self::Confirm(confirm) => confirm.on_paste(text),
            Self::Form(form) => form.on_paste(text),
            Self::Palette(palette) => palette.on_paste(text),
            Self::Help(help) => help.on_paste(text),
        }
    }

    /// An act that a key or the palette stands for.
    pub(crate) fn on_act(&mut self, shared: &mut Shared, act: Act) -> Next {
        match self {
            Self::Dashboard(dashboard) => dashboard.on_act(shared, act),
            Self::Episode(episode) => episode.on_act(shared, act),
            Self::Gate(gate) => gate.on_act(shared, act),
            Self::Cost(cost) => cost.on_act(shared, act),
            Self::Providers(providers) => providers.on_act(shared, act),
            Self::Confirm(_) | Self::Need(_) | Self::Form(_) | Self::Palette(_) | Self::Help(_) => Next::Ignored,
        }
    }

    /// Brings the layer in step with what is known, and asks for what it lacks.
    pub(crate) fn settle(&mut self, shared: &mut Shared) {
        match self {
            Self::Dashboard(dashboard) => dashboard.settle(shared),
            Self::Episode(episode) => episode.settle(shared),
            Self::Gate(gate) => gate.settle(shared),
            Self::Cost(cost) => cost.settle(shared),
            Self::Confirm(confirm) => confirm.settle(shared),
            Self::Providers(_) | Self::Need(_) | Self::Form(_) | Self::Palette(_) | Self::Help(_) => {}
        }
    }

    /// The layer is left or the console ends: what was written is kept.
    pub(crate) fn leave(&mut self, shared: &mut Shared) {
        match self {
            Self::Gate(gate) => gate.flush(shared),
            Self::Dashboard(_)
            | Self::Episode(_)
            | Self::Cost(_)
            | Self::Providers(_)
            | Self::Confirm(_)
            | Self::Need(_)
            | Self::Form(_)
            | Self::Palette(_)
            | Self::Help(_) => {}
        }
    }

    /// When it next changes by itself, in milliseconds of the console's own clock.
    pub(crate) fn deadline(&self, shared: &Shared) -> Option<u64> {
        let ahead = |ms: u64| shared.mono_ms.saturating_add(ms);
        match self {
            Self::Confirm(confirm) => confirm.deadline(shared),
            Self::Gate(gate) => gate.deadline(),
            Self::Episode(episode) => episode.is_counting(shared).then(|| ahead(1_000)),
            // Waits grow by the second.
            Self::Providers(_) => (!shared.episodes().is_empty()).then(|| ahead(1_000)),
            Self::Dashboard(_) => (!shared.episodes().is_empty()).then(|| ahead(15_000)),
            Self::Cost(_) | Self::Need(_) | Self::Form(_) | Self::Palette(_) | Self::Help(_) => None,
        }
    }
}

/// Lays a layer uppermost. A screen that is there already is gone back to as it was left, and a box is opened once: what lies
/// above either is left.
pub(crate) fn open(layers: &mut Vec<Layer>, shared: &mut Shared, layer: Layer) {
    let is_screen = layer.place().is_some();
    let at = layers.iter().position(|known| known.is_same(&layer));
    let kept = at.map_or(layers.len(), |at| at + usize::from(is_screen));
    for mut left in layers.drain(kept.min(layers.len())..) {
        left.leave(shared);
    }
    if at.is_none() || !is_screen {
        layers.push(layer);
    }
    while layers.len() > MOST {
        layers.remove(1).leave(shared);
    }
}
