//! Gates without a terminal: what waits, what it is about, and the decision, which names the content it was made on.

mod rule;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use self::rule::{RuleArg, WayArg};
use super::args::Format;
use super::context::Context;
use super::estimate;
use super::fault::{CliError, Ending, brought_badly};
use super::follow;
use super::ledger::Folded;
use super::session::Session;
use crate::config::files;
use crate::domain::accept::brought;
use crate::domain::actor::second_person;
use crate::domain::command::Command;
use crate::domain::episode::{Episode, Standing};
use crate::domain::event::{Actor, Need, Overriding};
use crate::domain::handoff::{Fixes, Note};
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;
use crate::domain::script::Script;
use crate::report::{Align, Table, line, minute, outlook_lines};

/// The fewest digits of a hash that a decision may name.
const FEWEST_DIGITS: usize = 6;

/// What can be done with gates.
#[derive(Debug, Subcommand)]
pub enum GateVerb {
    /// What waits for a decision
    List {
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// What a decision at a gate is about: checks, disputes, the script with its findings, the fixes
    Show {
        /// Which gate of which episode.
        #[command(flatten)]
        at: At,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Approve what was seen; the decision is void once the content changes
    Approve {
        /// Which gate of which episode.
        #[command(flatten)]
        at: At,
        /// The hash of what was seen, as `gate show` prints it; its first digits will do
        #[arg(long, value_name = "HASH")]
        hash: String,
        /// The most that may be spent on what follows, in US dollars
        #[arg(long, value_name = "USD")]
        max_spend: MicroUsd,
        /// How open items are ruled.
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Send what was seen back with a note; the synthesiser's fixes go with it
    SendBack {
        /// Which gate of which episode.
        #[command(flatten)]
        at: At,
        /// The hash of what was seen, as `gate show` prints it; its first digits will do
        #[arg(long, value_name = "HASH")]
        hash: String,
        /// Who mends it, and how: author, peer (another model), red-team (revise, attack, revise) or plan (made anew)
        #[arg(long, value_name = "WAY", default_value = "author")]
        way: WayArg,
        /// How open items are ruled.
        #[command(flatten)]
        rules: RuleArgs,
        /// What is to be done.
        #[command(flatten)]
        note: NoteArgs,
    },
    /// Go on past a failed gate, with a reason; the gate stays failed, and the package says so
    Override {
        /// Which gate of which episode.
        #[command(flatten)]
        at: At,
        /// The hash of what was seen, as `gate show` prints it; its first digits will do
        #[arg(long, value_name = "HASH")]
        hash: String,
        /// The episode's number once more, as `gate show` prints it, so that no other is meant
        #[arg(long = "type", value_name = "NUMBER")]
        typed: String,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
        /// The most that may be spent on what follows, in US dollars
        #[arg(long, value_name = "USD")]
        max_spend: MicroUsd,
    },
    /// Reject the episode for good
    Reject {
        /// The episode's number
        number: u32,
        /// Why, for the record
        #[arg(long, value_name = "WHY")]
        reason: String,
    },
}

/// A gate of an episode.
#[derive(Clone, Debug, Args)]
pub struct At {
    /// The episode's number
    pub number: u32,
    /// The gate; the one that waits where none is given
    pub gate: Option<StageId>,
}

/// How open items are ruled.
#[derive(Clone, Debug, Args)]
pub struct RuleArgs {
    /// How an open item is ruled: fix, waive or not-a-fault, the latter two with a reason; once for each item
    #[arg(long = "rule", value_name = "ITEM=RULING:REASON")]
    pub rules: Vec<RuleArg>,
}

/// What is to be done about what is sent back.
#[derive(Clone, Debug, Args)]
pub struct NoteArgs {
    /// Words of your own, for the whole script
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// The whole note as JSON, `{"fixes": […], "text": "…"}`, in the place of the synthesiser's fixes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "no_fixes"])]
    pub note: Option<PathBuf>,
    /// Leave the synthesiser's fixes out
    #[arg(long, requires = "text")]
    pub no_fixes: bool,
}

/// Runs the verb.
pub(super) fn run(verb: &GateVerb, context: &mut Context<'_>) -> Result<Ending, CliError> {
    match verb {
        GateVerb::List { format } => list(context, *format),
        GateVerb::Show { at, format } => show::run(context, at, *format),
        GateVerb::Approve { at, hash, max_spend, rules } => approve(context, at, hash, *max_spend, rules),
        GateVerb::SendBack { at, hash, way, rules, note } => send_back(context, at, hash, *way, rules, note),
        GateVerb::Override { at, hash, typed, reason, max_spend } => {
            override_failed(context, at, hash, typed, reason, *max_spend)
        }
        GateVerb::Reject { number, reason } => {
            let verb = super::episode::EpisodeVerb::Reject { number: *number, reason: reason.clone() };
            super::episode::run(&verb, context)
        }
    }
}

fn list(context: &mut Context<'_>, format: Format) -> Result<Ending, CliError> {
    let folded = Folded::read(context)?;
    let mut waiting = Vec::new();
    for episode in folded.studio.episodes.values().filter(|episode| !episode.life.is_over()) {
        for open in &episode.needs {
            if let Need::Gate { gate, hash } = &open.need {
                waiting.push((episode, gate.clone(), *hash, open.since));
            }
        }
    }
    if format == Format::Json {
        let all: Vec<_> = waiting
            .iter()
            .map(|(episode, gate, hash, since)| {
                let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(hash));
                json!({
                    "episode": episode.number,
                    "title": episode.title,
                    "gate": gate,
                    "hash": hash,
                    "since": since,
                    "round": episode.round(),
                    "verdict": evaluation.map(|evaluation| evaluation.verdict),
                    "reasons": evaluation.map(|evaluation| &evaluation.reasons),
                    "open": evaluation.map(|evaluation| &evaluation.open),
                })
            })
            .collect();
        context.json(&json!({ "waiting": all }))?;
        return Ok(Ending::Done);
    }
    if waiting.is_empty() {
        writeln!(context.out, "no gate waits for a decision")?;
        return Ok(Ending::Done);
    }
    let head = [
        ("No", Align::Left),
        ("Title", Align::Left),
        ("Gate", Align::Left),
        ("Round", Align::Right),
        ("Hash", Align::Left),
        ("Waits since", Align::Left),
    ];
    let mut table = Table::new(&head);
    for (episode, gate, hash, since) in waiting {
        table.row([
            episode.number.to_string(),
            line(&episode.title).chars().take(48).collect(),
            gate.to_string(),
            episode.round().to_string(),
            hash.short(),
            minute(since),
        ]);
    }
    table.print(context.out)?;
    writeln!(context.out, "\nRead one with: greenroom{} gate show NUMBER", context.studio_flag())?;
    Ok(Ending::Done)
}

/// The gate that is meant: the named one, else the one that waits, else the last that judged.
fn meant(episode: &Episode, at: &At) -> Result<StageId, CliError> {
    let gates = || episode.pins.iter().map(|pin| &pin.stage).filter(|stage| stage.kind == Kind::Gate);
    if let Some(gate) = &at.gate {
        if gates().any(|stage| &stage.id == gate) {
            return Ok(gate.clone());
        }
        let names: Vec<&str> = gates().map(|stage| stage.id.as_str()).collect();
        return Err(CliError::Usage(format!(
            "episode {} has no gate `{gate}`: it has {}. Nothing was changed",
            episode.number,
            names.join(", ")
        )));
    }
    let waiting = episode.needs.iter().find_map(|open| match &open.need {
        Need::Gate { gate, .. } => Some(gate.clone()),
        Need::Charge { .. }
        | Need::Cap { .. }
        | Need::Retries { .. }
        | Need::Unread { .. }
        | Need::OverBilled { .. } => None,
    });
    let judged = || gates().rfind(|stage| episode.gates.contains_key(&stage.id)).map(|stage| stage.id.clone());
    waiting.or_else(judged).ok_or_else(|| {
        CliError::Failed(format!("no gate of episode {} has judged anything yet. Nothing was changed", episode.number))
    })
}

/// What stands at a gate now, where it is reached.
fn stands(episode: &Episode, gate: &StageId) -> Option<ContentHash> {
    episode.standings().get(gate).and_then(Standing::inputs).map(|inputs| inputs.hash)
}

/// The hash that a person means by its first digits. Digits that are not those of what stands at the gate make a hash that
/// is refused, so that the refusal is recorded like any other.
fn seen(digits: &str, now: Option<ContentHash>) -> Result<ContentHash, CliError> {
    let is_hex = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex || !(FEWEST_DIGITS..=64).contains(&digits.len()) {
        return Err(CliError::Usage(format!(
            "`{}` is no hash: give at least {FEWEST_DIGITS} of its digits, 0 to 9 and a to f, as `gate show` prints them. Nothing was decided",
            digits.escape_debug()
        )));
    }
    if let Some(now) = now.filter(|now| now.to_string().starts_with(digits)) {
        return Ok(now);
    }
    format!("{digits:0<64}").parse().map_err(|error| CliError::Usage(format!("{error}. Nothing was decided")))
}

fn approve(
    context: &mut Context<'_>,
    at: &At,
    digits: &str,
    max_spend: MicroUsd,
    rules: &RuleArgs,
) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let folded = Folded::read_sound(context)?;
    let episode = folded.episode(EpisodeNumber(at.number))?;
    let gate = meant(episode, at)?;
    let hash = seen(digits, stands(episode, &gate))?;
    let command = Command::Approve {
        episode: episode.number,
        gate: gate.clone(),
        hash,
        max_spend,
        rulings: rule::rulings(&rules.rules)?,
        // What is read on a terminal's lines is not measured.
        seen: None,
    };
    let by = person.name().to_owned();
    let outlook = estimate::rest(context, &folded, episode)?;
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    writeln!(
        context.out,
        "{} {gate}: approved at {} by {by}, at most {max_spend} USD from here (event {seq})",
        episode.number,
        hash.short()
    )?;
    for told in outlook_lines(&outlook) {
        context.remark(&told);
    }
    goes_on(context, episode.number);
    Ok(Ending::Done)
}

fn override_failed(
    context: &mut Context<'_>,
    at: &At,
    digits: &str,
    typed: &str,
    reason: &str,
    max_spend: MicroUsd,
) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let folded = Folded::read_sound(context)?;
    let episode = folded.episode(EpisodeNumber(at.number))?;
    let gate = meant(episode, at)?;
    let hash = seen(digits, stands(episode, &gate))?;
    let state = episode.gates.get(&gate);
    let is_proposed = state.is_some_and(|state| state.proposals.contains_key(&hash));
    let me = Actor::Person(person.clone());
    let proposed = state.and_then(|state| state.proposals.get(&hash)).map(|proposal| &proposal.by);
    let proof = proposed.and_then(|first| second_person(first, &me).ok());
    let proof = proof.map(|proof| format!(", as the second person, proven by {}", proof.words())).unwrap_or_default();
    let waits = episode.policy.overriding == Overriding::SecondPerson && !is_proposed;
    let command = Command::Override {
        episode: episode.number,
        gate: gate.clone(),
        hash,
        typed: typed.to_owned(),
        reason: reason.to_owned(),
        max_spend,
        seen: None,
    };
    let by = person.name().to_owned();
    let seq = Session::to_record(context, settings)?.run(async |handle| Ok(handle.command(person, command).await?))?;
    let (number, short) = (episode.number, hash.short());
    if waits {
        writeln!(
            context.out,
            "{number} {gate}: {by} proposes to override it at {short}; a second person must confirm it (event {seq})"
        )?;
    } else {
        writeln!(
            context.out,
            "{number} {gate}: FAILED, and overridden at {short} by {by}{proof}, at most {max_spend} USD from here (event {seq})"
        )?;
        goes_on(context, number);
    }
    Ok(Ending::Done)
}

