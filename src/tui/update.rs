//! What a message changes: synchronous, without I/O; what is wanted from outside comes back as effects.

use std::sync::Arc;

use super::boxes::confirm;
use super::boxes::form::NewForm;
use super::boxes::help::Help;
use super::boxes::palette::Palette;
use super::commands::{Act, Meaning, Place, meaning};
use super::key::{Code, Key};
use super::layers::{self, Layer, Next};
use super::model::{Artifact, Loadable, Model, RETRY_MS, Shared};
use super::msg::{Action, Effect, Msg, Reads};
use super::screens;
use super::screens::cost::CostScreen;
use super::screens::providers::ProvidersScreen;
use super::text::clean;
use super::theme::Role;
use crate::domain::command::Command;
use crate::domain::event::Provenance;
use crate::domain::handoff::Draft;
use crate::engine::snapshot::Notice;

/// How soon a second Ctrl-c must follow the first.
const TWICE_MS: u64 = 2_000;

/// Takes a message in and gives back what is to be done.
pub(crate) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Tick { now, mono_ms } => {
            model.shared.now = now;
            model.shared.mono_ms = mono_ms;
            due(&mut model.shared);
        }
        Msg::Key { key, repeat } => on_key(model, key, repeat),
        Msg::Paste(text) => {
            if let Some(top) = model.layers.last_mut() {
                top.on_paste(&model.shared, &text);
            }
        }
        Msg::Resize { columns, rows } => {
            model.shared.columns = columns;
            model.shared.rows = rows;
            // Who confirms has to have seen the box as it is now.
            if let Some(Layer::Confirm(confirm)) = model.layers.last_mut() {
                confirm.arm(model.shared.mono_ms);
            }
        }
        Msg::Snapshot(snapshot) => {
            let past = snapshot.past;
            model.shared.snapshot = Some(snapshot);
            if model.shared.past_asked != Some(past) {
                model.shared.past_asked = Some(past);
                // A past episode that was shown may have been another's number, or not past yet.
                model.shared.whole.clear();
                if past > 0 {
                    if model.shared.past.ready().is_none_or(Vec::is_empty) {
                        model.shared.past = Loadable::Loading;
                    }
                    model.shared.effects.push(Effect::LoadPast);
                }
            }
        }
        Msg::Progress(progress) => model.shared.progress = progress,
        Msg::Notice(notice) => on_notice(&mut model.shared, &notice),
        Msg::Past(past) => model.shared.past = loaded(&mut model.shared, past),
        Msg::PastEpisode(number, result) => {
            let whole = loaded(&mut model.shared, result);
            model.shared.whole.insert(number, whole);
        }
        Msg::Likely(number, result) => {
            let likely = loaded(&mut model.shared, result);
            model.shared.take_likely(number, likely);
        }
        Msg::Artifact { hash, reads, result } => {
            let read = result.and_then(|bytes| read(&bytes, reads));
            let artifact = loaded(&mut model.shared, read);
            model.shared.artifacts.insert(hash, artifact);
        }
        Msg::Draft(name, result) => {
            let draft = loaded(&mut model.shared, result);
            model.shared.drafts.insert(name, draft);
        }
        Msg::DraftKept(kept) => {
            model.shared.drafts_under_way = model.shared.drafts_under_way.saturating_sub(1);
            if let Err(fault) = kept {
                for layer in &mut model.layers {
                    if let Layer::Gate(screen) = layer {
                        screen.saved = None;
                    }
                }
                let told = format!("your note could not be saved and stands only on this screen: {fault}");
                model.shared.say(Role::Failed, told);
            }
        }
        Msg::NameKept(kept) => {
            if let Err(fault) = kept {
                let told = format!("your name could not be kept, and is asked for again by the next console: {fault}");
                model.shared.say(Role::Failed, told);
            }
        }
        Msg::LookedOver { new, found } => {
            // Whoever has left the form does not wait for it any more.
            if let Some(Layer::Form(form)) = model.layers.last_mut()
                && let Some(confirm) = form.looked_over(&model.shared, &new, found)
            {
                model.layers.push(Layer::Confirm(confirm));
            }
        }
        Msg::Quoted { episode, stage, found } => {
            let found = found.map_or_else(|fault| Loadable::Failed(clean(&fault)), Loadable::Ready);
            model.shared.quotes.insert((episode, stage), found);
            for layer in &mut model.layers {
                if let Layer::Confirm(confirm) = layer {
                    confirm.renew(&model.shared);
                }
            }
        }
        Msg::Acted { action, result } => on_acted(model, &action, result),
        Msg::Shutdown => quit(model),
        Msg::Closed => model.shared.closed = true,
    }
    settle(model);
    std::mem::take(&mut model.shared.effects)
}

