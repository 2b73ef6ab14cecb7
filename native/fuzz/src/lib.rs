//! What the fuzzers run, as plain functions of bytes.
//!
//! Promises: a function returns for every input, and panics where a promise of the engine is broken. The tests of the
//! engine and of the C ABI take these files in as well and run the kept corpus through them, with the usual compiler.
//! Leaves to others: making inputs (libFuzzer), building and starting (scripts/fuzz.mjs).

pub mod capi;
pub mod engine;
