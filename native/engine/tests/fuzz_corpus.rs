//! The kept inputs of the fuzzers, and those that once found something, through what the fuzzers run.
//!
//! `npm run fuzz` makes such inputs; native/fuzz/src/engine.rs says what must come of them.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "../../fuzz/src/engine.rs"]
mod engine;

use std::fs;
use std::path::Path;

/// Runs every input that is kept for `target`.
fn replay(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut inputs_count = 0;
    for folder in ["corpus", "regressions"] {
        let Ok(entries) = fs::read_dir(fuzz.join(folder).join(target)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            run(&fs::read(path).unwrap());
            inputs_count += 1;
        }
    }
    assert!(inputs_count > 0, "nothing is kept for {target}");
}

#[test]
fn kept_files_end_in_errors_or_are_read() {
    replay("file", engine::file);
}

#[test]
fn kept_logs_end_in_errors_or_are_replayed() {
    replay("log", engine::log);
}

#[test]
fn kept_documents_come_out_as_they_went_in() {
    replay("document", engine::document);
}

#[test]
fn kept_queries_find_the_same_with_an_index_and_without() {
    replay("query", engine::query);
}

#[test]
fn kept_commands_leave_a_sound_database() {
    replay("command", engine::command);
}