fn send_back(
    context: &mut Context<'_>,
    at: &At,
    digits: &str,
    way: WayArg,
    rules: &RuleArgs,
    args: &NoteArgs,
) -> Result<Ending, CliError> {
    let settings = context.settings()?;
    let person = context.decider(&settings)?;
    let folded = Folded::read_sound(context)?;
    let episode = folded.episode(EpisodeNumber(at.number))?;
    let gate = meant(episode, at)?;
    let hash = seen(digits, stands(episode, &gate))?;
    let note = note(&folded, episode, &gate, args)?;
    let rulings = rule::rulings(&rules.rules)?;
    let (number, fixes) = (episode.number, note.fixes.len());
    let on_gate = gate.clone();
    let seq = Session::to_record(context, settings)?.run(async |handle| {
        let note = follow::store_note(handle, note).await?;
        let command = Command::SendBack { episode: number, gate: on_gate, hash, note, way: way.0, rulings, seen: None };
        Ok(handle.command(person, command).await?)
    })?;
    writeln!(context.out, "{number} {gate}: sent back at {} with {fixes} fixes (event {seq})", hash.short())?;
    goes_on(context, number);
    Ok(Ending::Done)
}

/// The script that a gate is about, where it is about one.
fn script_at(folded: &Folded, episode: &Episode, gate: &StageId) -> Result<Option<Script>, CliError> {
    let standings = episode.standings();
    let script = standings.get(gate).and_then(Standing::inputs).and_then(|inputs| episode.script_of(gate, inputs));
    script.map(|hash| folded.artifact(&hash)).transpose()
}

