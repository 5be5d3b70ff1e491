//! The real engine over the real wires, against rehearsal servers in this process.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it measured"
)]

#[path = "engine/keys.rs"]
mod keys;
#[path = "engine/reuse.rs"]
mod reuse;
#[path = "support/studio.rs"]
mod studio;
#[path = "engine/window.rs"]
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use greenroom::config::environment::Environment;
use greenroom::config::prices::Prices;
use greenroom::config::settings::Settings;
use greenroom::domain::call::Provider;
use greenroom::domain::episode::{CallState, Episode};
use greenroom::domain::event::Uncertain;
use greenroom::domain::handoff::Plan;
use greenroom::domain::ids::{ContentHash, EpisodeNumber, IntentKey};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::research::{Passage, Research};
use greenroom::domain::script::Script;
use greenroom::engine::handle::{Handle, NewEpisode};
use greenroom::engine::open::{OpenError, open};
use greenroom::ledger::disk::RealDisk;
use greenroom::rehearsal::{Counts, Options, Reading, Rehearsal, Rent};

use crate::studio::{decide_until_over, new_episode, options, person};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn an_episode_goes_from_package_to_package_through_a_send_back() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        let sample = new_episode("kilogram.md", 1);
        // A passage of which no plan makes anything.
        let aside = "- The papers are kept at http://archive.example/kilogram in twelve boxes [1].\n\n## References";
        let research = fs::read_to_string(&sample.research).unwrap().replacen("\n## References", aside, 1);
        let with_aside = folder.path().join("kilogram.md");
        fs::write(&with_aside, research).unwrap();
        handle.begin(person(), NewEpisode { research: with_aside, ..sample }).await.unwrap();
        decide_until_over(&handle, &[ONE], Duration::from_secs(60), true).await.unwrap();
        let past = handle.past().await.unwrap();
        assert_eq!(past.len(), 1);
        let episode = handle.past_episode(ONE).await.unwrap().unwrap();
        assert!(episode.round() >= 2, "it was sent back");
        let spent = episode.spent();
        eprintln!("{} calls, {spent:.6} USD", episode.calls.len());
        // The servers count with arithmetic of their own.
        let meter = servers.meter();
        let metered = i64::try_from(meter.totals.micro_usd).unwrap();
        let calls = i64::try_from(meter.totals.completions).unwrap();
        assert!((metered - spent.0).abs() <= calls, "each call is rounded at most by one: {metered} and {}", spent.0);
        assert!(meter.keys.values().all(|key| key.counts.completions == 1));
        asks_once_for_small_work_of_a_kind(&episode);
        carries_what_is_named(&handle, &episode).await;
        handle.shutdown().await;
    });
    let package = fs::read_dir(folder.path().join("rehearsal/packages")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(package.join("script.txt")).unwrap();
    assert!(text.split_whitespace().count() > 150, "{text}");
}

/// Only what must be asked apart is: a line of speech, a reading of a judge, an order of a comparison. All lines to be made fit for
/// a voice, all disputes, all fixes and all texts of a promotion are one call each.
fn asks_once_for_small_work_of_a_kind(episode: &Episode) {
    for (stage, state) in &episode.stages {
        let units = state.run.as_ref().map_or(0, |run| run.units.len());
        let is_apart = ["voice", "judge_a", "judge_b", "comparison"].contains(&stage.as_str());
        assert!(is_apart || units <= 1, "{stage} makes {units} calls");
    }
    let spoken = &episode.stages[&"speech_text".parse().unwrap()];
    assert!(
        spoken.run.is_some() && episode.stages[&"voice".parse().unwrap()].attempts.len() > 4,
        "many lines, one call"
    );
}

