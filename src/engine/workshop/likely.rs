//! What an episode's calls are likely to cost, reckoned from the sizes of its prompts and the length that it is to have.
//!
//! An estimate for people, without further rounds and without retries: it bounds nothing. What past episodes cost says more, and
//! is in [`crate::domain::forecast`].

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Workshop;
use super::call::day;
use crate::config::prices::{Asked, Ceiling};
use crate::config::show::Show;
use crate::domain::bill::Terms;
use crate::domain::call::{Route, Usage};
use crate::domain::episode::Episode;
use crate::domain::event::Pin;
use crate::domain::handoff::Contract;
use crate::domain::ids::StageId;
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;

/// What each stage is likely to cost.
pub(in crate::engine) type Likely = BTreeMap<StageId, MicroUsd>;

/// Bytes of English text that are about a token.
const BYTES_A_TOKEN: u64 = 4;

/// The sizes that the calls of an episode follow from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Tokens of the research package.
    pub(super) research: u64,
    /// Words that are spoken.
    pub(super) words: u64,
    /// Sittings of a judge over one script.
    pub(super) sittings: u64,
}

impl Sizes {
    pub(super) fn new(research_bytes: u64, show: &Show) -> Self {
        let middle = show.target.min_ms.saturating_add(show.target.max_ms) / 2;
        let words = middle.saturating_mul(u64::from(show.words_per_minute)) / 60_000;
        Self { research: research_bytes / BYTES_A_TOKEN, words, sittings: 1 }
    }

    /// Tokens of the script as its contract spells it: four for three words, and about as many again for names and marks.
    fn script(self) -> u64 {
        self.words.saturating_mul(2)
    }

    /// Tokens that a stage reads beside its prompt, and tokens that it writes.
    fn of(self, contract: Contract) -> (u64, u64) {
        let (research, script) = (self.research, self.script());
        match contract {
            Contract::Angle => (research, 400),
            Contract::Research | Contract::ResearchNotes => (research, 2_000),
            Contract::Brief => (research, 700),
            Contract::Plan => (research + 700, 1_200),
            Contract::Draft => (research + 1_900, script),
            Contract::Judgement | Contract::CanaryReport => (research + script, 1_500),
            Contract::Arbitration => (research + 1_500, 500),
            Contract::Preference => (script * 2, 300),
            Contract::Review => (script, 500),
            Contract::Fixes => (script + 2_000, 900),
            Contract::Routing => (1_000, 200),
            Contract::Revision => (research + script + 900, script),
            Contract::SpeechText => (script, script),
            Contract::ShowNotes => (script, 700),
            Contract::ArtworkBrief => (script, 300),
            Contract::Promotion => (script, 600),
            Contract::Turn | Contract::Selection | Contract::Report => (research, 700),
            Contract::Speech | Contract::Package | Contract::Calibration | Contract::Canaries => (0, 0),
        }
    }
}

impl Workshop {
    /// What each of these stages is likely to cost.
    pub(super) fn likely(&self, pins: &[Pin], sizes: Sizes) -> Likely {
        let on = day(self.clock.now());
        pins.iter().filter_map(|pin| Some((pin.stage.id.clone(), self.likely_of_stage(pin, sizes, on)?))).collect()
    }

    /// What the stages of an episode are likely to cost, by what it was begun with and the script that it has by now.
    pub(in crate::engine) fn likely_of(&self, episode: &Episode) -> Result<Likely, String> {
        let source = self.text(&episode.profile)?;
        let speech = episode.pins.iter().find(|pin| pin.stage.kind == Kind::Speech);
        let voices = speech.and_then(|pin| pin.route.as_ref()).map(|route| route.provider);
        let show = Show::parse("the show profile", &source, voices.unwrap_or_else(|| self.settings.voice_provider()));
        let research = self.bytes(&episode.research)?.len() as u64;
        let sizes = Sizes::new(research, &show.map_err(|e| e.to_string())?);
        let made = episode.stages.values().flat_map(|stage| stage.made());
        let latest = made.filter(|made| made.words.is_some()).max_by_key(|made| made.at);
        let words = latest.and_then(|made| made.words).unwrap_or(sizes.words);
        Ok(self.likely(&episode.pins, Sizes { words, ..sizes }))
    }

    fn likely_of_stage(&self, pin: &Pin, sizes: Sizes, on: Date) -> Option<MicroUsd> {
        let Route { model, .. } = pin.route.as_ref()?;
        if pin.stage.kind == Kind::Speech {
            let usage = Usage { characters: sizes.words.saturating_mul(6), ..Usage::default() };
            return self.prices.settle_on(model, &usage, Terms::default(), on).ok();
        }
        let prompt = pin.prompt.as_ref().and_then(|prompt| self.prompts.pinned(&prompt.agent, &prompt.hash))?;
        let (reads, writes) = sizes.of(pin.stage.output);
        let input = reads.saturating_add(prompt.source.len() as u64 / BYTES_A_TOKEN);
        let usage = Usage { input, output: writes, ..Usage::default() };
        let one = self.prices.settle_on(model, &usage, Terms::default(), on).ok()?;
        let times = if pin.stage.output == Contract::Judgement { sizes.sittings } else { 1 };
        Some(MicroUsd(one.0.saturating_mul(i64::try_from(times).unwrap_or(1))))
    }

    /// The most that one call of a stage is bounded by, or all lines of a voice together, for a request of so many bytes.
    pub(super) fn bound(&self, pin: &Pin, request: u64, characters: u64, on: Date) -> Result<MicroUsd, String> {
        let Some(route) = &pin.route else { return Ok(MicroUsd::ZERO) };
        let bound = match (&pin.prompt, pin.stage.kind) {
            (Some(prompt), _) => {
                let prompt = self.prompts.pinned(&prompt.agent, &prompt.hash);
                let most = prompt.map_or(0, |prompt| self.tokens(route, prompt));
                self.worst(&route.model, &Asked::usual(request, Ceiling::OutputTokens(u64::from(most))), on)
            }
            (None, Kind::Speech) => self.spoken(&route.model, characters, on),
            (None, _) => Ok(MicroUsd::ZERO),
        };
        bound.map_err(|e| e.to_string())
    }
}
