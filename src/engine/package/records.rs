//! The files for programs: JSON and CSV. Every JSON file says whether it was rehearsed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Contents, PackageError, gates};
use crate::domain::cost;
use crate::domain::event::{Actor, Provenance};
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, EpisodeNumber, LineId, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::plain;
use crate::domain::script::Segment;

/// JSON for people and programs: indented, with a line break at its end.
fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, PackageError> {
    let mut document = plain::json(&serde_json::to_string_pretty(value)?);
    document.push('\n');
    Ok(document.into_bytes())
}

#[derive(Serialize)]
struct ScriptRecord<'a> {
    provenance: Provenance,
    title: &'a str,
    segments: &'a [Segment],
}

pub(super) fn script(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let script = contents.script;
    let provenance = contents.episode.provenance;
    json(&ScriptRecord { provenance, title: &script.title, segments: &script.segments })
}

#[derive(Serialize)]
struct ArtworkRecord<'a> {
    provenance: Provenance,
    concept: &'a str,
    palette: &'a [String],
    alt_text: &'a str,
}

pub(super) fn artwork(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let brief = contents.artwork;
    let provenance = contents.episode.provenance;
    json(&ArtworkRecord { provenance, concept: &brief.concept, palette: &brief.palette, alt_text: &brief.alt_text })
}

#[derive(Serialize)]
struct SegmentsRecord<'a> {
    provenance: Provenance,
    sample_rate: u32,
    segments: Vec<SegmentRecord<'a>>,
}

#[derive(Serialize)]
struct SegmentRecord<'a> {
    line: LineId,
    speaker: &'a str,
    text: &'a str,
    file: String,
    samples: u64,
    pause_ms: u32,
}

/// The name of a segment's file in the folder of the speech.
pub(super) fn segment_file(line: LineId) -> String {
    format!("{line}.wav")
}

/// What is said in each segment, by whom and for how long.
pub(super) fn segments(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let text = |line: LineId| contents.speech_text.lines.iter().find(|spoken| spoken.id == line);
    let segments = contents.speech.segments.iter().map(|segment| SegmentRecord {
        line: segment.line,
        speaker: &segment.speaker,
        text: text(segment.line).map(|spoken| spoken.text.as_str()).unwrap_or_default(),
        file: segment_file(segment.line),
        samples: segment.samples,
        pause_ms: segment.pause_ms,
    });
    json(&SegmentsRecord {
        provenance: contents.episode.provenance,
        sample_rate: contents.speech.sample_rate,
        segments: segments.collect(),
    })
}

#[derive(Serialize)]
struct CostsRecord {
    provenance: Provenance,
    episode: EpisodeNumber,
    spent_micro_usd: MicroUsd,
    reserved_micro_usd: MicroUsd,
    possible_micro_usd: MicroUsd,
    saved_micro_usd: MicroUsd,
    rows: Vec<cost::CostRow>,
}

pub(super) fn costs(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let episode = contents.episode;
    json(&CostsRecord {
        provenance: episode.provenance,
        episode: episode.number,
        spent_micro_usd: episode.spent(),
        reserved_micro_usd: episode.reserved(),
        possible_micro_usd: episode.sums().possible,
        saved_micro_usd: episode.saved(),
        rows: cost::rows(episode),
    })
}

/// The same rows as comma-separated values after RFC 4180; a rehearsal's amounts say what they are in each row.
pub(super) fn costs_table(contents: &Contents<'_>) -> String {
    let mark = if contents.is_rehearsal() { "REHEARSAL" } else { "live" };
    let mut table = String::from(
        "episode,provenance,stage,agent,provider,model,calls,input,output,cache_read,cache_write,cache_write_1h,\
         reasoning,citations,searches,characters,spent_micro_usd,reserved_micro_usd,reused,saved_micro_usd\r\n",
    );
    for row in cost::rows(contents.episode) {
        let usage = row.usage;
        let cells = [
            row.episode.to_string(),
            mark.to_owned(),
            row.stage.to_string(),
            row.agent.unwrap_or_default(),
            row.provider.to_string(),
            row.model,
            row.calls.to_string(),
            usage.input.to_string(),
            usage.output.to_string(),
            usage.cache_read.to_string(),
            usage.cache_write.to_string(),
            usage.cache_write_1h.to_string(),
            usage.reasoning.to_string(),
            usage.citations.to_string(),
            usage.searches.to_string(),
            usage.characters.to_string(),
            row.spent.0.to_string(),
            row.reserved.0.to_string(),
            row.reused.to_string(),
            row.saved.0.to_string(),
        ];
        table.push_str(&cells.map(|cell| plain::csv_cell(&cell)).join(","));
        table.push_str("\r\n");
    }
    table
}

/// An approval that holds.
struct Signed {
    gate: StageId,
    by: String,
    os_user: String,
    uid: Option<u32>,
    proof: &'static str,
    hash: ContentHash,
    at: Timestamp,
    max_spend: MicroUsd,
    spent: MicroUsd,
}