/// Writers and judges are sent the passages that the plan and the script name, and none that a claim cites is missing.
async fn carries_what_is_named(handle: &Handle, episode: &Episode) {
    async fn read<T: serde::de::DeserializeOwned>(handle: &Handle, hash: ContentHash) -> T {
        serde_json::from_slice(&handle.artifact(hash).await.unwrap()).unwrap()
    }
    let made = |stage: &str| episode.stages[&stage.parse().unwrap()].made().cloned().collect::<Vec<_>>();
    let package: Research = read(handle, made("research")[0].output).await;
    let plan: Plan = read(handle, made("plan")[0].output).await;
    let planned: BTreeSet<String> = plan.segments.into_iter().flat_map(|segment| segment.passages).collect();
    assert!(planned.len() < package.passages.len(), "the plan leaves something out");
    let text = |passage: &Passage| serde_json::to_string(&passage.text).unwrap().trim_matches('"').to_owned();
    for (key, call) in &episode.calls {
        let kept: serde_json::Value = read(handle, call.request).await;
        let body = kept["body"].to_string().replace("\\\\", "\\").replace("\\\"", "\"");
        let shown = |id: &str| package.passages.iter().any(|p| p.id == id && body.contains(&text(p)));
        match key.stage.as_str() {
            "plan" => assert!(package.passages.iter().all(|p| body.contains(&text(p))), "whoever plans sees all"),
            "script" if key.attempt == 1 => {
                let carried: BTreeSet<String> = package
                    .passages
                    .iter()
                    .filter(|p| body.contains(&format!("\"id\":\"{}\"", p.id)))
                    .map(|p| p.id.clone())
                    .collect();
                assert_eq!(carried, planned, "the writer is sent what the plan names");
                assert!(planned.iter().all(|id| shown(id)));
            }
            "judge_a" | "judge_b" => {
                let first: Script =
                    read(handle, made("script").iter().min_by_key(|made| made.at).unwrap().output).await;
                let cited: BTreeSet<&str> =
                    first.lines().flat_map(|line| &line.claims).map(|c| c.source.as_str()).collect();
                let is_first = first.lines().all(|line| body.contains(&line.text.replace('"', "\\\"")));
                assert!(!is_first || cited.iter().all(|id| shown(id)), "{key}: a cited passage is missing");
            }
            _ => {}
        }
    }
}

#[test]
fn an_episode_is_made_over_an_openai_compatible_server_and_perplexity_too() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let routes = "[routes.coordinator]\nprovider = \"openai\"\nmodel = \"qwen3:8b\"\n\
                  [routes.small]\nprovider = \"perplexity\"\nmodel = \"perplexity/sonar\"\n";
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        let environment = Environment::of::<String, String>([], 1000).unwrap();
        options.settings = Settings::layered(Some(("config.toml", routes)), &environment, &[]).unwrap();
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        decide_until_over(&handle, &[ONE], Duration::from_secs(60), false).await.unwrap();
        let episode = handle.past_episode(ONE).await.unwrap().unwrap();
        let paid = |provider| {
            let calls = episode.calls.values().filter(move |call| call.route.provider == provider);
            let settled = calls.map(|call| match &call.state {
                CallState::Settled { price, .. } => price.0,
                other => panic!("{other:?}"),
            });
            settled.sum::<i64>()
        };
        let meter = servers.meter();
        let (local, searching) = (&meter.vendors["openai"], &meter.vendors["perplexity"]);
        assert!(local.completions >= 3 && local.output_tokens > 0, "{local:?}");
        assert_eq!((paid(Provider::OpenAi), local.micro_usd), (0, 0), "a machine of one's own costs nothing");
        assert_eq!(searching.searches, searching.completions, "every call searched once");
        assert_eq!(
            paid(Provider::Perplexity),
            i64::try_from(searching.micro_usd).unwrap(),
            "the vendor's own bill, call by call"
        );
        assert!(searching.micro_usd > searching.searches * 2_500, "{searching:?}");
        handle.shutdown().await;
    });
}

