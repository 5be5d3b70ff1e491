//! When a frame is drawn: at once for a key, with a pause between two; with a longer pause while text streams.
//!
//! A clamp over times that the driver hands in; it owns no clock and no timer.

/// Why a frame is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A person has done something.
    Key,
    /// Something has changed by itself.
    Stream,
}

/// The least pause between two frames after keys.
const KEY_MS: u64 = 16;

/// What is wanted and when the last frame was.
#[derive(Debug)]
pub(crate) struct Frames {
    stream_ms: u64,
    last_ms: Option<u64>,
    due_ms: Option<u64>,
}

impl Frames {
    /// A limiter that draws at most so many frames a second while text streams.
    pub(crate) fn new(fps: u32) -> Self {
        Self { stream_ms: 1_000 / u64::from(fps.clamp(1, 60)), last_ms: None, due_ms: None }
    }

    /// Wants a frame; wishes before it is drawn become one.
    pub(crate) fn want(&mut self, now_ms: u64, urgency: Urgency) {
        let pause = match urgency {
            Urgency::Key => KEY_MS,
            Urgency::Stream => self.stream_ms,
        };
        let due = self.last_ms.map_or(now_ms, |last| last.saturating_add(pause).max(now_ms));
        self.due_ms = Some(self.due_ms.map_or(due, |earlier| earlier.min(due)));
    }

    /// When the next frame is to be drawn.
    pub(crate) fn due(&self) -> Option<u64> {
        self.due_ms
    }

    /// A frame was drawn.
    pub(crate) fn drawn(&mut self, now_ms: u64) {
        self.last_ms = Some(now_ms);
        self.due_ms = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_draws_ten_frames_a_second_and_a_key_does_not_wait_for_it() {
        let mut frames = Frames::new(10);
        let mut drawn = 0;
        for ms in 0..1_000 {
            frames.want(ms, Urgency::Stream);
            if frames.due().is_some_and(|due| due <= ms) {
                frames.drawn(ms);
                drawn += 1;
            }
        }
        assert_eq!(drawn, 10);
        frames.want(1_000, Urgency::Stream);
        frames.want(1_001, Urgency::Key);
        assert_eq!(frames.due(), Some(1_000));
        frames.drawn(1_001);
        frames.want(1_002, Urgency::Key);
        frames.want(1_003, Urgency::Stream);
        assert_eq!(frames.due(), Some(1_017), "keys are at least 16 ms apart, and a stream does not put them off");
    }

    #[test]
    fn nothing_is_drawn_that_nobody_wants() {
        assert_eq!(Frames::new(0).due(), None);
    }
}
