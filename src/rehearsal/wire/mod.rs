//! The vendors' wires, served: Anthropic Messages, Gemini `generateContent`, ElevenLabs speech with timestamps, and the
//! meter, on one router.

mod anthropic;
#[cfg(test)]
mod clients;
mod elevenlabs;
mod gemini;
mod paced;
mod request;
mod router;
mod state;
#[cfg(test)]
mod tests;

pub(super) use self::router::router;
pub(super) use self::state::Studio;
pub use self::state::Waits;
