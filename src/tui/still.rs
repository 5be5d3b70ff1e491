//! A console without a terminal: the frames of one snapshot, for measuring how long one takes.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::Model;
use super::msg::Msg;
use super::options::ConsoleOptions;
use super::update::update;
use super::view::view;
use crate::engine::progress::Progress;
use crate::engine::snapshot::Snapshot;

/// The dashboard over one snapshot.
pub struct Still {
    model: Model,
    frame: Buffer,
}

impl Still {
    /// A console of this size that has seen this snapshot and nothing else.
    pub fn new(options: &ConsoleOptions, snapshot: Arc<Snapshot>, columns: u16, rows: u16) -> Self {
        let mut model = Model::new(options, columns, rows, snapshot.at);
        // What it asks for stays unanswered: there is no engine behind it.
        let _ = update(&mut model, Msg::Snapshot(snapshot));
        Self { model, frame: Buffer::empty(Rect::new(0, 0, columns, rows)) }
    }

    /// Takes in a newer snapshot.
    pub fn follow(&mut self, snapshot: Arc<Snapshot>) {
        let _ = update(&mut self.model, Msg::Snapshot(snapshot));
    }

    /// Takes in what streams.
    pub fn stream(&mut self, progress: Arc<Progress>) {
        let _ = update(&mut self.model, Msg::Progress(progress));
    }

    /// Builds a frame anew; its text, row by row.
    pub fn draw(&mut self) -> String {
        self.frame.reset();
        view(&self.model, &mut self.frame);
        let width = usize::from(self.frame.area.width).max(1);
        let rows = self.frame.content.chunks(width);
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
    }
}
