//! A thousand answers that stream at once through the real engine, with the console open: what that costs, and how long a token
//! takes from its byte to what the console shows.
//!
//! The provider is this very program, started once more, so that its work is not counted. Each token carries the moment at
//! which it was written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use greenroom::clock::Clock;
use greenroom::config::environment::Environment;
use greenroom::config::models::Models;
use greenroom::config::prices::Prices;
use greenroom::config::settings::Settings;
use greenroom::domain::call::Provider;
use greenroom::domain::event::{Person, Provenance, Uncertain};
use greenroom::domain::ids::EpisodeNumber;
use greenroom::domain::money::MicroUsd;
use greenroom::domain::plan::Limits;
use greenroom::engine::handle::{Handle, NewEpisode};
use greenroom::engine::open::{OpenOptions, open};
use greenroom::ledger::disk::RealDisk;
use greenroom::prompts::library::Library;
use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;
use greenroom::provider::transport;
use greenroom::tui::{ConsoleOptions, Still};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::row;

/// The word that makes this program the provider; behind it stand the tokens a second.
pub(crate) const SERVE: &str = "--serve";

/// Microseconds since 1970.
fn micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// The provider: every request is answered by a document whose first text never ends.
pub(crate) fn serve(rate: &str) {
    let pause = Duration::from_secs(1) / rate.parse::<u32>().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let set = tokio::task::LocalSet::new();
        set.run_until(async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(answer(stream, pause));
            }
        })
        .await;
    });
}

async fn answer(mut stream: TcpStream, pause: Duration) {
    stream.set_nodelay(true).unwrap();
    let (mut seen, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let Ok(read) = stream.read(&mut buffer).await else { return };
        seen.extend(buffer.iter().take(read));
        let text = String::from_utf8_lossy(&seen);
        let length = |head: &str| {
            let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
            head.lines().find_map(length).unwrap_or(0_usize)
        };
        match text.split_once("\r\n\r\n") {
            Some((head, body)) if body.len() >= length(head) => break,
            Some(_) | None if read == 0 => return,
            Some(_) | None => {}
        }
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-greenroom-rehearsal: 1\r\nconnection: close\r\n\r\n\
        data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n\
        data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"{\\\"title\\\":\\\"\"}}\n\n";
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut sent = stream.write_all(head.as_bytes()).await;
    while sent.is_ok() {
        ticks.tick().await;
        let at = micros();
        let token = format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" {at}\"}}}}\n\n"
        );
        sent = stream.write_all(token.as_bytes()).await;
    }
}

/// The provider in its own process; it ends with this value.
struct Server(Child, String);

