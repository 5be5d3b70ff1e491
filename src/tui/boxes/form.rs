//! The form that begins an episode: file, show, number and cap. Faults are shown in place; what the episode would need is looked
//! over, and the form asks before it acts.

use std::path::PathBuf;

use super::confirm::Confirm;
use super::field::Field;
use super::propose;
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;
use crate::engine::handle::{LookedOver, NewEpisode};
use crate::tui::key::{Code, Key};
use crate::tui::layers::Next;
use crate::tui::model::Shared;
use crate::tui::msg::Effect;

/// The labels of the fields.
pub(crate) const LABELS: [(&str, &str); 4] = [
    ("Research file", "Markdown or JSON"),
    ("Show", "its name, or a path to a profile"),
    ("Number", "the next free one where it is empty"),
    ("Cap, in USD", "leave empty for the show's cap"),
];

/// The form.
#[derive(Debug)]
pub(crate) struct NewForm {
    pub(crate) fields: [Field; 4],
    pub(crate) at: usize,
    pub(crate) faults: [Option<String>; 4],
    /// A cap that fits, with the reason, once the rest was looked over.
    pub(crate) fitting: Option<String>,
    /// What is being looked over.
    pub(crate) waits: Option<NewEpisode>,
}

impl NewForm {
    /// A form with the file filled in, where it was named; the show of the latest episode is proposed.
    pub(crate) fn new(shared: &Shared, file: &str) -> Self {
        let latest = shared.episodes().last().map(|episode| episode.show.clone());
        let past = || shared.past.ready().and_then(|past| past.first()).map(|past| past.show.clone());
        let show = latest.or_else(past).unwrap_or_default();
        let number = shared.snapshot.as_ref().map(|snapshot| snapshot.next_number.to_string()).unwrap_or_default();
        let at = usize::from(!file.trim().is_empty());
        Self {
            fields: [Field::new(file.trim()), Field::new(&show), Field::new(&number), Field::default()],
            at,
            faults: Default::default(),
            fitting: None,
            waits: None,
        }
    }

    /// Takes a key.
    pub(crate) fn on_key(&mut self, shared: &mut Shared, key: Key) -> Next {
        // Whatever is typed now, what is being looked over is not it.
        self.waits = None;
        let last = self.fields.len() - 1;
        match key.code {
            Code::Esc => return Next::Close,
            Code::Tab | Code::Down => self.at = if self.at == last { 0 } else { self.at + 1 },
            Code::BackTab | Code::Up => self.at = self.at.checked_sub(1).unwrap_or(last),
            Code::Enter if self.at < last => self.at += 1,
            Code::Enter => return self.submit(shared),
            _ => {
                if let Some(field) = self.fields.get_mut(self.at) {
                    field.on_key(key);
                }
                if let Some(fault) = self.faults.get_mut(self.at) {
                    *fault = None;
                }
            }
        }
        Next::Stay
    }

    /// Pasted text goes into the field.
    pub(crate) fn on_paste(&mut self, text: &str) {
        self.waits = None;
        if let Some(field) = self.fields.get_mut(self.at) {
            field.insert(text);
        }
    }

    /// Has what the episode would need looked over, or shows what is wrong. The form stays, so that a refusal loses nothing.
    fn submit(&mut self, shared: &mut Shared) -> Next {
        let [file, show, number, cap] = self.fields.each_ref().map(|field| field.text().to_owned());
        let missing = |text: &str, what: &str| text.is_empty().then(|| what.to_owned());
        let is_number = number.is_empty() || number.parse::<u32>().is_ok_and(|n| n > 0);
        let cap_read = if cap.is_empty() { Ok(None) } else { cap.parse::<MicroUsd>().map(Some) };
        let is_zero = matches!(cap_read, Ok(Some(MicroUsd(0))));
        self.faults = [
            missing(&file, "which file is the research package?"),
            missing(&show, "which show is it for?"),
            (!is_number).then(|| "a number from 1, or nothing".to_owned()),
            cap_read
                .as_ref()
                .err()
                .map(ToString::to_string)
                .or(is_zero.then(|| "a cap of 0 pays for nothing".to_owned())),
        ];
        if let Some(at) = self.faults.iter().position(Option::is_some) {
            self.at = at;
            return Next::Stay;
        }
        let number = number.parse().ok().map(EpisodeNumber);
        let (research, cap) = (PathBuf::from(file), cap_read.unwrap_or(None));
        let new = NewEpisode { research, topic: None, show, number, cap, fresh: false };
        shared.effects.push(Effect::LookOver(Box::new(new.clone())));
        self.waits = Some(new);
        Next::Stay
    }

    /// Takes what was found of what it waits for: the confirm box, or what is wrong in its place.
    pub(crate) fn looked_over(
        &mut self,
        shared: &Shared,
        new: &NewEpisode,
        found: Result<LookedOver, String>,
    ) -> Option<Confirm> {
        self.waits.take_if(|waits| *waits == *new)?;
        match found {
            Ok(looked) => {
                let sum: MicroUsd = looked.likely.values().copied().sum();
                self.fitting = (looked.fits > MicroUsd::ZERO)
                    .then(|| format!("{} fits (likely {sum}); empty: the show's cap", looked.fits));
                let next = shared.snapshot.as_ref().map(|snapshot| snapshot.next_number);
                let shown = new.number.or(next).unwrap_or(EpisodeNumber(1));
                Some(propose::begin(shared, new.clone(), shown, &looked))
            }
            Err(why) => {
                self.refused(&why);
                None
            }
        }
    }

    /// Shows why no episode was begun at the field that it is about.
    pub(crate) fn refused(&mut self, why: &str) {
        let why = crate::tui::text::clean(why);
        let lower = why.to_lowercase();
        let at = if lower.contains("show") || lower.contains("profile") {
            1
        } else if lower.contains("number") || lower.contains("exists already") {
            2
        } else if lower.contains("cap") && lower.contains("usd") {
            3
        } else {
            0
        };
        self.at = at;
        if let Some(fault) = self.faults.get_mut(at) {
            *fault = Some(why);
        }
    }
}
