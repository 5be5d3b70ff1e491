//! Kills the engine between the request and the answer of each provider: the charge is then uncertain, and nothing is sent again
//! before a person has ruled.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::Command as Process;
use std::sync::{Arc, Condvar, Mutex};

use clap::FromArgMatches;
use greenroom::cli;
use greenroom::config::environment::Environment;
use greenroom::config::prices::Prices;
use greenroom::config::settings::Settings;
use greenroom::domain::call::Provider;
use greenroom::domain::command::Command;
use greenroom::domain::episode::CallState;
use greenroom::domain::event::{Need, Ruling};
use greenroom::engine::open::OpenOptions;
use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;

use super::*;

/// What a child is told of the one way on which nobody answers: its model and its address, with a space between.
const HOLE: &str = "GREENROOM_TEST_HOLE";

/// The paid ways of every provider: the provider, its wire, a role that calls it and a model of it.
const WAYS: [(Provider, Vendor, &str, &str); 6] = [
    (Provider::Anthropic, Vendor::Anthropic, "coordinator", "claude-sonnet-5-5"),
    (Provider::Gemini, Vendor::Gemini, "coordinator", "gemini-3.8-flash"),
    (Provider::Perplexity, Vendor::Perplexity, "coordinator", "perplexity/sonar"),
    (Provider::OpenAi, Vendor::OpenAi, "coordinator", "qwen3:8b"),
    (Provider::OpenAi, Vendor::OpenAi, "voice", "kokoro"),
    (Provider::ElevenLabs, Vendor::ElevenLabs, "voice", "eleven_flash_v2_5"),
];

/// Prices of the models of a server of one's own, as where somebody rents it out: what costs nothing could not be told from what
/// is held at nothing.
const RENTED: &str = r#"
schema = 1
[[price]]
id = "qwen3:8b"
vendor = "openai"
input = "0.13"
output = "1.17"
[[price]]
id = "kokoro"
vendor = "openai"
per_million_characters = "15.3"
most_characters = 4096
"#;

/// The options of a studio in which one way leads to nobody, as the environment of a child or the test itself says.
pub(crate) fn with_hole(mut options: OpenOptions, hole: Option<String>, slots: u32) -> OpenOptions {
    let Some(hole) = hole else { return options };
    let (name, address) = hole.split_once(' ').unwrap();
    let (provider, vendor, role, model) = WAYS.into_iter().find(|(.., known)| *known == name).unwrap();
    let mut routes = format!("[routes.{role}]\nprovider = \"{provider}\"\nmodel = \"{model}\"\n");
    if role == "voice" {
        // The default is a model of the server that is to speak, and would be asked before it speaks.
        routes.push_str("[routes.arbiter]\nprovider = \"perplexity\"\nmodel = \"perplexity/sonar\"\n");
    }
    let environment = Environment::of::<String, String>([], 1000).unwrap();
    options.settings = Settings::layered(Some(("test.toml", &routes)), &environment, &[]).unwrap();
    options.settings.shutdown_grace = Duration::ZERO;
    options.prices.lay(Prices::parse("test.toml", RENTED).unwrap());
    let endpoint = Endpoint::new(vendor, address, "rehearsal-key".to_owned().into());
    options.endpoints.insert(provider, endpoint.map_err(|error| error.to_string()));
    options.limits.slots.insert(provider, slots);
    options.exchange.first_byte = Duration::from_secs(60);
    options.exchange.total = Duration::from_secs(60);
    options
}

/// As [`with_hole`], for a child: one call at a time, so that it is one that is lost.
pub(crate) fn of_child(options: OpenOptions) -> OpenOptions {
    with_hole(options, std::env::var(HOLE).ok(), 1)
}

/// A server that reads every request and never answers; how often it was sent each key.
#[derive(Default)]
struct Hole {
    seen: Mutex<(BTreeMap<String, u32>, Vec<TcpStream>)>,
    more: Condvar,
}