#[test]
fn the_same_package_again_costs_only_what_nobody_keeps_any_more() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let reopened = async |base: &str| {
        for _ in 0..500 {
            let mut options = options(folder.path(), base, Arc::new(RealDisk), Uncertain::Resend);
            options.limits.reuse = true;
            match open(options, &tokio::runtime::Handle::current()) {
                Ok((handle, _)) => return handle,
                // The lock is let go a moment after a shutdown was answered.
                Err(OpenError::Lock(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the lock is never let go");
    };
    let two = EpisodeNumber(2);
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let handle = reopened(&base).await;
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        decide_until_over(&handle, &[ONE], Duration::from_secs(60), false).await.unwrap();
        let first = handle.past_episode(ONE).await.unwrap().unwrap();
        handle.shutdown().await;
        drop(handle);
        let paid = servers.meter().totals;
        // One recording is gone, as after a retention; the state is folded again from the journal.
        let (lost, recording) = first
            .calls
            .iter()
            .find_map(|(key, call)| match &call.state {
                CallState::Settled { answer, .. } if key.stage.as_str() == "voice" => Some((key.clone(), *answer)),
                _ => None,
            })
            .unwrap();
        let digits = recording.to_string();
        fs::remove_file(folder.path().join("rehearsal/blobs").join(&digits[..2]).join(&digits[2..])).unwrap();
        fs::remove_dir_all(folder.path().join("rehearsal/state")).unwrap();
        let handle = reopened(&base).await;
        handle.begin(person(), new_episode("kilogram.md", 2)).await.unwrap();
        decide_until_over(&handle, &[two], Duration::from_secs(60), false).await.unwrap();
        let second = handle.past_episode(two).await.unwrap().unwrap();
        let calls: Vec<_> = second.calls.keys().map(|key| (key.stage.clone(), key.unit)).collect();
        // A rehearsal of Perplexity searches, and what searches is asked anew.
        let searched = second.calls.values().filter(|call| call.route.provider == Provider::Perplexity).count();
        assert_eq!(calls.len() - searched, 1, "{calls:?}");
        assert!(calls.contains(&(lost.stage, lost.unit)), "{calls:?}");
        let now = servers.meter().totals;
        assert_eq!(now.completions - paid.completions, calls.len() as u64, "the servers were asked for no more");
        eprintln!("{:.6} USD paid, {:.6} saved of {:.6}", second.spent(), second.saved(), first.spent());
        assert_eq!(second.spent().plus(second.saved()), first.spent(), "what was not paid was saved");
        let all = handle.past().await.unwrap();
        let rows = all.iter().find(|summary| summary.number == two).unwrap().rows.iter();
        assert_eq!(rows.map(|row| row.saved).sum::<MicroUsd>(), second.saved(), "the cost report adds it up");
        handle.shutdown().await;
    });
}

/// What the ledger or the meter says of a vendor or a model: micro-dollars, then tokens in, written and read of a cache and out,
/// then characters and searches.
type Tally = BTreeMap<String, [u64; 8]>;

fn add(tally: &mut Tally, name: &str, counts: [u64; 8]) {
    let sums = tally.entry(name.to_owned()).or_default();
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

/// Holds an episode's ledger to the studio's meter: by vendor and by model, to the micro-dollar and to the token.
fn ledger_and_meter_agree(episode: &Episode, meter: &Reading) {
    let (mut vendors, mut models) = (Tally::new(), Tally::new());
    for call in episode.calls.values() {
        let vendor = match call.route.provider {
            Provider::Anthropic => "anthropic",
            Provider::Gemini => "gemini",
            Provider::ElevenLabs => "elevenlabs",
            Provider::OpenAi => "openai",
            Provider::Perplexity => "perplexity",
        };
        let (used, price) = (call.usage(), u64::try_from(call.spent().0).unwrap());
        let cache = [used.cache_write, used.cache_write_1h, used.cache_read];
        let counts = [price, used.input, cache[0], cache[1], cache[2], used.output, used.characters, used.searches];
        add(&mut vendors, vendor, counts);
        // What stands in front names a server of one's own, and is not sent to it.
        let model = call.route.model.strip_prefix("local/").unwrap_or(&call.route.model);
        add(&mut models, model, counts);
    }
    let metered = |all: &BTreeMap<String, Counts>| -> Tally {
        let tally = |c: &Counts| {
            let cache = [c.cache_write_5m_tokens, c.cache_write_1h_tokens, c.cache_read_tokens];
            let price = c.micro_usd + c.cut_micro_usd;
            [price, c.input_tokens, cache[0], cache[1], cache[2], c.output_tokens, c.characters, c.searches]
        };
        all.iter().map(|(name, counts)| (name.clone(), tally(counts))).collect()
    };
    assert_eq!(vendors, metered(&meter.vendors));
    assert_eq!(models, metered(&meter.models));
    assert_eq!(u64::try_from(episode.spent().0).unwrap(), meter.totals.micro_usd + meter.totals.cut_micro_usd);
}

/// Makes one episode with routes of its own against servers with options of their own, and holds its costs to the meter's.
///
/// Models that the servers rent out cost the ledger what the text `prices` says.
fn made_and_metered(
    folder: &Path,
    routes: &str,
    prices: &str,
    new: NewEpisode,
    servers: Options,
) -> (Episode, Reading) {
    runtime().block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..servers }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut options = options(folder, &base, Arc::new(RealDisk), Uncertain::Resend);
        let environment = Environment::of::<String, String>([], 1000).unwrap();
        options.settings = Settings::layered(Some(("config.toml", routes)), &environment, &[]).unwrap();
        options.prices.lay(Prices::parse("prices.toml", &format!("schema = 1\n{prices}")).unwrap());
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        handle.begin(person(), new).await.unwrap();
        decide_until_over(&handle, &[ONE], Duration::from_secs(60), false).await.unwrap();
        let episode = handle.past_episode(ONE).await.unwrap().unwrap();
        handle.shutdown().await;
        let meter = servers.meter();
        ledger_and_meter_agree(&episode, &meter);
        (Episode::clone(&episode), meter)
    })
}