impl Server {
    fn start(rate: u32) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args([SERVE, &rate.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child, format!("http://{}", line.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn options(dir: &Path, base: &str, streams: u32) -> OpenOptions {
    let environment = Environment::of::<String, String>([], 1000).unwrap();
    let mut settings = Settings::layered(None, &environment, &[]).unwrap();
    settings.shutdown_grace = Duration::ZERO;
    settings.shutdown_grace = Duration::ZERO;
    settings.caps.day = MicroUsd(1_000_000_000_000);
    settings.caps.month = MicroUsd(1_000_000_000_000);
    // The first call of an episode goes to Anthropic, and no answer ends: the others only have to be set up.
    let vendors = [Vendor::Anthropic, Vendor::Gemini, Vendor::ElevenLabs, Vendor::OpenAi, Vendor::Perplexity];
    let endpoint = |vendor: Vendor| {
        let endpoint = Endpoint::new(vendor, base, "bench-key".to_owned().into());
        (vendor.provider(), endpoint.map_err(|error| error.to_string()))
    };
    let long = Duration::from_secs(600);
    OpenOptions {
        dir: dir.join("studio"),
        config: dir.join("config"),
        provenance: Provenance::Rehearsal,
        clock: Clock::system(),
        disk: Arc::new(RealDisk),
        settings,
        models: Models::built_in().unwrap(),
        prices: Prices::built_in().unwrap(),
        prompts: Library::built_in().unwrap(),
        endpoints: vendors.into_iter().map(endpoint).collect(),
        limits: Limits {
            slots: Provider::ALL.into_iter().map(|p| (p, streams)).collect(),
            // A thousand episodes that ask the same would wait for one answer.
            reuse: false,
            ..Limits::default()
        },
        exchange: transport::Limits { connect: long, first_byte: long, idle: long, total: long },
        uncertain: Uncertain::Resend,
    }
}

fn person() -> Person {
    Person::new("Bench", "bench").unwrap()
}

/// The seconds of a processor that this process has used.
fn used() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    // Linux counts in hundredths of a second.
    Some(ticks / 100.0)
}

/// What was seen while the streams ran.
#[derive(Default)]
struct Seen {
    /// Microseconds from a byte to the progress in which it was there.
    delays: Vec<u64>,
    streams: usize,
    bytes: u64,
    frames: u32,
}

/// Follows what streams and draws the console, as its loop does, for a time.
async fn follow(handle: &Handle, time: Duration) -> Seen {
    let (mut snapshots, mut progress) = (handle.snapshots(), handle.progress());
    let snapshot = Arc::clone(&snapshots.borrow_and_update());
    let mut still = Still::new(&ConsoleOptions::new(person(), Provenance::Rehearsal), snapshot, 120, 36);
    let mut seen = Seen::default();
    let (mut first, mut last) = (None, 0);
    let mut newest: BTreeMap<EpisodeNumber, u64> = BTreeMap::new();
    let began = Instant::now();
    while began.elapsed() < time {
        progress.changed().await.unwrap();
        let now = Arc::clone(&progress.borrow_and_update());
        let at = micros();
        for (key, call) in &now.calls {
            let number = &key.episode;
            // Every token that has come since the last look, the newest first.
            let before = newest.insert(*number, 0).unwrap_or(at);
            let text = call.outline.lines().collect::<Vec<_>>().join(" ");
            let stamps = text.rsplit(' ').map_while(|stamp| stamp.parse::<u64>().ok());
            for stamp in stamps {
                let latest = newest.entry(*number).or_default();
                *latest = stamp.max(*latest);
                if stamp <= before {
                    break;
                }
                seen.delays.push(at.saturating_sub(stamp));
            }
        }
        seen.streams = seen.streams.max(now.calls.len());
        last = now.calls.values().map(|call| call.streamed).sum();
        first.get_or_insert(last);
        if snapshots.has_changed().unwrap_or(false) {
            still.follow(Arc::clone(&snapshots.borrow_and_update()));
        }
        still.stream(Arc::clone(&now));
        seen.frames += u32::from(!still.draw().is_empty());
    }
    seen.bytes = last.saturating_sub(first.unwrap_or(0));
    seen
}

/// Runs so many streams at so many tokens a second for a time, after they have all begun.
pub(crate) fn measure(streams: u32, rate: u32, time: Duration) {
    let server = Server::start(rate);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (handle, _) = open(options(folder.path(), &server.1, streams), runtime.handle()).unwrap();
    let research = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research/kilogram.md");
    let (seen, wall, processor) = runtime.block_on(async {
        for number in 1..=streams {
            let show = "open-questions-short".to_owned();
            let number = Some(EpisodeNumber(number));
            let new = NewEpisode { research: research.clone(), topic: None, show, number, cap: None, fresh: false };
            handle.begin(person(), new).await.unwrap();
        }
        let mut progress = handle.progress();
        let all = |now: &Arc<greenroom::engine::progress::Progress>| now.calls.len() >= streams as usize;
        let begun = tokio::time::timeout(Duration::from_secs(120), progress.wait_for(all)).await.is_ok();
        let feed = || handle.snapshots().borrow().feed.iter().rev().take(5).map(|l| l.text.clone()).collect::<Vec<_>>();
        let count = || handle.progress().borrow().calls.len();
        assert!(begun, "only {} stream; the latest: {:#?}", count(), feed());
        let (began, before) = (Instant::now(), used());
        let seen = follow(&handle, time).await;
        let processor = used().zip(before).map(|(after, before)| after - before);
        (seen, began.elapsed().as_secs_f64(), processor)
    });
    runtime.block_on(handle.shutdown());
    let Seen { mut delays, streams: at_once, bytes, frames } = seen;
    delays.sort_unstable();
    let percentile =
        |of: usize| delays.get((delays.len() * of / 100).min(delays.len().saturating_sub(1))).copied().unwrap_or(0);
    // A token is a space and sixteen digits.
    let tokens = bytes as f64 / 17.0 / wall;
    let expected = f64::from(streams * rate);
    row(
        &format!("{at_once} streams at {rate} tokens a second, the console open"),
        format!("{tokens:.0} tokens/s, {:.1} frames/s", f64::from(frames) / wall),
        format!("{:.0} % of the {expected:.0} tokens/s that were asked of the provider", 100.0 * tokens / expected),
    );
    if let Some(processor) = processor {
        row(
            "their share of a processor",
            format!("{:.0} %", 100.0 * processor / wall),
            format!("{:.1} µs a token, all in", processor * 1e6 / (tokens * wall)),
        );
    }
    row(
        "from a byte to what the console shows, p99",
        format!("{:.0} ms", percentile(99) as f64 / 1e3),
        format!("p50 {:.0} ms; shown every 50 ms at most", percentile(50) as f64 / 1e3),
    );
}
