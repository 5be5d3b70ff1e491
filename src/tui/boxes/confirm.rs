//! The confirm box: the only place from which anything is changed.
//!
//! Enter and Esc cancel and only `y` confirms, after a time without any key; what is pasted or repeated by a key that is held
//! down does not count. What a box says and asks for is put together in [`super::propose`].

use super::field::Field;
use crate::domain::actor::{same_name, signer_name};
use crate::domain::budget::Scope;
use crate::domain::command::Command;
use crate::domain::event::{Need, Person, Ruled, Ruling, Seen, Uncertain, Way};
use crate::domain::handoff::Note;
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::engine::handle::NewEpisode;
use crate::tui::key::{Code, Key};
use crate::tui::layers::Next;
use crate::tui::model::Shared;
use crate::tui::msg::{Action, Effect};
use crate::tui::theme::Role;

pub(crate) use super::propose::quit;

/// How long no key may have come, since the box opened or since the last key, before `y` counts.
const QUIET_MS: u64 = 600;

/// The same after a `y` that came too early, which may be held down: longer than a keyboard waits before it repeats a key.
const HELD_MS: u64 = 2_000;

/// Whether `y` counts by now. Every key begins the time anew, so that a key that is held down never answers.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    since_ms: u64,
    long_ms: u64,
}

impl Quiet {
    fn new(now_ms: u64) -> Self {
        Self { since_ms: now_ms, long_ms: QUIET_MS }
    }

    fn is_over(self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.since_ms) >= self.long_ms
    }

    /// A key has come.
    fn disturb(&mut self, now_ms: u64, is_yes: bool) {
        let long_ms = if is_yes && !self.is_over(now_ms) {
            HELD_MS
        } else if self.is_over(now_ms) {
            QUIET_MS
        } else {
            self.long_ms
        };
        *self = Self { since_ms: now_ms, long_ms };
    }
}

/// What a decision at a gate is about, and what goes with it.
#[derive(Clone, Debug)]
pub(crate) struct AtGate {
    pub(crate) episode: EpisodeNumber,
    pub(crate) gate: StageId,
    pub(crate) hash: ContentHash,
    pub(crate) rulings: Vec<Ruled>,
    pub(crate) seen: Option<Seen>,
}

/// What is done when the box is confirmed.
#[derive(Clone, Debug)]
pub(crate) enum Intent {
    Approve { at: AtGate },
    SendBack { at: AtGate, note: Note, way: Way },
    Override { at: AtGate },
    Reject(EpisodeNumber),
    Stop(EpisodeNumber),
    Pause(EpisodeNumber),
    Resume(EpisodeNumber),
    Retry { episode: EpisodeNumber, stage: StageId },
    Rule { key: IntentKey, ruling: Ruling, alike: bool },
    Uncertain { episode: EpisodeNumber, uncertain: Uncertain },
    Raise { scope: Scope, episode: EpisodeNumber, stage: StageId, worst: MicroUsd },
    Cheaper { episode: EpisodeNumber, stage: StageId },
    ReadAgain(IntentKey),
    AcceptBill(IntentKey),
    Begin(NewEpisode),
    Quit,
}

impl Intent {
    /// Whether it is a decision, which stands on record under a name.
    fn is_signed(&self) -> bool {
        match self {
            Self::Approve { .. }
            | Self::SendBack { .. }
            | Self::Override { .. }
            | Self::Reject(_)
            | Self::Stop(_)
            | Self::Rule { .. }
            | Self::Uncertain { .. }
            | Self::Raise { .. }
            | Self::Cheaper { .. }
            | Self::AcceptBill(_) => true,
            Self::Pause(_)
            | Self::Resume(_)
            | Self::Retry { .. }
            | Self::ReadAgain(_)
            | Self::Begin(_)
            | Self::Quit => false,
        }
    }
}

/// What has to be typed in a field.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// The name of the person who decides, which is none of these: they are proven by a secret.
    Name { with_secret: Vec<String> },
    /// A reason: at least three characters.
    Reason,
    /// The number of the episode.
    Number(EpisodeNumber),
    /// An amount of at least this much and at most that much.
    Amount { min: MicroUsd, max: Option<MicroUsd> },
}