/// One line of routes a role.
fn routes(roles: &[(&str, &str, &str, &str)]) -> String {
    let route = |(role, provider, model, fallback): &(&str, &str, &str, &str)| {
        format!("[routes.{role}]\nprovider = \"{provider}\"\nmodel = \"{model}\"\nfallback = \"{fallback}\"\n")
    };
    roles.iter().map(route).collect()
}

#[test]
fn a_researched_episode_on_four_providers_costs_what_their_meters_say() {
    let folder = tempfile::tempdir().unwrap();
    let topic = Some("Why did the continents drift past the geologists?".to_owned());
    let new = NewEpisode { topic, research: PathBuf::new(), ..new_episode("kilogram.md", 1) };
    let routes = routes(&[("arbiter", "perplexity", "perplexity/sonar", "none")]);
    let (_, meter) = made_and_metered(folder.path(), &routes, "", new, Options::default());
    for vendor in ["anthropic", "gemini", "perplexity", "elevenlabs"] {
        assert!(meter.vendors[vendor].completions > 0 && meter.vendors[vendor].micro_usd > 0, "{vendor}");
    }
    assert!(!meter.vendors.contains_key("openai"));
    assert!(meter.vendors["perplexity"].searches > 0);
}

/// Models of OpenAI's wire as somebody rents them out, by what the meter takes and by the rows of a price table that say the same.
fn rented() -> (BTreeMap<String, Rent>, String) {
    // Pico-dollars a token or character for the meter, dollars a million for the ledger.
    let chats = [
        ("qwen3:8b", "qwen3:8b", Rent { input: 130_000, output: 1_170_000 }, ("0.13", "1.17")),
        ("local/gpt-oss:20b", "local/*", Rent { input: 70_000, output: 310_000 }, ("0.07", "0.31")),
        ("gpt-oss:20b", "local/*", Rent { input: 70_000, output: 310_000 }, ("0.07", "0.31")),
        ("llama3.1:8b", "local/*", Rent { input: 70_000, output: 310_000 }, ("0.07", "0.31")),
    ];
    let mut rents: BTreeMap<String, Rent> =
        chats.iter().map(|(model, _, rent, _)| ((*model).to_owned(), *rent)).collect();
    rents.insert("kokoro".to_owned(), Rent { input: 15_300_000, output: 0 });
    let rows: BTreeSet<String> = chats
        .iter()
        .map(|(_, row, _, (input, output))| {
            format!("[[price]]\nid = \"{row}\"\nvendor = \"openai\"\ninput = \"{input}\"\noutput = \"{output}\"\n")
        })
        .collect();
    let voice =
        "[[price]]\nid = \"kokoro\"\nvendor = \"openai\"\nper_million_characters = \"15.3\"\nmost_characters = 4096\n";
    (rents, rows.into_iter().chain([voice.to_owned()]).collect())
}

