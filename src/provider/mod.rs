//! One file per vendor wire over one transport, and one error type that says what the caller should do.

pub mod allowance;
mod anthropic;
pub mod batches;
pub mod call;
mod elevenlabs;
pub mod endpoint;
pub mod error;
mod gemini;
pub mod headers;
mod hints;
pub mod mask;
pub mod named;
mod openai;
mod perplexity;
pub mod probe;
pub mod progress;
mod refusal;
mod schema;
pub mod sse;
mod thoughts;
pub mod transport;
pub mod usage;
mod voice;