impl Hole {
    fn open() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let hole = Arc::new(Self::default());
        let shared = Arc::clone(&hole);
        std::thread::Builder::new()
            .spawn(move || {
                for stream in listener.incoming() {
                    shared.take(stream.unwrap());
                }
            })
            .unwrap();
        (hole, address)
    }

    /// Takes one request whole, and keeps its connection open without a word.
    fn take(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let (mut key, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("idempotency-key", value)) => value.clone_into(&mut key),
                Some(("content-length", value)) => length = value.parse().unwrap(),
                None if line.is_empty() => break,
                Some(_) | None => {}
            }
        }
        if reader.read_exact(&mut vec![0; length]).is_ok() {
            let mut seen = self.seen.lock().unwrap();
            let key = key.parse::<SentKey>().unwrap().key.to_string();
            *seen.0.entry(key).or_default() += 1;
            seen.1.push(reader.into_inner());
            self.more.notify_all();
        }
    }

    /// Waits until what was seen is enough; all keys with their counts.
    fn wait_until(&self, is_enough: impl Fn(&BTreeMap<String, u32>) -> bool) -> BTreeMap<String, u32> {
        let seen = self.seen.lock().unwrap();
        let limit = Duration::from_secs(60);
        let (seen, waited) = self.more.wait_timeout_while(seen, limit, |seen| !is_enough(&seen.0)).unwrap();
        assert!(!waited.timed_out(), "only {:?} came", seen.0);
        seen.0.clone()
    }

    /// What was seen of one unit of a stage, whatever the attempt.
    fn of_unit(&self, key: &IntentKey) -> BTreeMap<String, u32> {
        let is_same = |seen: &IntentKey| (seen.episode, &seen.stage, seen.unit) == (key.episode, &key.stage, key.unit);
        let seen = self.wait_until(|_| true).into_iter();
        seen.filter(|(seen, _)| seen.parse::<IntentKey>().is_ok_and(|seen| is_same(&seen))).collect()
    }
}

/// The least that the highest price of a request is, by arithmetic of its own: all its characters at the price of one; or half its
/// bytes as tokens and the longest answer, at the prices of tokens.
fn highest(model: &str, body: &serde_json::Value) -> MicroUsd {
    // Millionths of a micro-dollar a token in, one out, and a character.
    let (input, output, character) = match model {
        "claude-sonnet-5-5" => (2_000_000, 10_000_000, 0),
        "gemini-3.8-flash" => (750_000, 3_750_000, 0),
        "perplexity/sonar" => (250_000, 2_500_000, 0),
        "qwen3:8b" => (130_000, 1_170_000, 0),
        "kokoro" => (0, 0, 15_300_000),
        "eleven_flash_v2_5" => (0, 0, 40_000_000),
        other => panic!("{other} has no price here"),
    };
    let said = ["input", "text"].into_iter().find_map(|name| body[name].as_str()).filter(|_| character > 0);
    let characters = said.map_or(0, |text| text.chars().count() as i64);
    let limits = ["/max_tokens", "/generationConfig/maxOutputTokens", "/max_output_tokens"];
    let answer = limits.into_iter().find_map(|path| body.pointer(path)?.as_i64()).unwrap_or(0);
    let bytes = body.to_string().len() as i64;
    assert!(characters > 0 || answer > 0, "{model} is asked for something: {body}");
    MicroUsd((bytes / 2 * input + answer * output + characters * character).div_euclid(1_000_000))
}