#[test]
fn one_server_of_ones_own_writes_judges_and_speaks_an_episode_free_or_at_its_rent() {
    let folder = tempfile::tempdir().unwrap();
    let show = include_str!("../assets/shows/open-questions-short.toml");
    let show = show.replace("provider = \"elevenlabs\"", "provider = \"openai\"");
    let profile = folder.path().join("local.toml");
    fs::write(&profile, show).unwrap();
    let new = NewEpisode { show: profile.to_str().unwrap().to_owned(), ..new_episode("kilogram.md", 1) };
    let roles = ["coordinator", "writer", "judge_a", "small"].map(|role| (role, "openai", "qwen3:8b", "none"));
    let others = [
        ("judge_b", "openai", "local/gpt-oss:20b", "none"),
        ("arbiter", "openai", "local/llama3.1:8b", "none"),
        ("voice", "openai", "kokoro", "none"),
    ];
    let routes = routes(&[&roles[..], &others[..]].concat());
    let made = |name: &str, prices: &str, rents| {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        made_and_metered(&folder, &routes, prices, new.clone(), Options { rents, ..Options::default() }).1
    };
    let (rents, prices) = rented();
    for (name, prices, rents) in [("free", "", BTreeMap::new()), ("rented", prices.as_str(), rents)] {
        let meter = made(name, prices, rents);
        assert_eq!(meter.vendors.keys().collect::<Vec<_>>(), ["openai"]);
        let local = meter.vendors["openai"];
        assert!(local.output_tokens > 1_000 && local.characters > 500, "{local:?}");
        assert!(meter.models["kokoro"].completions > 4 && meter.models["gpt-oss:20b"].completions > 0);
        let costs: Vec<u64> = meter.models.values().map(|counts| counts.micro_usd).collect();
        eprintln!(
            "{name}: {} micro-dollars, {:?}",
            local.micro_usd,
            meter.models.keys().zip(&costs).collect::<Vec<_>>()
        );
        assert!(costs.iter().all(|cost| (*cost > 0) == (name == "rented")), "{name}: {costs:?}");
    }
}

/// An episode on Claude alone of whose calls, or of those to one model, exactly each second one is refused, so that another model
/// has to answer; how many were refused, and after how many of these another model was asked.
fn failing_over(models: &[&str], fault: &str, of: Option<&str>) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let route = |role| {
        let (first, others) = models.split_first().unwrap();
        format!("[routes.{role}]\nprovider = \"anthropic\"\nmodel = \"{first}\"\nfallback = {others:?}\n")
    };
    let written: String = ["coordinator", "writer", "judge_a", "judge_b", "small"].map(route).concat();
    let routes = format!("{written}{}", routes(&[("arbiter", "openai", "qwen3:8b", "none")]));
    let servers = Options { faults_named: vec![fault.parse().unwrap()], ..Options::default() };
    let (episode, meter) = made_and_metered(folder.path(), &routes, "", new_episode("kilogram.md", 1), servers);
    let (claude, refused) = (meter.vendors["anthropic"], meter.faults["anthropic.retired_model"]);
    let met = of.map_or(claude.calls, |model| meter.models[model].calls);
    assert_eq!(refused, met / 2, "exactly each second call is refused");
    assert_eq!(claude.completions, claude.calls - refused, "and every other one is answered");
    assert!(claude.micro_usd > 0, "{claude:?}");
    let calls = episode.calls.iter().filter(|(_, call)| call.route.provider == Provider::Anthropic);
    let failed: Vec<_> = calls.filter(|(_, call)| matches!(call.state, CallState::Failed { .. })).collect();
    assert_eq!(failed.len() as u64, refused, "the ledger has each of them");
    assert!(failed.iter().all(|(_, call)| call.spent() == MicroUsd::ZERO), "at no cost");
    let mut changed = 0;
    for (key, call) in &failed {
        let next = IntentKey { attempt: key.attempt + 1, ..(*key).clone() };
        assert!(episode.calls.contains_key(&next), "{key} was left unanswered");
        let next = &episode.calls[&next];
        let of_stage = failed.iter().filter(|(other, _)| other.stage == key.stage);
        let unable: BTreeSet<&str> = of_stage.map(|(_, call)| call.route.model.as_str()).collect();
        // Once a person has been asked, since every model was refused, the last of them is tried again.
        assert!(next.route != call.route || unable.len() == models.len(), "{key} stayed at {}", call.route.model);
        changed += u64::from(next.route != call.route);
    }
    eprintln!("{fault}: {refused} of {met} calls refused, {changed} of them went to another model");
    (refused, changed)
}