fn note(folded: &Folded, episode: &Episode, gate: &StageId, args: &NoteArgs) -> Result<Note, CliError> {
    let note = match &args.note {
        Some(file) => {
            let path = file.display().to_string();
            let text = files::read_text(file, files::LARGEST_TEXT)
                .map_err(|source| CliError::Unreadable { path: path.clone(), source })?;
            let script = script_at(folded, episode, gate)?;
            brought::note(&text, script.as_ref()).map_err(|misfits| brought_badly(&path, "no note", &misfits))?
        }
        None => {
            let made = episode.fixes_at(gate).filter(|_| !args.no_fixes);
            let fixes = made.map(|hash| folded.artifact::<Fixes>(&hash)).transpose()?.map(|fixes| fixes.fixes);
            Note { fixes: fixes.unwrap_or_default(), text: args.text.clone().unwrap_or_default() }
        }
    };
    if note.fixes.is_empty() && note.text.trim().is_empty() {
        return Err(CliError::Usage(
            "there are no fixes to send back, so that words are needed: --text. Nothing was decided".to_owned(),
        ));
    }
    Ok(note)
}

fn goes_on(context: &mut Context<'_>, number: EpisodeNumber) {
    let flag = context.studio_flag();
    context.remark(&format!("work goes on in the console or with `greenroom{flag} episode run {}`", number.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_digits_mean_what_stands_there_and_nothing_else() {
        let now = ContentHash::of(b"what stands at the gate");
        assert_eq!(seen(&now.short(), Some(now)).unwrap(), now);
        assert_eq!(seen(&now.to_string(), Some(now)).unwrap(), now);
        let other = seen("0123456789ab", Some(now)).unwrap();
        assert!(other != now && other.to_string().starts_with("0123456789ab00"));
        assert_eq!(seen(&now.short(), None).unwrap().short(), now.short(), "a gate that is not reached refuses it");
        for bad in ["", "abc", "ABCDEF", "xyzxyz", &"a".repeat(65)] {
            assert_eq!(seen(bad, Some(now)).unwrap_err().code(), 2, "{bad}");
        }
    }
}
