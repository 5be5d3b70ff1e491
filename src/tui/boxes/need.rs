//! The box in which a need other than a gate is answered: each answer has its key and opens a confirm box.

use super::propose;
use crate::domain::episode::Episode;
use crate::domain::event::{Need, Ruling, Uncertain};
use crate::domain::ids::EpisodeNumber;
use crate::tui::key::{Code, Key};
use crate::tui::layers::{Layer, Next};
use crate::tui::model::Shared;

/// The box of a need.
#[derive(Debug)]
pub(crate) struct NeedBox {
    pub(crate) episode: EpisodeNumber,
    pub(crate) id: String,
}

/// What each key of a need's box opens, from mild to severe.
pub(crate) fn answers(shared: &Shared, episode: &Episode, need: &Need) -> Vec<(char, &'static str)> {
    match need {
        Need::Gate { .. } => Vec::new(),
        Need::Charge { key } => {
            let mut answers = vec![('r', "send it again, at the risk of a second charge")];
            if propose::alike(shared, key).len() > 1 {
                answers.push(('a', "send it and all others of the same cause again"));
            }
            if !matches!(episode.policy.uncertain, Uncertain::Within(_)) {
                answers.push(('p', "from now on send such calls of this episode again, up to a limit"));
            }
            answers.push(('w', "write it off"));
            answers
        }
        Need::Cap { stage, .. } => {
            let cheaper = episode.pin(stage).and_then(|pin| pin.cheaper.as_ref());
            let is_other = cheaper.is_some_and(|route| episode.route(stage) != Some(route));
            let mut answers = vec![('r', "raise the cap")];
            if is_other {
                answers.insert(0, ('c', "use the cheaper model"));
            }
            answers.push(('s', "stop the episode"));
            answers
        }
        Need::Retries { .. } => vec![('r', "let it try again"), ('s', "stop the episode")],
        Need::Unread { .. } => {
            vec![('r', "read it again, for nothing"), ('p', "pay for another call"), ('s', "stop the episode")]
        }
        Need::OverBilled { .. } => vec![('g', "seen: go on"), ('s', "stop the episode")],
    }
}

impl NeedBox {
    /// Takes a key: each answer opens a confirm box in this box's place.
    pub(crate) fn on_key(&mut self, shared: &mut Shared, key: Key) -> Next {
        let episode = shared.under_way(self.episode).cloned();
        let open = episode.as_ref().and_then(|episode| episode.need(&self.id)).cloned();
        let (Some(episode), Some(open)) = (episode, open) else { return Next::Close };
        match key.code {
            Code::Esc | Code::Enter | Code::Backspace => return Next::Close,
            _ => {}
        }
        let typed = key.typed().map(|c| c.to_ascii_lowercase());
        let answers = answers(shared, &episode, &open.need);
        let Some(answer) = typed.filter(|c| answers.iter().any(|(known, _)| known == c)) else { return Next::Stay };
        if let Some(why) = shared.halted() {
            shared.locked(why);
            return Next::Stay;
        }
        if let (Need::Cap { stage, .. }, 'c') = (&open.need, answer) {
            shared.want_quote(self.episode, stage);
        }
        let confirm = match (&open.need, answer) {
            (_, 's') => propose::stop(shared, &episode),
            (Need::Charge { key }, 'r') => propose::rule(shared, &episode, key, Ruling::Resend),
            (Need::Charge { key }, 'a') => propose::rule_alike(shared, &episode, key),
            (Need::Charge { .. }, 'p') => propose::resend_within(shared, &episode),
            (Need::Charge { key }, _) => propose::rule(shared, &episode, key, Ruling::WriteOff),
            (Need::Cap { stage, .. }, 'c') => propose::cheaper(shared, &episode, stage),
            (Need::Cap { stage, scope, worst, .. }, _) => propose::raise(shared, &episode, scope, stage, *worst),
            (Need::Retries { stage, reason }, _) => propose::retry(shared, &episode, stage, reason),
            (Need::Unread { key, reason }, 'r') => propose::read_again(shared, key, reason),
            (Need::Unread { key, .. }, _) => propose::call_again(shared, &episode, key),
            (Need::OverBilled { key, reserved, billed }, _) => propose::accept_bill(shared, key, *reserved, *billed),
            (Need::Gate { .. }, _) => return Next::Close,
        };
        Next::Replace(vec![Layer::Confirm(confirm)])
    }
}
