//! How many tokens a prompt has, as its provider counts it: asked only where the local bound says that it may not fit, and only
//! where counting is free.
//!
//! Called from local work, which has a thread of its own to wait on. Not for what a call costs, which is bounded by its bytes.

use crate::domain::call::{Provider, Route};
use crate::domain::event::Provenance;
use crate::domain::window::{TooLong, Window};
use crate::provider::call::{TextRequest, decode_count, prepare_count};
use crate::provider::probe;

use super::{Workshop, exchange};

/// Under what a count is sent. It is free and kept nowhere: one is as good as another.
const KEY: &str = "count-tokens";

impl Workshop {
    /// The room that a call takes, held to what its model has room for: as bounded from above where that fits, and else as its
    /// provider counts it. A provider that does not count for nothing, or cannot be asked, leaves the bound to decide.
    pub(super) fn fitting(
        &self,
        route: &Route,
        request: &TextRequest,
        bounded: Window,
        blocks: Vec<(String, u64)>,
    ) -> Result<Window, TooLong> {
        let Err(too_long) = bounded.admits(&route.model, blocks.clone()) else { return Ok(bounded) };
        let Some(prompt) = self.counted(route.provider, request) else { return Err(too_long) };
        tracing::info!(model = %route.model, bound = bounded.prompt, counted = prompt, "a prompt was counted by its provider");
        let counted = bounded.counted(prompt);
        counted.admits(&route.model, blocks).map_err(TooLong::as_counted)?;
        Ok(counted)
    }

    /// The tokens of a prompt as its provider counts it; nothing where it does not or cannot be asked.
    fn counted(&self, provider: Provider, request: &TextRequest) -> Option<u64> {
        let vendor = exchange::vendor(provider);
        let endpoint = self.endpoints.get(&provider)?.as_ref().ok()?;
        let question = prepare_count(&self.models, vendor, request).ok()??;
        let mut unwatched = ();
        let asked = self.transport.send(endpoint, &question, KEY, 0, probe::LIMITS, &mut unwatched);
        let answer = match self.runtime.block_on(asked) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%provider, %error, "a prompt could not be counted");
                return None;
            }
        };
        if answer.headers.rehearsal() != (self.provenance == Provenance::Rehearsal) {
            return None;
        }
        match decode_count(vendor, answer.status, &answer.headers, &answer.body) {
            Ok(tokens) => Some(tokens),
            Err(error) => {
                tracing::warn!(%provider, %error, "a prompt was not counted");
                None
            }
        }
    }
}