/// When the console changes by itself next, in milliseconds of its own clock; never without a reason on the screen.
pub(crate) fn deadline(model: &Model) -> Option<u64> {
    let shared = &model.shared;
    let layers = model.layers.iter().filter_map(|layer| layer.deadline(shared));
    let held = shared.held.iter().map(|held| held.until_ms.min(shared.mono_ms.saturating_add(1_000)));
    let status = shared.status.iter().map(|status| status.until_ms);
    layers.chain(held).chain(status).chain(shared.retry_ms).min()
}

/// What was asked for, or why it cannot be had now: then it is asked for again after a while.
fn loaded<T>(shared: &mut Shared, result: Result<T, String>) -> Loadable<T> {
    match result {
        Ok(value) => Loadable::Ready(value),
        Err(fault) => {
            shared.retry_ms.get_or_insert(shared.mono_ms.saturating_add(RETRY_MS));
            Loadable::Failed(clean(&fault))
        }
    }
}

fn read(bytes: &[u8], reads: Reads) -> Result<Artifact, String> {
    let fault = |error: serde_json::Error| format!("the artifact is not what it should be: {error}");
    match reads {
        Reads::Script => serde_json::from_slice(bytes)
            .or_else(|error| serde_json::from_slice::<Draft>(bytes).map(|draft| draft.script).map_err(|_| error))
            .map(|script| Artifact::Script(Arc::new(script)))
            .map_err(fault),
        Reads::Judgement => {
            serde_json::from_slice(bytes).map(|read| Artifact::Judgement(Arc::new(read))).map_err(fault)
        }
        Reads::Fixes => serde_json::from_slice(bytes).map(|read| Artifact::Fixes(Arc::new(read))).map_err(fault),
        Reads::Report => serde_json::from_slice(bytes).map(|read| Artifact::Report(Arc::new(read))).map_err(fault),
        Reads::Note => serde_json::from_slice(bytes).map(|read| Artifact::Note(Arc::new(read))).map_err(fault),
        Reads::Bill => serde_json::from_slice(bytes).map(|read| Artifact::Bill(Arc::new(read))).map_err(fault),
    }
}

/// What has come due: messages that have stood long enough, decisions that were not taken back.
fn due(shared: &mut Shared) {
    if shared.status.as_ref().is_some_and(|status| status.until_ms <= shared.mono_ms) {
        shared.status = None;
    }
    if shared.retry_ms.is_some_and(|due| due <= shared.mono_ms) {
        shared.try_again();
    }
    let (ready, held) = std::mem::take(&mut shared.held).into_iter().partition(|held| held.until_ms <= shared.mono_ms);
    shared.held = held;
    let ready: Vec<super::model::Held> = ready;
    for held in ready {
        match confirm::stale(shared, &held.action) {
            Some(why) => shared.say(Role::Failed, format!("{} was not sent: {why}", held.label)),
            None => shared.effects.push(Effect::Act(Box::new(held.action))),
        }
    }
}

fn on_notice(shared: &mut Shared, notice: &Notice) {
    match notice {
        Notice::Needed { episode, need } => {
            if shared.settings.bell {
                shared.effects.push(Effect::Bell);
            }
            let title = shared.under_way(*episode).map(|found| clean(&found.title)).unwrap_or_default();
            let word = super::look::word(need);
            shared.notice(Role::Person, format!("{episode} {title} needs you: {word}. Enter on it opens it."));
        }
        Notice::Ended { episode } => {
            // The snapshot may be of the moment before.
            let found = shared.episode(*episode).filter(|found| found.life.is_over());
            let how = found.map_or("over", |found| super::look::life(&found.life, found.provenance));
            shared.notice(Role::Done, format!("{episode} is {how}."));
        }
    }
}

