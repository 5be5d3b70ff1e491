//! The binary: parse, wire, exit codes. The only place that knows eyre.
fn main() {}
