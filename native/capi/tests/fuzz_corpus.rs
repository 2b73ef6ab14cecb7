//! The kept inputs of the fuzzer of JSON, through what it runs (native/fuzz/src/capi.rs).
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "../../fuzz/src/capi.rs"]
mod capi;

use std::fs;
use std::path::Path;

#[test]
fn kept_json_reads_as_it_was_written() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut inputs_count = 0;
    for folder in ["corpus/json", "regressions/json"] {
        let Ok(entries) = fs::read_dir(fuzz.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            capi::json(&fs::read(path).unwrap());
            inputs_count += 1;
        }
    }
    assert!(inputs_count > 0, "nothing is kept for json");
}
