//! The faults and oddities that can be asked for by name, such as `gemini.blocked_prompt`: which there are, and which request
//! meets which. Not for what each looks like: that is in `wire`, where the answer is made.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::oddities::{Anthropic, ElevenLabs, Gemini, OpenAi, Perplexity, Row};
use crate::rehearsal::author::Dice;

/// Something particular to one vendor's wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Oddity {
    /// Of Anthropic's.
    Anthropic(Anthropic),
    /// Of Gemini's.
    Gemini(Gemini),
    /// Of Perplexity's.
    Perplexity(Perplexity),
    /// Of ElevenLabs'.
    ElevenLabs(ElevenLabs),
    /// Of the servers that speak OpenAI's.
    OpenAi(OpenAi),
}

impl From<Anthropic> for Oddity {
    fn from(oddity: Anthropic) -> Self {
        Self::Anthropic(oddity)
    }
}

impl From<Gemini> for Oddity {
    fn from(oddity: Gemini) -> Self {
        Self::Gemini(oddity)
    }
}

impl From<Perplexity> for Oddity {
    fn from(oddity: Perplexity) -> Self {
        Self::Perplexity(oddity)
    }
}

impl From<ElevenLabs> for Oddity {
    fn from(oddity: ElevenLabs) -> Self {
        Self::ElevenLabs(oddity)
    }
}

impl From<OpenAi> for Oddity {
    fn from(oddity: OpenAi) -> Self {
        Self::OpenAi(oddity)
    }
}

impl Oddity {
    /// All of them, vendor by vendor.
    pub fn all() -> impl Iterator<Item = Self> {
        let anthropic = Anthropic::ALL.iter().copied().map(Self::from);
        let gemini = Gemini::ALL.iter().copied().map(Self::from);
        let perplexity = Perplexity::ALL.iter().copied().map(Self::from);
        let elevenlabs = ElevenLabs::ALL.iter().copied().map(Self::from);
        let openai = OpenAi::ALL.iter().copied().map(Self::from);
        anthropic.chain(gemini).chain(perplexity).chain(elevenlabs).chain(openai)
    }

    fn row(self) -> Row {
        match self {
            Self::Anthropic(oddity) => oddity.row(),
            Self::Gemini(oddity) => oddity.row(),
            Self::Perplexity(oddity) => oddity.row(),
            Self::ElevenLabs(oddity) => oddity.row(),
            Self::OpenAi(oddity) => oddity.row(),
        }
    }

    /// Its name, as `gemini.blocked_prompt`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it is, on one line.
    pub fn says(self) -> &'static str {
        self.row().says
    }

    /// Whether every attempt meets it; else only the first attempt of a request does.
    pub fn is_lasting(self) -> bool {
        self.row().is_lasting
    }

    /// Whose wire it is on, as the meter calls the vendor.
    pub fn vendor(self) -> &'static str {
        match self {
            Self::Anthropic(_) => "anthropic",
            Self::Gemini(_) => "gemini",
            Self::Perplexity(_) => "perplexity",
            Self::ElevenLabs(_) => "elevenlabs",
            Self::OpenAi(_) => "openai",
        }
    }
}

/// An oddity that was asked for: `NAME`, `NAME=SHARE`, `NAME@MODEL` or `NAME@MODEL=SHARE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFault {
    /// What happens.
    pub oddity: Oddity,
    /// To which model alone; to every one where none is named.
    pub model: Option<String>,
    /// To so many of a hundred requests, drawn from seed and body.
    pub share: u8,
}

impl From<Oddity> for NamedFault {
    /// To every request.
    fn from(oddity: Oddity) -> Self {
        Self { oddity, model: None, share: 100 }
    }
}

/// A name that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no such name.
    #[error("`{name}` is no fault that can be named: the nearest is `{nearest}`; `--fault list` shows all")]
    Unknown {
        /// What was given.
        name: String,
        /// What is most like it.
        nearest: &'static str,
    },
    /// The share is none.
    #[error("`{0}` is no share: give a percentage from 1 to 100, such as `gemini.blocked_prompt=50`")]
    Share(String),
}

