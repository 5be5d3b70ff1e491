//! What is looked at before money is spent: whether each provider can be used, whether its models live, whether the voices of a
//! show are there.
//!
//! It asks only what costs nothing, and begins nothing. What follows from what was found is for whoever asked.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::config::models::{Models, Standing};
use crate::config::show::{Show, VoiceProvider};
use crate::domain::call::{Provider, Route};
use crate::domain::event::Provenance;
use crate::provider::endpoint::Endpoint;
use crate::provider::probe::{Found, LIMITS, Life, Trouble, probe};
use crate::provider::transport::{Limits, Transport};

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It is sound.
    Ok,
    /// It may matter, and stops nothing.
    Mind,
    /// It could not be asked: nobody knows.
    Unasked,
    /// It would fail.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How it stands.
    pub mark: Mark,
    /// What it is, in two or three words.
    pub what: String,
    /// What was found: what is so, what it means, what to do.
    pub found: String,
}

impl Check {
    /// A check with its words.
    pub fn new(mark: Mark, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { mark, what: what.into(), found: found.into() }
    }
}

/// What each provider answered.
pub type Probes = BTreeMap<Provider, Result<Found, Trouble>>;

/// Asks these providers at once, those of them that have an address.
pub async fn ask(
    transport: &Transport,
    endpoints: &BTreeMap<Provider, Result<Endpoint, String>>,
    providers: &BTreeSet<Provider>,
    limits: Option<Limits>,
) -> Probes {
    let limits = limits.unwrap_or(LIMITS);
    let ready = endpoints.iter().filter_map(|(provider, endpoint)| Some((*provider, endpoint.as_ref().ok()?)));
    let asked = ready.filter(|(provider, _)| providers.contains(provider));
    let answers = asked.map(async |(provider, endpoint)| (provider, probe(transport, endpoint, limits).await));
    join_all(answers).await.into_iter().collect()
}

/// What a provider's answer says of its key, for a studio of this kind.
pub fn key(provider: Provider, base: &str, asked: &Result<Found, Trouble>, provenance: Provenance) -> Check {
    let what = format!("key of {provider}");
    let found = match asked {
        Ok(found) => found,
        Err(trouble) if trouble.kind.is_refusal() => return Check::new(Mark::Fail, what, trouble.to_string()),
        Err(trouble) => return Check::new(Mark::Unasked, what, trouble.to_string()),
    };
    match (provenance, found.rehearsed) {
        (Provenance::Live, true) => {
            let said = format!(
                "{base} answers as a rehearsal, and a live studio takes no such answer: correct `providers.{provider}.base_url`"
            );
            return Check::new(Mark::Fail, what, said);
        }
        (Provenance::Rehearsal, false) => {
            let said = format!("{base} does not answer as a rehearsal, and a rehearsal reaches no real provider");
            return Check::new(Mark::Fail, what, said);
        }
        (Provenance::Live, false) | (Provenance::Rehearsal, true) => {}
    }
    let mut said = match &found.unlisted {
        Some(why) => format!("it holds at {base}; its models are not known, since {why}"),
        None => format!("it holds: {base} lists {} models", found.models.len()),
    };
    if let Some(voices) = &found.voices {
        said.push_str(&format!(", {} voices", voices.len()));
    }
    if let Some((under_way, most)) = found.concurrency {
        said.push_str(&format!("; {under_way} of {most} calls at once"));
    }
    match found.quota {
        Some((spoken, most)) if spoken >= most => {
            said.push_str(&format!("; all {most} characters of its period are spoken, and speech may be refused"));
            Check::new(Mark::Mind, what, said)
        }
        Some((spoken, most)) => {
            said.push_str(&format!("; {spoken} of {most} characters of its period are spoken"));
            Check::new(Mark::Ok, what, said)
        }
        None => Check::new(Mark::Ok, what, said),
    }
}

