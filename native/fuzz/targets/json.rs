//! Fuzzer of `json`; see src/capi.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| quire_fuzz::capi::json(input));
