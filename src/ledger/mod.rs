//! The ledger on disk: the append-only journal and the content-addressed files that its events name.