/// What is to be said of a model on a day, by its provider's list and by the table of models; nothing where it lives. The list
/// is the newer of the two: what it says of the model's end comes before the table.
pub fn model(route: &Route, probes: &Probes, models: &Models, on: Date) -> Option<(Mark, String)> {
    let Route { provider, model } = route;
    let is_known = models.get(model).is_some_and(|known| known.provider == *provider);
    let standing = if is_known { models.standing(model, on) } else { Standing::Unknown };
    let (ends, successor) = match &standing {
        Standing::Unknown | Standing::Living => (None, None),
        Standing::Deprecated { retires, successor } => (*retires, *successor),
        Standing::Retiring { on, successor } | Standing::Retired { on, successor } => (Some(*on), *successor),
    };
    let (give, other) = match successor {
        Some(next) => (format!("give the role `{}`", next.id), format!("Give the role `{}`", next.id)),
        None => ("give the role its successor".to_owned(), "Give the role a model that is there".to_owned()),
    };
    let by_list = match probes.get(provider) {
        Some(Ok(found)) => match found.model(model) {
            Some(listed) => Some(listed),
            None if found.unlisted.is_some() => None,
            None => {
                // A small server may serve one model under any name, and what a reseller serves is not all in its list.
                let (mark, then) = match provider {
                    Provider::Anthropic | Provider::Gemini | Provider::ElevenLabs => {
                        (Mark::Fail, "calls would be refused")
                    }
                    Provider::OpenAi | Provider::Perplexity => (Mark::Mind, "calls may be refused"),
                };
                return Some((mark, format!("{provider} does not list `{model}`: {then}. {other}, under `routes`")));
            }
        },
        Some(Err(_)) | None => None,
    };
    let day = ends.map(|day| format!(" on {day}")).unwrap_or_default();
    match by_list.map(|listed| (listed.life, listed.retires.as_deref())) {
        Some((Life::Deprecated, when)) => {
            let when = when.map_or(day, |when| format!(" on {when}"));
            return Some((Mark::Mind, format!("{provider} retires `{model}`{when}: {give} in time")));
        }
        Some((Life::Retired, when)) => {
            let when = when.map_or(day, |when| format!(" on {when}"));
            let said =
                format!("{provider} has retired `{model}`{when}: calls would be refused. {other}, under `routes`");
            return Some((Mark::Fail, said));
        }
        Some((Life::Active | Life::Unsaid, _)) | None => {}
    }
    match standing {
        Standing::Unknown | Standing::Living => None,
        Standing::Deprecated { .. } => {
            Some((Mark::Mind, format!("{provider} advises against `{model}`: {give} in time")))
        }
        Standing::Retiring { .. } => Some((Mark::Mind, format!("{provider} retires `{model}`{day}: {give} in time"))),
        Standing::Retired { .. } if by_list.is_some() => {
            let said = format!("{provider} was to retire `{model}`{day} and lists it still: {give} before calls fail");
            Some((Mark::Mind, said))
        }
        Standing::Retired { .. } => Some((
            Mark::Fail,
            format!(
                "{provider} has retired `{model}`{day}: calls would be refused. {other}, under `routes`; `greenroom route \
                 upgrade` does it"
            ),
        )),
    }
}

