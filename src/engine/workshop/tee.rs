//! Takes an answer as it arrives: into the spool, and to the console. It never cuts an answer short.
//!
//! Not for judging an answer: one that is whole is held to its contract elsewhere, whatever was seen here.

use std::sync::Arc;

use crate::domain::ids::IntentKey;
use crate::engine::progress::ProgressHub;
use crate::ledger::spool::SpoolWriter;
use crate::provider::call::Prepared;
use crate::provider::headers::Headers;
use crate::provider::progress::{Progress, Watch};
use crate::provider::transport::BodySink;

/// Takes an answer as it arrives: into the spool, and to whoever watches.
pub(super) struct Tee {
    writer: Option<SpoolWriter>,
    pub(super) watch: Watch,
    key: IntentKey,
    hub: Arc<ProgressHub>,
}

impl Tee {
    /// A tee for the answer to one call.
    pub(super) fn new(writer: SpoolWriter, request: &Prepared, key: &IntentKey, hub: Arc<ProgressHub>) -> Self {
        let watch = Watch::new(request.vendor, request.form);
        Self { writer: Some(writer), watch, key: key.clone(), hub }
    }

    /// Marks the answer as whole. A spool that cannot be written only means that a crash right now would ask.
    pub(super) fn finish(&mut self, status: u16, headers: Vec<(String, String)>) {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.finish(status, headers)
        {
            tracing::warn!(%error, "an answer could not be spooled");
        }
    }
}

impl BodySink for Tee {
    fn head(&mut self, _status: u16, _headers: &Headers) {}

    fn chunk(&mut self, bytes: &[u8]) {
        if let Some(writer) = &mut self.writer
            && let Err(error) = writer.write(bytes)
        {
            tracing::warn!(%error, "an answer could not be spooled");
            self.writer = None;
        }
        for seen in self.watch.push(bytes) {
            match seen {
                Progress::Text(text) => {
                    self.hub.text(&self.key, &text);
                }
                Progress::OutputTokens(tokens) => self.hub.tokens(&self.key, tokens),
                Progress::Thinking => self.hub.thinking(&self.key),
                Progress::Bytes(bytes) => self.hub.bytes(&self.key, bytes),
            }
        }
    }
}
