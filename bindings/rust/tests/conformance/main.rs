//! The conformance cases in Rust (test/conformance/README.md), and what they have to cover here.
//!
//! Promises: every case of every language runs; every operation of the cases is known; every error code of the engine
//! that the cases raise comes back as its kind. Leaves to others: values (values.rs), operations (runner.rs).

#![allow(clippy::unwrap_used, clippy::panic)]

mod arguments;
mod operations;
mod runner;
mod told;
mod values;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use quiredb::ErrorKind;
use serde_json::Value as Json;

/// The folder of other cases than those of the repository.
fn chosen_folder() -> Option<PathBuf> {
    std::env::var_os("QUIRE_CASES_FOLDER").map(PathBuf::from)
}

fn cases() -> Vec<(String, Json)> {
    let folder = chosen_folder()
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/conformance/cases"));
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let family = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut text: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let Json::Array(cases) = text["cases"].take() else {
            panic!("{family} has no cases")
        };
        all.extend(cases.into_iter().map(|case| (family.clone(), case)));
    }
    all
}

fn steps_of<'a>(steps: &'a Json, all: &mut Vec<&'a Json>) {
    for step in steps.as_array().into_iter().flatten() {
        all.push(step);
        steps_of(&step["steps"], all);
    }
}

#[test]
fn every_case_gives_what_it_says() {
    let cases = cases();
    assert!(
        cases.len() >= 300 || chosen_folder().is_some(),
        "{} cases",
        cases.len()
    );
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|(family, case)| {
            let failure = runner::run_case(case).err()?;
            Some(format!("{family}/{}: {failure}", case["name"].as_str().unwrap()))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn every_operation_and_code_of_the_cases_is_known() {
    let cases = cases();
    let mut steps = Vec::new();
    cases
        .iter()
        .for_each(|(_, case)| steps_of(&case["steps"], &mut steps));
    let operations: BTreeSet<&str> = steps.iter().map(|step| step["op"].as_str().unwrap()).collect();
    let known: BTreeSet<&str> = operations::OPERATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(operations, known);
    let raised: BTreeSet<&str> = steps.iter().filter_map(|step| step["error"].as_str()).collect();
    let codes: BTreeSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    assert!(raised.is_subset(&codes), "{raised:?}");
    assert!(raised.len() >= 25, "{raised:?}");
}