/// A field of the box.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) label: String,
    pub(crate) rule: Rule,
    pub(crate) field: Field,
    /// What was filled in for the person.
    proposed: String,
}

impl Asked {
    /// Why what was typed cannot be used.
    pub(crate) fn fault(&self) -> Option<String> {
        let text = self.field.text();
        match &self.rule {
            Rule::Name { with_secret } => match signer_name(text) {
                Err(fault) => Some(fault.to_string()),
                Ok(name) => with_secret
                    .iter()
                    .any(|kept| same_name(kept, &name))
                    .then(|| format!("a secret is kept for this name: open the console with --as \"{name}\"")),
            },
            Rule::Reason => (text.chars().count() < 3).then(|| "a reason is needed".to_owned()),
            Rule::Number(number) => {
                (text.parse() != Ok(number.0)).then(|| format!("type {number}, the number of the episode"))
            }
            Rule::Amount { min, max } => match text.parse::<MicroUsd>() {
                Err(fault) => Some(fault.to_string()),
                Ok(amount) if amount < *min => Some(format!("at least {min:.4} USD")),
                Ok(amount) => max.filter(|max| amount > *max).map(|max| format!("at most {max:.4} USD")),
            },
        }
    }
}

/// A line of what a box says.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) role: Role,
    pub(crate) text: String,
    /// Whether it may give way on a small screen. What is to be known before a decision never is.
    pub(crate) may_go: bool,
}

/// The box.
#[derive(Debug)]
pub(crate) struct Confirm {
    pub(crate) title: String,
    /// What is about to happen, line by line.
    pub(crate) facts: Vec<Fact>,
    pub(crate) asked: Vec<Asked>,
    /// The word beside `y`.
    pub(crate) verb: String,
    pub(crate) intent: Intent,
    /// Which field has the keys; behind the last one stands the answer.
    pub(crate) at: usize,
    pub(crate) fault: Option<String>,
    /// Why it cannot be confirmed, where it cannot.
    lock: Option<String>,
    quiet: Quiet,
    /// The studio that what it says was made from: the number of its last event, and whether past episodes were read.
    made_at: (u64, bool),
}

fn moment(shared: &Shared) -> (u64, bool) {
    (shared.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq), shared.past.ready().is_some())
}

impl Confirm {
    /// A box that is open from now on.
    pub(crate) fn new(shared: &Shared, title: String, verb: &str, intent: Intent) -> Self {
        // A decision is signed: the first one asks for the name.
        let mut asked = Vec::new();
        if intent.is_signed() && !shared.settings.is_named {
            let rule = Rule::Name { with_secret: shared.settings.with_secret.clone() };
            let label = "Your name, kept for next time".to_owned();
            asked.push(Asked { label, rule, field: Field::default(), proposed: String::new() });
        }
        Self {
            title,
            facts: Vec::new(),
            asked,
            verb: verb.to_owned(),
            intent,
            at: 0,
            fault: None,
            lock: None,
            quiet: Quiet::new(shared.mono_ms),
            made_at: moment(shared),
        }
    }

    /// Brings what it says in step with the studio. A field that the person has not touched takes a new proposal; where
    /// something that is asked for has changed, `y` counts only after another look.
    pub(crate) fn settle(&mut self, shared: &Shared) {
        if self.made_at != moment(shared) {
            self.renew(shared);
        }
    }

    /// Puts together anew what moves while the box is open.
    pub(crate) fn renew(&mut self, shared: &Shared) {
        self.made_at = moment(shared);
        let Some(fresh) = super::propose::again(shared, &self.intent) else { return };
        let mut has_changed = self.lock != fresh.lock;
        for (asked, fresh) in self.asked.iter_mut().zip(fresh.asked) {
            has_changed |= asked.proposed != fresh.proposed;
            if asked.field.typed() == asked.proposed {
                asked.field = fresh.field;
            }
            (asked.rule, asked.proposed) = (fresh.rule, fresh.proposed);
        }
        (self.facts, self.lock) = (fresh.facts, fresh.lock);
        if has_changed {
            self.arm(shared.mono_ms);
        }
    }

