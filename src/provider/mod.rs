//! One file per vendor wire over one transport, and one error type that says what the caller should do.