/// The approvals that hold, in the order of the gates. One that died with its content is not among them.
fn signed(contents: &Contents<'_>) -> Vec<Signed> {
    let episode = contents.episode;
    let standings = episode.standings();
    let of_gate = |gate: &StageId| {
        let hash = standings.get(gate)?.inputs()?.hash;
        let approval = episode.gates.get(gate)?.approvals.get(&hash)?;
        let (by, os_user, uid, proof) = match &approval.by {
            Actor::Person(person) => {
                (person.name().to_owned(), person.os_user().to_owned(), person.uid(), person.proof())
            }
            Actor::Engine => (Actor::Engine.to_string(), String::new(), None, ""),
        };
        let (at, max_spend, spent) = (approval.at, approval.max_spend, approval.spent);
        Some(Signed { gate: gate.clone(), by, os_user, uid, proof, hash, at, max_spend, spent })
    };
    episode.pins.iter().filter_map(|pin| of_gate(&pin.stage.id)).collect()
}

#[derive(Serialize)]
struct ApprovalsRecord {
    provenance: Provenance,
    approvals: Vec<ApprovalRecord>,
}

#[derive(Serialize)]
struct ApprovalRecord {
    gate: StageId,
    by: String,
    os_user: String,
    /// The number of the account, which nobody can choose.
    uid: Option<u32>,
    /// What stands behind the name.
    proof: &'static str,
    hash: ContentHash,
    at: Timestamp,
    max_spend_micro_usd: MicroUsd,
    spent_micro_usd: MicroUsd,
}

pub(super) fn approvals(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let record = |signed: Signed| ApprovalRecord {
        gate: signed.gate,
        by: signed.by,
        os_user: signed.os_user,
        uid: signed.uid,
        proof: signed.proof,
        hash: signed.hash,
        at: signed.at,
        max_spend_micro_usd: signed.max_spend,
        spent_micro_usd: signed.spent,
    };
    let approvals = signed(contents).into_iter().map(record).collect();
    json(&ApprovalsRecord { provenance: contents.episode.provenance, approvals })
}

#[derive(Serialize)]
struct ManifestRecord<'a> {
    episode: EpisodeNumber,
    title: &'a str,
    provenance: Provenance,
    measured: MeasuredRecord,
    claimed: ClaimedRecord,
    spend_micro_usd: MicroUsd,
    approvals: Vec<ManifestApproval>,
    /// What of those who judged is not independent.
    independence: Vec<String>,
    gates: Vec<gates::GateRecord>,
    files: &'a [Listed],
}

#[derive(Serialize)]
struct MeasuredRecord {
    words: u64,
    characters: u64,
    speech_seconds: Box<RawValue>,
}

#[derive(Serialize)]
struct ClaimedRecord {
    words: Option<u64>,
}

#[derive(Serialize)]
struct ManifestApproval {
    gate: StageId,
    by: String,
    os_user: String,
    uid: Option<u32>,
    proof: &'static str,
    hash: ContentHash,
    at: Timestamp,
}

/// A file as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// The path within the package.
    pub(super) path: String,
    /// The length.
    pub(super) bytes: u64,
    /// The hash of the content.
    pub(super) blake3: String,
}

/// The manifest of the files and of a sound of so many samples. Its seconds are the samples over the rate, rounded to
/// a thousandth and made of integers alone.
pub(super) fn manifest(contents: &Contents<'_>, frames: u64, files: &[Listed]) -> Result<Vec<u8>, PackageError> {
    let episode = contents.episode;
    let rate = u128::from(contents.speech.sample_rate.max(1));
    let ms = (u128::from(frames) * 1_000 + rate / 2) / rate;
    let speech_seconds = RawValue::from_string(format!("{}.{:03}", ms / 1_000, ms % 1_000))?;
    let measured = contents.script.measure();
    let approval = |signed: Signed| ManifestApproval {
        gate: signed.gate,
        by: signed.by,
        os_user: signed.os_user,
        uid: signed.uid,
        proof: signed.proof,
        hash: signed.hash,
        at: signed.at,
    };
    json(&ManifestRecord {
        episode: episode.number,
        title: &contents.script.title,
        provenance: episode.provenance,
        measured: MeasuredRecord { words: measured.words, characters: measured.characters, speech_seconds },
        claimed: ClaimedRecord { words: claimed_words(contents) },
        spend_micro_usd: episode.spent(),
        approvals: signed(contents).into_iter().map(approval).collect(),
        independence: episode.parties().told(),
        gates: gates::records(contents.episode),
        files,
    })
}

/// The count that the writer of the latest draft claimed.
fn claimed_words(contents: &Contents<'_>) -> Option<u64> {
    let episode = contents.episode;
    let drafts = episode.pins.iter().filter(|pin| pin.stage.output == Contract::Draft);
    let made = drafts.filter_map(|pin| episode.stages.get(&pin.stage.id)).flat_map(|stage| stage.outputs.values());
    made.filter(|made| made.claimed_words.is_some()).max_by_key(|made| made.at)?.claimed_words
}