/// What `charge list` prints for the rehearsal under a folder.
fn charge_list(data: &Path) -> String {
    let config = data.join("config");
    fs::create_dir_all(&config).unwrap();
    let args = ["greenroom", "--studio", "rehearsal", "charge", "list", "--data-dir"];
    let args = args.into_iter().map(Into::into).chain([data.into(), "--config-dir".into(), config.into()]);
    let matches = cli::command().try_get_matches_from(args.collect::<Vec<std::ffi::OsString>>()).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    cli::run(&cli::Cli::from_arg_matches(&matches).unwrap(), &mut out, &mut err).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_call_that_was_sent_and_not_answered_is_held_at_its_worst_and_never_sent_again_unasked() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (provider, _, role, model) in WAYS {
        let servers = Options { seed: 7, pace: 0.0, ..Options::default() };
        let servers = runtime.block_on(Rehearsal::start(servers)).unwrap();
        let base = format!("http://{}", servers.addr());
        let data = folder.path().join(format!("{provider}-{role}"));
        fs::create_dir(&data).unwrap();
        if role == "voice" {
            // The voices of the show are those of the provider that speaks.
            let show = include_str!("../../assets/shows/open-questions-short.toml");
            let show = show.replace("provider = \"elevenlabs\"", &format!("provider = \"{provider}\""));
            fs::create_dir_all(data.join("config/shows")).unwrap();
            fs::write(data.join("config/shows/open-questions-short.toml"), show).unwrap();
        }
        let (hole, address) = Hole::open();
        let told = format!("{model} {address}");

        let mut child = Process::new(std::env::current_exe().unwrap());
        child.args(["--exact", "child", "--nocapture"]).env("GREENROOM_TEST_BASE", &base);
        child.env("GREENROOM_TEST_DATA", &data).env(HOLE, &told);
        let log = fs::File::create(data.join("child.log")).unwrap();
        let mut child = child.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let seen = hole.wait_until(|seen| !seen.is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        let key: IntentKey = seen.keys().next().unwrap().parse().unwrap();

        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let opened = with_hole(options(&data, &base, disk, Uncertain::Ask), Some(told.clone()), 99);
        let (handle, found) = open(opened, runtime.handle()).unwrap();
        // Other lines of a speech may have been sent beside it.
        assert!(found.lost >= 1, "{model}");
        runtime.block_on(async {
            let mut snapshots = handle.snapshots();
            let asks = |need: &Need| *need == Need::Charge { key: key.clone() };
            let is_asked = |snapshot: &Arc<greenroom::engine::snapshot::Snapshot>| {
                snapshot.episodes.iter().any(|episode| episode.needs.iter().any(|open| asks(&open.need)))
            };
            let waits = tokio::time::timeout(Duration::from_secs(20), snapshots.wait_for(is_asked)).await;
            let episode = Arc::clone(&waits.expect("a person is asked").unwrap().episodes[0]);
            let call = &episode.calls[&key];
            assert!(matches!(call.state, CallState::Uncertain { .. }), "{model}: {:?}", call.state);
            assert_eq!(call.route.provider, provider);
            assert!(episode.sums().possible >= call.worst, "{model}");
            assert!(call.worst > MicroUsd::ZERO, "{model} is held at nothing");
            assert_eq!(call.route.model, model);
            let kept: serde_json::Value =
                serde_json::from_slice(&handle.artifact(call.request).await.unwrap()).unwrap();
            assert!(call.worst >= highest(model, &kept["body"]), "{model}: {} for {kept}", call.worst);
            // Time in which it could be sent again, if anybody did.
            tokio::time::sleep(Duration::from_millis(300)).await;
            // Other lines of a speech may be asked for meanwhile.
            assert_eq!(hole.of_unit(&key), seen, "{model}: sent again before a person has ruled");
            let list = charge_list(&data);
            let held = format!("{:.4}", call.worst);
            assert!(list.contains(&key.to_string()) && list.contains(&held), "{model}: {held} in {list}");

            let ruling = Command::ResolveCharge { key: key.clone(), ruling: Ruling::Resend, alike: false };
            handle.command(person(), ruling).await.unwrap();
            let next = IntentKey { attempt: key.attempt + 1, ..key.clone() };
            hole.wait_until(|seen| seen.contains_key(&next.to_string()));
            let expected = BTreeMap::from([(key.to_string(), 1), (next.to_string(), 1)]);
            assert_eq!(hole.of_unit(&key), expected, "{model}: a ruling sends it once, as an attempt of its own");
            handle.shutdown().await;
        });
        drop(handle);
        runtime.block_on(servers.stop(Duration::from_secs(1)));
    }
}