    /// Adds a line that has to be known before a decision.
    pub(crate) fn fact(mut self, role: Role, text: impl Into<String>) -> Self {
        self.facts.push(Fact { role, text: text.into(), may_go: false });
        self
    }

    /// Adds a line that gives way where the screen is too small for all.
    pub(crate) fn aside(mut self, role: Role, text: impl Into<String>) -> Self {
        self.facts.push(Fact { role, text: text.into(), may_go: true });
        self
    }

    /// Adds a field.
    pub(crate) fn ask(mut self, label: &str, rule: Rule, filled: &str) -> Self {
        let field = Field::new(filled);
        self.asked.push(Asked { label: label.to_owned(), rule, field, proposed: filled.to_owned() });
        self
    }

    /// Makes it a box that cannot be confirmed.
    pub(crate) fn locked(mut self, why: impl Into<String>) -> Self {
        self.lock = Some(why.into());
        self
    }

    /// Lets the time before `y` counts begin anew: what the box says is no longer what was read.
    pub(crate) fn arm(&mut self, mono_ms: u64) {
        self.quiet.disturb(mono_ms, false);
    }

    /// Whether `y` counts by now.
    pub(crate) fn is_armed(&self, mono_ms: u64) -> bool {
        self.quiet.is_over(mono_ms)
    }

    /// Whether the answer has the keys.
    pub(crate) fn is_at_answer(&self) -> bool {
        self.at >= self.asked.len()
    }

    /// Whether a `y` came too early, so that the key may be held down.
    pub(crate) fn was_early(&self) -> bool {
        self.quiet.long_ms == HELD_MS
    }

    /// When it is armed, so that the screen shows it then.
    pub(crate) fn deadline(&self, shared: &Shared) -> Option<u64> {
        (!self.is_armed(shared.mono_ms)).then(|| self.quiet.since_ms.saturating_add(self.quiet.long_ms))
    }

    /// Takes a key.
    pub(crate) fn on_key(&mut self, shared: &mut Shared, key: Key, repeat: bool) -> Next {
        self.fault = None;
        let is_answer = self.is_at_answer();
        let is_yes = is_answer && key == Key::plain(Code::Char('y'));
        let counts = !repeat && self.is_armed(shared.mono_ms);
        self.quiet.disturb(shared.mono_ms, is_yes);
        match key {
            _ if is_yes && counts => self.yes(shared),
            _ if is_yes => Next::Stay,
            Key { code: Code::Esc, .. } => cancelled(shared, &self.title),
            Key { code: Code::Tab | Code::Down, .. } if !is_answer => {
                self.at += 1;
                Next::Stay
            }
            Key { code: Code::BackTab | Code::Up, .. } => {
                self.at = self.at.saturating_sub(1);
                Next::Stay
            }
            Key { code: Code::Enter, .. } => match self.asked.get(self.at) {
                None => cancelled(shared, &self.title),
                Some(Asked { rule: Rule::Number(_), .. }) if self.faulty(self.at).is_some() => {
                    cancelled(shared, &self.title)
                }
                Some(_) => {
                    self.fault = self.faulty(self.at);
                    self.at += usize::from(self.fault.is_none());
                    Next::Stay
                }
            },
            key => {
                if let Some(asked) = self.asked.get_mut(self.at) {
                    asked.field.on_key(key);
                    return Next::Stay;
                }
                if let (Code::Char('w') | Code::Right, Intent::SendBack { way, .. }, false) =
                    (key.code, &mut self.intent, repeat)
                {
                    *way = next_way(*way);
                }
                Next::Stay
            }
        }
    }

    fn faulty(&self, at: usize) -> Option<String> {
        self.asked.get(at).and_then(Asked::fault)
    }

    /// Pasted text goes into a field and is never an answer.
    pub(crate) fn on_paste(&mut self, text: &str) {
        if let Some(asked) = self.asked.get_mut(self.at) {
            asked.field.insert(text);
        }
    }