impl FromStr for NamedFault {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let short = |text: &str| text.trim().chars().take(60).collect::<String>();
        let (target, share) = match text.rsplit_once('=') {
            Some((target, share)) => {
                let read = share.trim().parse().ok().filter(|share| (1..=100).contains(share));
                (target, read.ok_or_else(|| NameError::Share(short(share)))?)
            }
            None => (text, 100),
        };
        let (name, model) = match target.split_once('@') {
            Some((name, model)) => (name, Some(model.trim().to_owned())),
            None => (target, None),
        };
        let name = name.trim();
        let oddity = Oddity::all().find(|oddity| oddity.name() == name);
        oddity.map(|oddity| Self { oddity, model, share }).ok_or_else(|| {
            let likeness = |oddity: &Oddity| strsim::jaro_winkler(oddity.name(), name);
            let nearest = Oddity::all().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            NameError::Unknown { name: short(name), nearest: nearest.map_or("", Oddity::name) }
        })
    }
}

impl fmt::Display for NamedFault {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.oddity.name())?;
        if let Some(model) = &self.model {
            write!(f, "@{model}")?;
        }
        if self.share < 100 { write!(f, "={}", self.share) } else { Ok(()) }
    }
}

impl NamedFault {
    /// Whether a request meets it. `attempt` is 0 for the first.
    fn meets(&self, seed: u64, vendor: &str, model: &str, body: &[u8], attempt: u32) -> bool {
        let is_meant = self.oddity.vendor() == vendor && self.model.as_deref().is_none_or(|named| named == model);
        let name = self.oddity.name().as_bytes();
        is_meant
            && (attempt == 0 || self.oddity.is_lasting())
            && Dice::new(seed, [b"named".as_slice(), name, body]).in_hundred(self.share)
    }
}

/// What of the named faults a request meets.
pub(in crate::rehearsal) fn met(
    named: &[NamedFault],
    seed: u64,
    vendor: &str,
    model: &str,
    body: &[u8],
    attempt: u32,
) -> BTreeSet<Oddity> {
    let meeting = named.iter().filter(|fault| fault.meets(seed, vendor, model, body, attempt));
    meeting.map(|fault| fault.oddity).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_it_is_written_and_says_what_it_is() {
        let names: BTreeSet<&str> = Oddity::all().map(Oddity::name).collect();
        assert_eq!(names.len(), Oddity::all().count());
        for oddity in Oddity::all() {
            assert!(oddity.name().starts_with(&format!("{}.", oddity.vendor())), "{}", oddity.name());
            assert!(oddity.says().len() > 20 && !oddity.says().contains('\n'), "{}", oddity.name());
            let named = NamedFault::from(oddity);
            assert_eq!(named.to_string().parse(), Ok(named));
        }
        let part: NamedFault = "anthropic.overloaded@claude-opus-5-5=50".parse().unwrap();
        assert_eq!((part.model.as_deref(), part.share), (Some("claude-opus-5-5"), 50));
        assert_eq!(part.to_string(), "anthropic.overloaded@claude-opus-5-5=50");
        let local: NamedFault = "openai.no_usage@qwen3:8b".parse().unwrap();
        assert_eq!(local.model.as_deref(), Some("qwen3:8b"));
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_the_nearest() {
        let refused = "gemini.blocked_promt".parse::<NamedFault>().unwrap_err();
        assert!(refused.to_string().contains("`gemini.blocked_prompt`"), "{refused}");
        for share in ["gemini.blocked_prompt=0", "gemini.blocked_prompt=101", "gemini.blocked_prompt=half"] {
            assert!(matches!(share.parse::<NamedFault>(), Err(NameError::Share(_))), "{share}");
        }
    }

    #[test]
    fn a_share_is_drawn_from_the_body_and_only_a_lasting_fault_meets_a_later_attempt() {
        let half = [NamedFault { share: 50, ..Oddity::from(Anthropic::Overloaded).into() }];
        let hit =
            |nth: u32, attempt| !met(&half, 7, "anthropic", "claude-opus-5-5", &nth.to_le_bytes(), attempt).is_empty();
        let count = (0..2_000).filter(|nth| hit(*nth, 0)).count();
        assert!((900..=1_100).contains(&count), "{count}");
        assert!((0..2_000).all(|nth| !hit(nth, 1)));
        let lasting = [Oddity::from(Gemini::BlockedPrompt).into()];
        assert_eq!(met(&lasting, 7, "gemini", "gemini-2.5-pro", b"x", 3).len(), 1);
        assert_eq!(met(&lasting, 7, "openai", "gemini-2.5-pro", b"x", 0).len(), 0);
    }
}