fn on_acted(model: &mut Model, action: &Action, result: Result<String, String>) {
    if matches!(action, Action::Begin(_)) {
        match &result {
            Ok(_) => model.layers.retain(|layer| !matches!(layer, Layer::Form(_))),
            Err(why) => {
                for layer in &mut model.layers {
                    if let Layer::Form(form) = layer {
                        form.refused(why);
                    }
                }
            }
        }
    }
    let shared = &mut model.shared;
    match result {
        Ok(done) => {
            if let Some((episode, gate)) = action.decides() {
                for layer in &mut model.layers {
                    if let Layer::Gate(screen) = layer
                        && (screen.episode, &screen.gate) == (episode, gate)
                    {
                        screen.decided();
                    }
                }
                let name = screens::note::draft_name(episode, gate);
                shared.drafts.remove(&name);
                shared.keep_draft(name, None);
            }
            shared.say(Role::Done, done);
        }
        Err(why) => {
            let role = Role::Failed;
            match action {
                Action::Begin(_) => shared.say(role, format!("no episode was begun: {why}")),
                Action::SendBack { episode, .. } => {
                    shared.say(role, format!("{episode} was not sent back, and the note is kept: {why}"));
                }
                Action::Command(_) => shared.say(role, why),
            }
        }
    }
}

fn on_key(model: &mut Model, key: Key, repeat: bool) {
    if key == (Key { code: Code::Char('c'), ctrl: true }) {
        let now = model.shared.mono_ms;
        let twice = model.interrupted_ms.is_some_and(|before| now.saturating_sub(before) <= TWICE_MS);
        model.interrupted_ms = Some(now);
        if twice {
            quit(model);
        } else {
            let episodes = model.shared.episodes();
            let calls = episodes.iter().flat_map(|episode| episode.calls.values()).filter(|call| call.is_under_way());
            let paid = match calls.count() {
                0 => "no paid call is under way".to_owned(),
                1 => "1 paid call is under way and gets a grace period".to_owned(),
                n => format!("{n} paid calls are under way and get a grace period"),
            };
            model.shared.say(Role::Person, format!("Ctrl-c again ends the console: {paid}."));
        }
        return;
    }
    let Some(mut top) = model.layers.pop() else { return };
    let next = top.on_key(&mut model.shared, key, repeat);
    let place = top.place();
    let ignored = matches!(next, Next::Ignored);
    follow(model, top, next);
    let (true, Some(place)) = (ignored, place) else { return };
    model.pending.push(key);
    match meaning(place, &model.pending) {
        Meaning::Act(act) => {
            model.pending.clear();
            // What acts is not repeated by a key that is held down; a movement may be.
            let moves = matches!(act, Act::Move(_));
            if !repeat || moves {
                perform(model, act);
            }
        }
        Meaning::Prefix => {}
        Meaning::None => model.pending.clear(),
    }
}

/// Does what a key or the palette asks for: the uppermost screen first, then what every screen knows.
fn perform(model: &mut Model, act: Act) {
    let Some(mut top) = model.layers.pop() else { return };
    let next = top.on_act(&mut model.shared, act);
    let ignored = matches!(next, Next::Ignored);
    follow(model, top, next);
    if ignored {
        common(model, act);
    }
}

fn open_all(model: &mut Model, layers: Vec<Layer>) {
    for layer in layers {
        layers::open(&mut model.layers, &mut model.shared, layer);
    }
}

fn follow(model: &mut Model, mut top: Layer, next: Next) {
    if !matches!(next, Next::Ignored | Next::Stay) {
        model.shared.forget_lock();
    }
    match next {
        Next::Ignored | Next::Stay => model.layers.push(top),
        Next::Close => top.leave(&mut model.shared),
        Next::Open(layers) => {
            model.layers.push(top);
            open_all(model, layers);
        }
        Next::Replace(layers) => {
            top.leave(&mut model.shared);
            open_all(model, layers);
        }
        Next::Then(act) => {
            top.leave(&mut model.shared);
            perform(model, act);
        }
        Next::Quit => {
            model.layers.push(top);
            quit(model);
        }
    }
    if model.layers.is_empty() {
        model.layers.push(Layer::bottom());
    }
}

fn reset(model: &mut Model, layers: Vec<Layer>) {
    for layer in &mut model.layers {
        layer.leave(&mut model.shared);
    }
    model.layers.truncate(1);
    open_all(model, layers);
}

