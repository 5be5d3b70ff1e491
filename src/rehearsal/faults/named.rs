//! The faults and oddities that can be asked for by name, such as `gemini.blocked_prompt`: which there are, and which request
//! meets which. Not for what each looks like: that is in `wire`, where the answer is made.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

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

/// To which of the requests that it is meant for something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many of a hundred, drawn from seed and body: the same requests meet it in every run.
    Percent(u8),
    /// Each so-manieth call in the order in which they arrive, retries too: exactly as many, whatever they ask.
    Every(NonZeroU32),
}

impl Share {
    /// All of them.
    pub const ALL: Self = Self::Percent(100);

    fn read(text: &str) -> Option<Self> {
        match text.trim().split_once(':') {
            Some(("every", each)) => each.trim().parse().ok().map(Self::Every),
            Some(_) => None,
            None => text.trim().parse().ok().filter(|share| (1..=100).contains(share)).map(Self::Percent),
        }
    }
}

/// An oddity that was asked for: `NAME`, `NAME=SHARE`, `NAME@MODEL` or `NAME@MODEL=SHARE`, where the share is a percentage or
/// `every:N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFault {
    /// What happens.
    pub oddity: Oddity,
    /// To which model alone; to every one where none is named.
    pub model: Option<String>,
    /// To which of its requests.
    pub share: Share,
}

impl From<Oddity> for NamedFault {
    /// To every request.
    fn from(oddity: Oddity) -> Self {
        Self { oddity, model: None, share: Share::ALL }
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
    #[error(
        "`{0}` is no share: give a percentage from 1 to 100, such as `gemini.blocked_prompt=50`, or `every:2` for each second call"
    )]
    Share(String),
}

impl FromStr for NamedFault {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let short = |text: &str| text.trim().chars().take(60).collect::<String>();
        let (target, share) = match text.rsplit_once('=') {
            Some((target, share)) => (target, Share::read(share).ok_or_else(|| NameError::Share(short(share)))?),
            None => (text, Share::ALL),
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
        match self.share {
            Share::ALL => Ok(()),
            Share::Percent(share) => write!(f, "={share}"),
            Share::Every(each) => write!(f, "=every:{each}"),
        }
    }
}

/// A named fault in a studio that runs, with the calls that it was meant for so far.
#[derive(Debug)]
struct Planned {
    fault: NamedFault,
    seen: AtomicU32,
}

impl Planned {
    /// Whether a request meets it, which is thereby counted. `attempt` is 0 for the first.
    fn meets(&self, seed: u64, vendor: &str, model: &str, body: &[u8], attempt: u32) -> bool {
        let NamedFault { oddity, model: named, share } = &self.fault;
        if oddity.vendor() != vendor || named.as_deref().is_some_and(|named| named != model) {
            return false;
        }
        match share {
            Share::Percent(share) => {
                (attempt == 0 || oddity.is_lasting())
                    && Dice::new(seed, [b"named".as_slice(), oddity.name().as_bytes(), body]).in_hundred(*share)
            }
            Share::Every(each) => (self.seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(each.get()),
        }
    }
}

/// The named faults of a studio that runs.
#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Faults(Vec<Planned>);

impl From<Vec<NamedFault>> for Faults {
    fn from(named: Vec<NamedFault>) -> Self {
        Self(named.into_iter().map(|fault| Planned { fault, seen: AtomicU32::new(0) }).collect())
    }
}

impl Faults {
    /// What of them a request meets.
    pub(in crate::rehearsal) fn met(
        &self,
        seed: u64,
        vendor: &str,
        model: &str,
        body: &[u8],
        attempt: u32,
    ) -> BTreeSet<Oddity> {
        let meeting = self.0.iter().filter(|planned| planned.meets(seed, vendor, model, body, attempt));
        meeting.map(|planned| planned.fault.oddity).collect()
    }

    /// Whether every request meets an oddity.
    pub(in crate::rehearsal) fn always(&self, oddity: Oddity) -> bool {
        self.0.iter().any(|planned| planned.fault == NamedFault::from(oddity))
    }
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
        assert_eq!((part.model.as_deref(), part.share), (Some("claude-opus-5-5"), Share::Percent(50)));
        assert_eq!(part.to_string(), "anthropic.overloaded@claude-opus-5-5=50");
        let each: NamedFault = "anthropic.overloaded=every:2".parse().unwrap();
        assert_eq!(each.share, Share::Every(NonZeroU32::new(2).unwrap()));
        assert_eq!(each.to_string(), "anthropic.overloaded=every:2");
        let local: NamedFault = "openai.no_usage@qwen3:8b".parse().unwrap();
        assert_eq!(local.model.as_deref(), Some("qwen3:8b"));
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_the_nearest() {
        let refused = "gemini.blocked_promt".parse::<NamedFault>().unwrap_err();
        assert!(refused.to_string().contains("`gemini.blocked_prompt`"), "{refused}");
        for share in
            ["0", "101", "half", "every:0", "every:two", "each:2"].map(|share| format!("gemini.blocked_prompt={share}"))
        {
            assert!(matches!(share.parse::<NamedFault>(), Err(NameError::Share(_))), "{share}");
        }
    }

    #[test]
    fn a_share_is_drawn_from_the_body_and_only_a_lasting_fault_meets_a_later_attempt() {
        let half = NamedFault { share: Share::Percent(50), ..Oddity::from(Anthropic::Overloaded).into() };
        let half = Faults::from(vec![half]);
        let hit =
            |nth: u32, attempt| !half.met(7, "anthropic", "claude-opus-5-5", &nth.to_le_bytes(), attempt).is_empty();
        let count = (0..2_000).filter(|nth| hit(*nth, 0)).count();
        assert!((900..=1_100).contains(&count), "{count}");
        assert!((0..2_000).all(|nth| !hit(nth, 1)));
        let lasting = Faults::from(vec![Oddity::from(Gemini::BlockedPrompt).into()]);
        assert_eq!(lasting.met(7, "gemini", "gemini-2.5-pro", b"x", 3).len(), 1);
        assert_eq!(lasting.met(7, "openai", "gemini-2.5-pro", b"x", 0).len(), 0);
        assert!(lasting.always(Gemini::BlockedPrompt.into()) && !half.always(Anthropic::Overloaded.into()));
    }

    #[test]
    fn every_second_call_is_each_second_one_that_arrives_whatever_it_asks_and_whichever_attempt_it_is() {
        let faults = Faults::from(vec!["anthropic.overloaded@claude-opus-5-5=every:2".parse().unwrap()]);
        let hit = |model: &str, body: &[u8], attempt| !faults.met(7, "anthropic", model, body, attempt).is_empty();
        let opus: Vec<bool> = (0..6).map(|attempt| hit("claude-opus-5-5", b"the same", attempt)).collect();
        assert_eq!(opus, [false, true, false, true, false, true]);
        assert!((0..6_u32).all(|nth| !hit("claude-sonnet-5-5", &nth.to_le_bytes(), 0)), "and none of another model");
        assert!(!hit("claude-opus-5-5", b"another", 0), "nor are those counted");
    }
}
