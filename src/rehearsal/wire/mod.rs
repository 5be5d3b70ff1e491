//! The vendors' wires, served: Anthropic Messages, Gemini `generateContent`, ElevenLabs speech, OpenAI's chat completions and
//! speech in the habits of several servers, Perplexity's Agent API and its older chat completions, and the meter, on one router.

mod anthropic;
mod chat;
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
mod voice;

pub(super) use self::router::router;
pub(super) use self::state::Studio;
pub use self::state::Waits;