fn common(model: &mut Model, act: Act) {
    if !matches!(act, Act::Undo | Act::Redraw | Act::Move(_)) {
        model.shared.forget_lock();
    }
    let place = model.layers.last().and_then(Layer::place).unwrap_or(Place::Dashboard);
    match act {
        Act::Back => {
            if model.layers.len() > 1
                && let Some(mut top) = model.layers.pop()
            {
                top.leave(&mut model.shared);
            }
        }
        Act::Dashboard => reset(model, Vec::new()),
        Act::Cost => open_all(model, vec![Layer::Cost(CostScreen::default())]),
        Act::Providers => open_all(model, vec![Layer::Providers(ProvidersScreen::default())]),
        Act::Gates => match screens::oldest_gate(&model.shared) {
            Some(layers) => reset(model, layers),
            None => model.shared.locked("No gate waits for you."),
        },
        Act::New => {
            let form = NewForm::new(&model.shared, "");
            open_all(model, vec![Layer::Form(form)]);
        }
        Act::Palette => open_all(model, vec![Layer::Palette(Palette::new(place))]),
        Act::Help => open_all(model, vec![Layer::Help(Help::new(place))]),
        Act::Redraw => {
            model.shared.try_again();
            model.shared.effects.push(Effect::Redraw);
        }
        Act::Undo => match model.shared.held.pop() {
            Some(held) => model.shared.say(Role::Done, format!("{} was taken back; nothing was sent.", held.label)),
            None => model.shared.locked("There is no decision to take back: what was sent stands."),
        },
        Act::Quit => {
            let confirm = confirm::quit(&model.shared);
            open_all(model, vec![Layer::Confirm(confirm)]);
        }
        Act::Move(_)
        | Act::Next
        | Act::Previous
        | Act::NextPanel
        | Act::PreviousPanel
        | Act::Panel(_)
        | Act::Open
        | Act::Episode
        | Act::Sort
        | Act::Follow
        | Act::NextCall
        | Act::PreviousCall
        | Act::Diff
        | Act::Compare
        | Act::Fix
        | Act::Waive
        | Act::NotAFault
        | Act::Take
        | Act::EditNote
        | Act::EditText
        | Act::Group
        | Act::Approve
        | Act::SendBack
        | Act::Override
        | Act::Pause
        | Act::Stop
        | Act::Retry
        | Act::Reject => {}
    }
}

/// Keeps what was written and ends. Decisions that are still held are not sent: their needs are asked again.
fn quit(model: &mut Model) {
    for layer in &mut model.layers {
        layer.leave(&mut model.shared);
    }
    model.shared.effects.push(Effect::Quit);
}

fn settle(model: &mut Model) {
    let top = model.layers.len().saturating_sub(1);
    for (at, layer) in model.layers.iter_mut().enumerate() {
        layer.settle(&mut model.shared);
        // What lies below something is not being read.
        if let Layer::Gate(screen) = layer {
            screen.look(&model.shared, at == top);
        }
    }
}

/// The words for an act that was done.
pub(crate) fn done(action: &Action, provenance: Provenance) -> String {
    match action {
        Action::Begin(_) => "The episode was begun.".to_owned(),
        Action::SendBack { episode, .. } => format!("{episode} was sent back with your note; the next round begins."),
        Action::Command(command) => match command {
            Command::Start(start) => format!("{} was begun.", start.episode),
            Command::Approve { episode, gate, .. } => match provenance {
                Provenance::Rehearsal => format!("{episode} was approved at {gate} (rehearsal)."),
                Provenance::Live => format!("{episode} was approved at {gate}."),
            },
            Command::SendBack { episode, .. } => format!("{episode} was sent back."),
            Command::Override { episode, gate, .. } => format!("{episode} goes on past {gate}, which stays failed."),
            Command::ChoosePrompt { episode, stage, .. } => {
                format!("{episode}: {stage} is asked by another prompt now.")
            }
            Command::ChooseOutput { episode, stage, .. } => {
                format!("{episode}: another revision stands at {stage} now.")
            }
            Command::ResolveCharge { key, alike: false, .. } => format!("The charge of {key} is ruled."),
            Command::ResolveCharge { key, alike: true, .. } => {
                format!("The charge of {key} and all of the same cause are ruled.")
            }
            Command::SetUncertain { episode, uncertain } => format!("{episode}, from now on: {}.", uncertain.words()),
            Command::ReadAgain { key } => format!("The answer of {key} is read again."),
            Command::CorrectCharge { key, price, .. } => format!("{key} counts with {price:.4} USD from here on."),
            Command::SetCap { scope, cap, .. } => format!("The cap of {scope} is {cap} USD now."),
            Command::UseCheaper { episode, stage } => format!("{episode} {stage} uses its cheaper model from here on."),
            Command::Retry { episode, stage } => format!("{episode} {stage} tries again."),
            Command::AcceptBill { key } => format!("The bill of {key} was seen; work goes on."),
            Command::RecordBill(bill) => format!("The bill of {} is recorded.", bill.provider),
            Command::Pause(episode) => format!("{episode} is paused: no new work is started."),
            Command::Resume(episode) => format!("{episode} resumed."),
            Command::Cancel { episode, .. } => format!("{episode} is stopped."),
            Command::Reject { episode, .. } => format!("{episode} is rejected for good."),
        },
    }
}