#[test]
fn an_episode_whose_every_second_call_fails_over_to_another_model_costs_what_the_meters_say() {
    let opus = "claude-opus-5-5";
    let two = [opus, "claude-sonnet-5-5"];
    // The second model is never refused: nobody is asked.
    let (refused, changed) = failing_over(&two, &format!("anthropic.retired_model@{opus}=every:2"), Some(opus));
    assert!(refused >= 3 && changed == refused, "{changed} of {refused}");
    let all = [
        opus,
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
        "claude-opus-5",
        "claude-sonnet-5",
        "claude-opus-4-8",
        "claude-opus-4-6",
        "claude-sonnet-4-6",
    ];
    let (refused, changed) = failing_over(&all, "anthropic.retired_model=every:2", None);
    assert!(refused >= 10 && changed >= 10, "{changed} of {refused}");
}

/// Fifty-word runs are the author's own; runs of eight words from the package show that it was read.
fn verbatim_runs(script: &str, source: &str) -> usize {
    let words = |text: &str| -> Vec<String> {
        text.split_whitespace().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect()
    };
    let (script, source) = (words(script), words(source));
    let known: BTreeSet<&[String]> = source.windows(8).collect();
    script.windows(8).filter(|run| known.contains(run)).count() / 8
}

#[test]
fn every_package_makes_an_episode_of_its_own() {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research");
    let mut names: Vec<String> =
        fs::read_dir(&samples).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let numbers: Vec<EpisodeNumber> = (1..).take(names.len()).map(EpisodeNumber).collect();
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        for (name, number) in names.iter().zip(&numbers) {
            handle.begin(person(), new_episode(name, number.0)).await.unwrap();
        }
        decide_until_over(&handle, &numbers, Duration::from_secs(90), false).await.unwrap();
        handle.shutdown().await;
    });
    let mut scripts = BTreeSet::new();
    for (name, number) in names.iter().zip(&numbers) {
        let packages = fs::read_dir(folder.path().join("rehearsal/packages")).unwrap().map(|e| e.unwrap().path());
        let is_mine =
            |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{number}-"));
        let package = packages.into_iter().find(is_mine).unwrap_or_else(|| panic!("no package for {name}"));
        let text = fs::read_to_string(package.join("script.txt")).unwrap();
        let source = fs::read_to_string(samples.join(name)).unwrap();
        let runs = verbatim_runs(&text, &source);
        assert!(runs >= 5, "{name}: {runs} runs of eight words");
        assert!(scripts.insert(text), "{name} has the script of another");
    }
}

#[test]
fn a_clock_that_is_set_back_is_recorded_once_and_stops_nothing() {
    use greenroom::clock::Clock;
    use greenroom::domain::event::Event;
    use greenroom::ledger::codec;
    use greenroom::ledger::journal::{Checkpoint, Journal};

    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let noon: jiff::Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let (clock, hand) = Clock::set_by_hand(noon, 1);
    runtime.block_on(async {
        let servers = Rehearsal::start(Options { pace: 0.0, ..Options::default() }).await.unwrap();
        let base = format!("http://{}", servers.addr());
        let mut options = options(folder.path(), &base, Arc::new(RealDisk), Uncertain::Resend);
        options.clock = clock;
        let (handle, _) = open(options, &tokio::runtime::Handle::current()).unwrap();
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        decide_until_over(&handle, &[ONE], Duration::from_secs(60), false).await.unwrap();
        hand.set("2026-11-24T11:00:00Z".parse().unwrap());
        handle.begin(person(), new_episode("counting-species.md", 2)).await.unwrap();
        decide_until_over(&handle, &[EpisodeNumber(2)], Duration::from_secs(60), false).await.unwrap();
        assert_eq!(handle.past().await.unwrap().len(), 2);
        handle.shutdown().await;
    });
    let mut events = Vec::new();
    let mut take = |entry| events.push(codec::stamped(&entry).unwrap());
    Journal::view(Arc::new(RealDisk), &folder.path().join("rehearsal"), Checkpoint::START, &mut take).unwrap();
    let steps: Vec<&Event> =
        events.iter().map(|stamped| &stamped.event).filter(|e| matches!(e, Event::ClockSteppedBack { .. })).collect();
    assert_eq!(steps, [&Event::ClockSteppedBack { by_ms: 3_600_000 }]);
    assert!(events.is_sorted_by_key(|stamped| stamped.at), "time in the ledger never goes back");
    assert!(events.iter().all(|stamped| stamped.at >= noon));
}
