//! A console at a desk: keys go in, and what it asks for is served from the studio of the fixture.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::command::Command;
use crate::domain::event::Provenance;
use crate::domain::ids::StageId;
use crate::domain::money::MicroUsd;
use crate::engine::handle::{LookedOver, Quote};
use crate::tui::fixture::{World, ada};
use crate::tui::key::keys;
use crate::tui::layers::Layer;
use crate::tui::model::Model;
use crate::tui::msg::{Action, Effect, Msg};
use crate::tui::options::{ColorLevel, ConsoleOptions};
use crate::tui::update::update;
use crate::tui::view::view;

/// To the gate of episode 42, with both of its open items ruled so that it can be approved.
pub(crate) const RULED: &str = ":42<Enter>wknown<Enter>nofair<Enter>";

pub(crate) struct Desk {
    /// What is found when a new episode is looked over.
    pub(crate) looked: Result<LookedOver, String>,
    /// What the rest of a stage costs with its cheaper model.
    pub(crate) quote: Result<Quote, String>,
    pub(crate) model: Model,
    pub(crate) world: World,
    pub(crate) drafts: BTreeMap<String, String>,
    /// Everything that was asked for, in order.
    pub(crate) effects: Vec<Effect>,
    pub(crate) ms: u64,
}

pub(crate) fn options() -> ConsoleOptions {
    ConsoleOptions {
        undo: Duration::ZERO,
        color: ColorLevel::True,
        ..ConsoleOptions::new(ada(), Provenance::Rehearsal)
    }
}

/// A new episode of which nothing is wrong.
pub(crate) fn quote() -> Quote {
    let (worst, now) = (MicroUsd(12_300), Some(MicroUsd(123_000)));
    Quote { model: "cheap".to_owned(), kept: 3, left: 2, worst, now }
}

pub(crate) fn looked() -> LookedOver {
    let stages: Vec<StageId> = ["script", "voice"].map(|stage| stage.parse().unwrap()).to_vec();
    let (projected, cap) = (MicroUsd(4_200_000), MicroUsd(7_500_000));
    let likely = stages.iter().map(|stage| (stage.clone(), MicroUsd(210_000))).collect();
    let fits = MicroUsd(1_300_000);
    LookedOver { checks: Vec::new(), show: "open-questions".to_owned(), stages, projected, likely, fits, cap }
}

impl Desk {
    pub(crate) fn new(world: World) -> Self {
        Self::with(world, &options(), BTreeMap::new())
    }

    pub(crate) fn with(world: World, options: &ConsoleOptions, drafts: BTreeMap<String, String>) -> Self {
        let model = Model::new(options, 120, 36, world.now());
        let mut desk =
            Self { model, world, drafts, looked: Ok(looked()), quote: Ok(quote()), effects: Vec::new(), ms: 0 };
        desk.wait(0);
        desk.refresh();
        desk
    }

    /// Hands a message in and serves what it asks for.
    pub(crate) fn send(&mut self, msg: Msg) {
        let mut left = update(&mut self.model, msg);
        while !left.is_empty() {
            let effect = left.remove(0);
            self.effects.push(effect.clone());
            let answer = match effect {
                Effect::LoadPast => Msg::Past(Ok(self.world.past.clone())),
                Effect::LoadPastEpisode(number) => {
                    Msg::PastEpisode(number, Ok(self.world.past_whole.get(&number).cloned()))
                }
                Effect::LoadLikely(number) => {
                    let episode = self.world.studio.episodes.get(&number);
                    let paid = episode.iter().flat_map(|episode| &episode.pins).filter(|pin| pin.route.is_some());
                    let likely = paid.map(|pin| (pin.stage.id.clone(), MicroUsd(50_000)));
                    Msg::Likely(number, Ok(likely.collect()))
                }
                Effect::LoadArtifact { hash, reads } => {
                    let bytes = self.world.blobs.get(&hash).map(|bytes| Arc::from(bytes.as_slice()));
                    Msg::Artifact { hash, reads, result: bytes.ok_or_else(|| "it is missing".to_owned()) }
                }
                Effect::ReadDraft(name) => {
                    let text = self.drafts.get(&name).cloned();
                    Msg::Draft(name, Ok(text))
                }
                Effect::KeepDraft(name, text) => {
                    match text {
                        Some(text) => self.drafts.insert(name, text),
                        None => self.drafts.remove(&name),
                    };
                    Msg::DraftKept(Ok(()))
                }
                Effect::KeepName(_) => Msg::NameKept(Ok(())),
                Effect::LookOver(new) => {
                    let found = self.looked.clone();
                    Msg::LookedOver { new, found }
                }
                Effect::Quote(episode, stage) => {
                    let found = self.quote.clone();
                    Msg::Quoted { episode, stage, found }
                }
                Effect::Act(_) | Effect::Bell | Effect::Redraw | Effect::Quit => continue,
            };
            left.extend(update(&mut self.model, answer));
        }
    }

    /// The studio has changed.
    pub(crate) fn refresh(&mut self) {
        self.send(Msg::Snapshot(self.world.snapshot()));
        self.send(Msg::Progress(Arc::new(self.world.progress.clone())));
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.ms += ms;
        self.send(Msg::Tick { now: self.world.now(), mono_ms: self.ms });
    }

    /// Types keys, with 10 ms between them.
    pub(crate) fn keys(&mut self, spelling: &str) -> &mut Self {
        for key in keys(spelling) {
            self.wait(10);
            self.send(Msg::Key { key, repeat: false });
        }
        self
    }

    /// Confirms what is open, as a person would: read, then `y`.
    pub(crate) fn confirm(&mut self) -> &mut Self {
        self.wait(700);
        self.keys("y")
    }

    /// What was confirmed and sent.
    pub(crate) fn acts(&self) -> Vec<Action> {
        let acts = self.effects.iter().filter_map(|effect| match effect {
            Effect::Act(action) => Some((**action).clone()),
            _ => None,
        });
        acts.collect()
    }

    /// The commands among them.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let commands = self.acts().into_iter().filter_map(|action| match action {
            Action::Command(command) => Some(command),
            Action::SendBack { .. } | Action::Begin(_) => None,
        });
        commands.collect()
    }

    /// What lies on top, by its name.
    pub(crate) fn top(&self) -> &'static str {
        match self.model.layers.last().unwrap() {
            Layer::Dashboard(_) => "dashboard",
            Layer::Episode(_) => "episode",
            Layer::Gate(_) => "gate",
            Layer::Cost(_) => "cost",
            Layer::Providers(_) => "providers",
            Layer::Confirm(_) => "confirm",
            Layer::Need(_) => "need",
            Layer::Form(_) => "form",
            Layer::Palette(_) => "palette",
            Layer::Help(_) => "help",
        }
    }

    pub(crate) fn status(&self) -> String {
        self.model.shared.status.as_ref().map(|status| status.text.clone()).unwrap_or_default()
    }

    /// The screen as text.
    pub(crate) fn screen(&mut self, columns: u16, rows: u16) -> String {
        self.send(Msg::Resize { columns, rows });
        self.wait(700);
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        view(&self.model, &mut buf);
        let mut text = String::new();
        for y in 0..rows {
            let row: String = (0..columns).map(|x| buf[(x, y)].symbol()).collect();
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}
