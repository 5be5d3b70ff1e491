//! A rehearsal studio for tests: the real engine over the real wires, against servers on loopback.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use greenroom::clock::Clock;
use greenroom::config::environment::Environment;
use greenroom::config::models::Models;
use greenroom::config::prices::Prices;
use greenroom::config::settings::Settings;
use greenroom::domain::call::Provider;
use greenroom::domain::command::Command;
use greenroom::domain::episode::Episode;
use greenroom::domain::event::{ItemRuling, Need, Person, Provenance, Ruled, Ruling, Uncertain, Way};
use greenroom::domain::ids::{ContentHash, EpisodeNumber, StageId};
use greenroom::domain::money::MicroUsd;
use greenroom::domain::plan::Limits;
use greenroom::domain::traffic::Breaking;
use greenroom::engine::handle::{Handle, NewEpisode};
use greenroom::engine::open::{OpenOptions, limits_of};
use greenroom::ledger::disk::Disk;
use greenroom::prompts::library::Library;
use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;
use greenroom::provider::transport;

/// How a studio under `data` is opened against the servers at `base`, such as `http://127.0.0.1:4000`.
pub(crate) fn options(data: &Path, base: &str, disk: Arc<dyn Disk>, uncertain: Uncertain) -> OpenOptions {
    let environment = Environment::of::<String, String>([], 1000).unwrap();
    let mut settings = Settings::layered(None, &environment, &[]).unwrap();
    settings.shutdown_grace = Duration::from_secs(5);
    // Most tests count the calls that are made; those about reuse switch it on.
    settings.reuse_answers = false;
    let limits = limits_of(&settings);
    let breaking = Breaking { pause_ms: 40, pause_max_ms: 640, ..limits.breaking };
    let limits = Limits { attempts: 10, backoff_ms: 20, backoff_max_ms: 500, breaking, ..limits };
    let endpoint = |vendor, path: &str| {
        Endpoint::new(vendor, &format!("{base}/{path}"), "rehearsal-key".to_owned().into()).map_err(|e| e.to_string())
    };
    OpenOptions {
        dir: data.join("rehearsal"),
        config: data.join("config"),
        provenance: Provenance::Rehearsal,
        clock: Clock::system(),
        disk,
        settings,
        models: Models::built_in().unwrap(),
        prices: Prices::built_in().unwrap(),
        prompts: Library::built_in().unwrap(),
        endpoints: BTreeMap::from([
            (Provider::Anthropic, endpoint(Vendor::Anthropic, "anthropic")),
            (Provider::Gemini, endpoint(Vendor::Gemini, "gemini")),
            (Provider::ElevenLabs, endpoint(Vendor::ElevenLabs, "elevenlabs")),
            (Provider::OpenAi, endpoint(Vendor::OpenAi, "openai")),
            (Provider::Perplexity, endpoint(Vendor::Perplexity, "perplexity")),
        ]),
        limits,
        exchange: transport::Limits {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_secs(5),
            idle: Duration::from_secs(2),
            total: Duration::from_secs(20),
        },
        uncertain,
    }
}

/// Who decides.
pub(crate) fn person() -> Person {
    Person::new("Ada", "ada").unwrap()
}

/// An episode of the short sample show.
pub(crate) fn new_episode(sample: &str, number: u32) -> NewEpisode {
    NewEpisode {
        research: Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/research").join(sample),
        topic: None,
        show: "open-questions-short".to_owned(),
        number: Some(EpisodeNumber(number)),
        cap: None,
        fresh: false,
    }
}

/// Rounds after which a failed gate is no longer sent back.
const MOST_ROUNDS: u32 = 9;

/// Answers every need until the episodes are over, or the time is.
///
/// # Errors
///
/// With what is still open when the time is over.
pub(crate) async fn decide_until_over(
    handle: &Handle,
    episodes: &[EpisodeNumber],
    limit: Duration,
    send_back: bool,
) -> Result<(), String> {
    decide_by(handle, episodes, limit, send_back.then_some(Way::Author)).await
}

