//! Audio: speech synthesis without a key, segments, WAV files and what is measured on them.

pub mod synth;
pub mod wav;
