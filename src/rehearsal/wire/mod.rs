//! The vendors' wires, served: Anthropic Messages, Gemini `generateContent`, ElevenLabs speech with timestamps, OpenAI's
//! chat completions, Perplexity's Agent API, and the meter, on one router.

mod anthropic;
#[cfg(test)]
mod clients;
mod elevenlabs;
mod gemini;
mod openai;
mod paced;
mod perplexity;
mod request;
mod router;
mod state;
#[cfg(test)]
mod tests;

pub(super) use self::router::router;
pub(super) use self::state::Studio;
pub use self::state::Waits;
