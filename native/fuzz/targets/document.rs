//! Fuzzer of `document`; see src/engine.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| quire_fuzz::engine::document(input));