/// Answers every need until the episodes are over, or the time is. The first gate that can sends back the given way, unless
/// it was sent back so before; a failed gate is sent back too.
///
/// # Errors
///
/// With what is still open when the time is over.
pub(crate) async fn decide_by(
    handle: &Handle,
    episodes: &[EpisodeNumber],
    limit: Duration,
    send_back: Option<Way>,
) -> Result<(), String> {
    let mut snapshots = handle.snapshots();
    let decided = async {
        loop {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            if let Some(halted) = &snapshot.halted {
                return Err(halted.clone());
            }
            let open: Vec<_> = snapshot.episodes.iter().filter(|e| episodes.contains(&e.number)).collect();
            if open.is_empty() && snapshot.seq > 0 {
                return Ok(());
            }
            for episode in open {
                for need in &episode.needs {
                    let command = match &need.need {
                        Need::Gate { gate, hash } => {
                            let can_send = episode.pin(gate).is_some_and(|pin| pin.stage.send_back.is_some());
                            let reasons = episode.gates.get(gate).and_then(|g| g.evaluations.get(hash));
                            let failed =
                                reasons.is_some_and(|e| e.verdict == greenroom::domain::event::Verdict::Failed);
                            if failed && (!can_send || episode.round() >= MOST_ROUNDS) {
                                return Err(format!("{gate} failed: {:?}", reasons.map(|e| &e.reasons)));
                            }
                            let is_new = |way: &Way| !episode.sent_back.iter().any(|sent| sent.input.way == *way);
                            let wanted = send_back.filter(is_new).filter(|_| can_send);
                            if let Some(way) = wanted.or(failed.then_some(Way::Author)) {
                                let note = note(handle, episode).await;
                                Command::SendBack {
                                    episode: episode.number,
                                    gate: gate.clone(),
                                    hash: *hash,
                                    note,
                                    way,
                                    rulings: Vec::new(),
                                    seen: None,
                                }
                            } else {
                                let max_spend = MicroUsd(50_000_000);
                                let rulings = waived(episode, gate, hash);
                                let (episode, gate, hash) = (episode.number, gate.clone(), *hash);
                                Command::Approve { episode, gate, hash, max_spend, rulings, seen: None }
                            }
                        }
                        Need::Charge { key } => {
                            Command::ResolveCharge { key: key.clone(), ruling: Ruling::Resend, alike: false }
                        }
                        Need::Cap { scope, cap, .. } => {
                            Command::SetCap { scope: scope.clone(), cap: MicroUsd(cap.0 * 2), reason: "test".into() }
                        }
                        Need::Retries { stage, .. } => Command::Retry { episode: episode.number, stage: stage.clone() },
                        // Who cannot read it now cannot read it a moment later.
                        Need::Unread { key, .. } => {
                            Command::ResolveCharge { key: key.clone(), ruling: Ruling::Resend, alike: false }
                        }
                        Need::OverBilled { key, .. } => Command::AcceptBill { key: key.clone() },
                    };
                    // A need that was answered a moment ago is refused, which is as it should be.
                    let _ = handle.command(person(), command).await;
                }
            }
            if snapshots.changed().await.is_err() {
                return Err("the engine ended".to_owned());
            }
        }
    };
    match tokio::time::timeout(limit, decided).await {
        Ok(result) => result,
        Err(_) => {
            let snapshot = Arc::clone(&handle.snapshots().borrow());
            let open = snapshot.episodes.iter().map(|e| {
                let needs: Vec<_> = e.needs.iter().map(|n| n.id.clone()).collect();
                let runs: Vec<_> = e
                    .standings()
                    .iter()
                    .filter(|(_, s)| matches!(s, greenroom::domain::episode::Standing::Open(_)))
                    .map(|(id, _)| (id.clone(), e.stages.get(id).and_then(|s| s.run.clone())))
                    .collect();
                format!("{} {:?} {needs:?} {runs:#?}", e.number, e.life)
            });
            let tail: Vec<_> = snapshot.feed.iter().rev().take(12).map(|line| line.text.clone()).collect();
            Err(format!("not over in {limit:?}: {:#?}\n{tail:#?}", open.collect::<Vec<_>>()))
        }
    }
}

/// Every open item waived, as a person who lets everything pass does.
pub(crate) fn waived(episode: &Episode, gate: &StageId, hash: &ContentHash) -> Vec<Ruled> {
    let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(hash));
    let open = evaluation.map(|evaluation| evaluation.open.as_slice()).unwrap_or_default();
    let waive = |item: &String| Ruled { item: item.clone(), ruling: ItemRuling::Waive, reason: "a test".to_owned() };
    open.iter().map(waive).collect()
}

/// The fixes of 06 as the note, as a person who changes nothing sends them back; words where there are none.
async fn note(handle: &Handle, episode: &Episode) -> ContentHash {
    use greenroom::domain::handoff::{Fixes, Note};
    let fixes = match episode.standings()[&"fixes".parse().unwrap()].output() {
        Some(hash) => serde_json::from_slice::<Fixes>(&handle.artifact(hash).await.unwrap()).unwrap().fixes,
        None => Vec::new(),
    };
    let text = if fixes.is_empty() { "Mend what the findings name.".to_owned() } else { String::new() };
    handle.store(serde_json::to_vec(&Note { fixes, text }).unwrap()).await.unwrap()
}