/// Whether the account has the voices of a show; nothing where that is not known.
pub fn voices(show: &Show, probes: &Probes) -> Option<Check> {
    let what = format!("voices of {}", show.slug);
    let mut known = 0;
    let mut missing = Vec::new();
    for speaker in &show.speakers {
        let VoiceProvider::Paid(provider) = speaker.voice.provider else { continue };
        let Some(Ok(found)) = probes.get(&provider) else { continue };
        match found.has_voice(&speaker.voice.id) {
            Some(true) => known += 1,
            Some(false) => missing.push(format!("`{}` of {} ({provider})", speaker.voice.id, speaker.id)),
            None => {}
        }
    }
    if !missing.is_empty() {
        let said = format!(
            "the account does not have the voice {}: speech would be refused after the script is paid for. Add it to the \
             account, or choose one that is there in the show's profile",
            missing.join(", nor ")
        );
        return Some(Check::new(Mark::Fail, what, said));
    }
    (known > 0).then(|| Check::new(Mark::Ok, what, format!("the account has all {known}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::call::Vendor;
    use crate::provider::probe::{Kind, Model, Voice};

    fn route(provider: Provider, model: &str) -> Route {
        Route { provider, model: model.to_owned() }
    }

    const TODAY: Date = jiff::civil::date(2026, 11, 24);

    #[test]
    fn where_no_list_says_more_the_table_tells_of_ends_and_names_who_follows() {
        let models = Models::built_in().unwrap();
        let lists = |ids: &[(&str, Life)]| Ok(listing(ids));
        let unasked = Probes::new();
        let listed = BTreeMap::from([
            (
                Provider::Anthropic,
                lists(&[("claude-opus-4-1-20250805", Life::Active), ("claude-sonnet-4-5-20250929", Life::Deprecated)]),
            ),
            (Provider::Gemini, lists(&[("gemini-2.5-pro", Life::Unsaid)])),
        ]);
        // The model, whether lists were read, the mark, words of what is said.
        let table = [
            (
                Provider::Gemini,
                "gemini-2.5-pro",
                false,
                Mark::Mind,
                "on 2026-12-01: give the role `gemini-3.1-pro-preview`",
            ),
            (Provider::Gemini, "gemini-2.5-pro", true, Mark::Mind, "retires `gemini-2.5-pro` on 2026-12-01"),
            (Provider::ElevenLabs, "eleven_turbo_v2_5", false, Mark::Mind, "advises against `eleven_turbo_v2_5`"),
            (Provider::Anthropic, "claude-opus-4-1-20250805", false, Mark::Fail, "has retired"),
            (
                Provider::Anthropic,
                "claude-opus-4-1-20250805",
                true,
                Mark::Mind,
                "lists it still: give the role `claude-",
            ),
            (
                Provider::Anthropic,
                "claude-sonnet-4-5-20250929",
                true,
                Mark::Mind,
                "on 2026-11-30: give the role `claude-",
            ),
            (Provider::Anthropic, "claude-opus-4-20250514", true, Mark::Fail, "does not list `claude-opus-4-20250514`"),
        ];
        for (provider, id, is_listed, mark, says) in table {
            let probes = if is_listed { &listed } else { &unasked };
            let (marked, said) = model(&route(provider, id), probes, &models, TODAY).unwrap();
            assert!(marked == mark && said.contains(says), "{id}: {marked:?} {said}");
        }
        let elsewhere = route(Provider::OpenAi, "gemini-2.5-pro");
        assert_eq!(model(&elsewhere, &unasked, &models, TODAY), None, "a server of one's own may call a model so");
        assert_eq!(model(&route(Provider::Anthropic, "claude-opus-5-5"), &unasked, &models, TODAY), None);
    }

    fn listing(models: &[(&str, Life)]) -> Found {
        let model = |(id, life): &(&str, Life)| Model { id: (*id).to_owned(), life: *life, retires: None };
        Found { models: models.iter().map(model).collect(), ..Found::default() }
    }

    #[test]
    fn a_model_is_dead_where_a_full_list_of_its_maker_lacks_it_and_only_there() {
        let lists = listing(&[("a", Life::Active), ("b", Life::Deprecated), ("c", Life::Retired)]);
        let narrow = Found { unlisted: Some("no right".to_owned()), ..Found::default() };
        let probes = BTreeMap::from([
            (Provider::Anthropic, Ok(lists.clone())),
            (Provider::OpenAi, Ok(lists)),
            (Provider::ElevenLabs, Ok(narrow)),
        ]);
        let cases = [
            (route(Provider::Anthropic, "a"), None),
            (route(Provider::Anthropic, "b"), Some(Mark::Mind)),
            (route(Provider::Anthropic, "c"), Some(Mark::Fail)),
            (route(Provider::Anthropic, "d"), Some(Mark::Fail)),
            (route(Provider::OpenAi, "d"), Some(Mark::Mind)),
            (route(Provider::ElevenLabs, "d"), None),
            (route(Provider::Gemini, "d"), None),
        ];
        for (route, mark) in cases {
            let models = Models::built_in().unwrap();
            assert_eq!(model(&route, &probes, &models, TODAY).map(|(mark, _)| mark), mark, "{route:?}");
        }
    }

    #[test]
    fn a_voice_that_the_account_lacks_is_named_with_its_speaker() {
        let source = include_str!("../../assets/shows/open-questions-short.toml");
        let show = Show::parse("show", source, Provider::ElevenLabs).unwrap();
        let has = |ids: &[&str]| {
            let voices = ids.iter().map(|id| Voice { id: (*id).to_owned(), name: String::new() }).collect();
            BTreeMap::from([(Provider::ElevenLabs, Ok(Found { voices: Some(voices), ..Found::default() }))])
        };
        let ids: Vec<&str> = show.speakers.iter().map(|speaker| speaker.voice.id.as_str()).collect();
        assert_eq!(voices(&show, &has(&ids)).map(|check| check.mark), Some(Mark::Ok));
        let lacking = voices(&show, &has(&ids[1..])).unwrap();
        assert_eq!(lacking.mark, Mark::Fail);
        assert!(lacking.found.contains(ids[0]) && lacking.found.contains("HOST") && !lacking.found.contains(ids[1]));
        assert_eq!(voices(&show, &Probes::new()), None, "nobody was asked");
    }

    #[test]
    fn a_key_is_good_only_with_an_answer_of_the_studios_own_kind() {
        let good = |rehearsed| Ok(Found { rehearsed, ..Found::default() });
        let of = |asked: &Result<Found, Trouble>, kind| key(Provider::Gemini, "http://x", asked, kind).mark;
        assert_eq!(of(&good(false), Provenance::Live), Mark::Ok);
        assert_eq!(of(&good(true), Provenance::Live), Mark::Fail);
        assert_eq!(of(&good(true), Provenance::Rehearsal), Mark::Ok);
        assert_eq!(of(&good(false), Provenance::Rehearsal), Mark::Fail);
        let trouble = |kind| {
            let base = "http://x".to_owned();
            Err(Trouble { vendor: Vendor::Gemini, base, proxy: None, has_key: true, kind, said: "no".to_owned() })
        };
        assert_eq!(of(&trouble(Kind::WrongKey), Provenance::Live), Mark::Fail);
        assert_eq!(of(&trouble(Kind::Busy), Provenance::Live), Mark::Unasked);
    }
}
