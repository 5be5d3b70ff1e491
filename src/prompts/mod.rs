//! The prompt library: what each agent is asked, in versions, with its slots, its contract and its limits.
//!
//! The files live in the top-level `prompts/` and are compiled in; a config folder can override them. Not for sending.

mod built_in;
pub mod library;
pub mod prompt;
pub mod version;