    fn yes(&mut self, shared: &mut Shared) -> Next {
        if let Some(why) = &self.lock {
            self.fault = Some(why.clone());
            return Next::Stay;
        }
        if let Some((at, fault)) = (0..self.asked.len()).find_map(|at| Some((at, self.faulty(at)?))) {
            self.at = at;
            self.fault = Some(fault);
            return Next::Stay;
        }
        if shared.halted().is_none() && !self.sign(shared) {
            return Next::Stay;
        }
        let may_hold = matches!(self.intent, Intent::Approve { .. } | Intent::SendBack { .. });
        match self.action() {
            None => Next::Quit,
            Some(_) if let Some(why) = shared.halted() => {
                shared.locked(why);
                Next::Close
            }
            Some(Err(fault)) => {
                self.fault = Some(fault);
                Next::Stay
            }
            Some(Ok(action)) => {
                match stale(shared, &action) {
                    Some(why) => shared.say(Role::Failed, format!("{}: nothing was done: {why}", self.title)),
                    None => shared.commit(action, self.title.clone(), may_hold),
                }
                Next::Close
            }
        }
    }

    /// Takes on the name that was asked for; whether the decision is signed.
    fn sign(&mut self, shared: &mut Shared) -> bool {
        let name = self.typed(|rule| matches!(rule, Rule::Name { .. }));
        if name.is_empty() {
            return true;
        }
        let before = &shared.settings.person;
        let person = signer_name(name).and_then(|name| Person::new(&name, before.os_user()));
        match person {
            Ok(person) => {
                shared.effects.push(Effect::KeepName(person.name().to_owned()));
                shared.settings.person = match before.uid() {
                    Some(uid) => person.of_account(uid),
                    None => person,
                };
                shared.settings.is_named = true;
                true
            }
            Err(fault) => {
                self.fault = Some(fault.to_string());
                false
            }
        }
    }

    fn typed(&self, wanted: fn(&Rule) -> bool) -> &str {
        self.asked.iter().find(|asked| wanted(&asked.rule)).map(|asked| asked.field.text()).unwrap_or_default()
    }

    fn reason(&self) -> String {
        self.typed(|rule| matches!(rule, Rule::Reason)).to_owned()
    }

    fn amount(&self) -> Result<MicroUsd, String> {
        let text = self.typed(|rule| matches!(rule, Rule::Amount { .. }));
        text.parse().map_err(|fault: crate::domain::money::AmountError| fault.to_string())
    }

    /// The act of the box; nothing where it is the end of the console.
    fn action(&self) -> Option<Result<Action, String>> {
        let command = match &self.intent {
            Intent::Quit => return None,
            Intent::Begin(new) => return Some(Ok(Action::Begin(new.clone()))),
            Intent::SendBack { at, note, way } => {
                let note = serde_json::to_vec(&note.clone().visible())
                    .map_err(|error| format!("the note cannot be written: {error}"));
                let AtGate { episode, gate, hash, rulings, seen } = at.clone();
                return Some(note.map(|note| Action::SendBack { episode, gate, hash, note, way: *way, rulings, seen }));
            }
            Intent::Approve { at } => self.amount().map(|max_spend| {
                let AtGate { episode, gate, hash, rulings, seen } = at.clone();
                Command::Approve { episode, gate, hash, max_spend, rulings, seen }
            }),
            Intent::Override { at } => self.amount().map(|max_spend| {
                let AtGate { episode, gate, hash, rulings: _, seen } = at.clone();
                // The field has held the number to the episode's; `42` is how some people type 042.
                let typed = self.typed(|rule| matches!(rule, Rule::Number(_)));
                let typed = typed.parse().map_or_else(|_| typed.to_owned(), |n| EpisodeNumber(n).to_string());
                Command::Override { episode, gate, hash, typed, reason: self.reason(), max_spend, seen }
            }),
            Intent::Raise { scope, .. } => {
                self.amount().map(|cap| Command::SetCap { scope: scope.clone(), cap, reason: self.reason() })
            }
            Intent::Reject(episode) => Ok(Command::Reject { episode: *episode, reason: self.reason() }),
            Intent::Stop(episode) => Ok(Command::Cancel { episode: *episode, reason: self.reason() }),
            Intent::Pause(episode) => Ok(Command::Pause(*episode)),
            Intent::Resume(episode) => Ok(Command::Resume(*episode)),
            Intent::Retry { episode, stage } => Ok(Command::Retry { episode: *episode, stage: stage.clone() }),
            Intent::Rule { key, ruling, alike } => {
                Ok(Command::ResolveCharge { key: key.clone(), ruling: *ruling, alike: *alike })
            }
            Intent::Uncertain { episode, uncertain } => {
                Ok(Command::SetUncertain { episode: *episode, uncertain: *uncertain })
            }
            Intent::Cheaper { episode, stage } => Ok(Command::UseCheaper { episode: *episode, stage: stage.clone() }),
            Intent::ReadAgain(key) => Ok(Command::ReadAgain { key: key.clone() }),
            Intent::AcceptBill(key) => Ok(Command::AcceptBill { key: key.clone() }),
        };
        Some(command.map(Action::Command))
    }
}

