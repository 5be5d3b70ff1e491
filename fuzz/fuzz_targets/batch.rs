//! Drives the target `batch`.

#![no_main]

#[expect(dead_code, reason = "one of the targets is driven here")]
#[path = "../../tests/wire/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::batch(bytes);
});