/// The way after this one.
fn next_way(way: Way) -> Way {
    let at = Way::ALL.iter().position(|known| *known == way).unwrap_or(0);
    Way::ALL.get((at + 1) % Way::ALL.len()).copied().unwrap_or_default()
}

fn cancelled(shared: &mut Shared, title: &str) -> Next {
    shared.say(Role::Text, format!("{title}: cancelled; nothing was changed."));
    Next::Close
}

/// Why an act no longer fits what stands in the studio; it is asked when the box is confirmed and when a hold ends.
pub(crate) fn stale(shared: &Shared, action: &Action) -> Option<String> {
    let gate_is = |episode: EpisodeNumber, gate: &StageId, hash: ContentHash| match shared.at_gate(episode, gate) {
        Some(now) if now == hash => None,
        Some(now) => {
            Some(format!("you saw {} and {} stands at the gate now; open it again", hash.short(), now.short()))
        }
        None => Some("the gate is not open for a decision any more".to_owned()),
    };
    let needs = |episode: EpisodeNumber, need: &Need| {
        let is_open = shared.under_way(episode).is_some_and(|found| found.need(&need.id()).is_some());
        (!is_open).then(|| "it was answered in the meantime".to_owned())
    };
    match action {
        Action::Begin(_) => None,
        Action::SendBack { episode, gate, hash, .. } => gate_is(*episode, gate, *hash),
        Action::Command(command) => match command {
            Command::Approve { episode, gate, hash, .. }
            | Command::SendBack { episode, gate, hash, .. }
            | Command::Override { episode, gate, hash, .. } => gate_is(*episode, gate, *hash),
            Command::ChooseOutput { episode, .. } | Command::ChoosePrompt { episode, .. } => {
                shared.under_way(*episode).is_none().then(|| "the episode is over".to_owned())
            }
            Command::ResolveCharge { key, .. } => {
                let unread = Need::Unread { key: key.clone(), reason: String::new() };
                let charge = needs(key.episode, &Need::Charge { key: key.clone() });
                charge.and_then(|why| needs(key.episode, &unread).map(|_| why))
            }
            Command::ReadAgain { key } => needs(key.episode, &Need::Unread { key: key.clone(), reason: String::new() }),
            Command::Start(_) | Command::SetCap { .. } | Command::RecordBill(_) => None,
            Command::Retry { episode, stage } => {
                needs(*episode, &Need::Retries { stage: stage.clone(), reason: String::new() })
            }
            Command::UseCheaper { episode, .. }
            | Command::SetUncertain { episode, .. }
            | Command::Pause(episode)
            | Command::Resume(episode) => {
                shared.under_way(*episode).is_none().then(|| "the episode is over".to_owned())
            }
            Command::AcceptBill { key } | Command::CorrectCharge { key, .. } => {
                shared.under_way(key.episode).is_none().then(|| "the episode is over".to_owned())
            }
            Command::Cancel { episode, .. } | Command::Reject { episode, .. } => {
                let is_over = shared.under_way(*episode).is_none_or(|found| found.life.is_over());
                is_over.then(|| "the episode is over already".to_owned())
            }
        },
    }
}
