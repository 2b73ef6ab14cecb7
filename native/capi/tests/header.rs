//! The header is what the library is: made anew from the sources, it equals the committed one.
//!
//! `npm run header` sets QUIRE_HEADER=write, and the committed one is replaced. Leaves to others: that the header
//! compiles and that programs can use it (bindings/c/tests).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use quire_engine::ErrorKind;

/// The files that have doors, in the order in which the header tells of them.
const ROOMS: &[&str] = &[
    "status",
    "buffer",
    "database",
    "documents",
    "commands",
    "cursors",
    "transactions",
    "streams",
    "admin",
    "json",
];

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn committed_path() -> PathBuf {
    crate_folder().join("../../bindings/c/include/quire.h")
}

fn generate() -> String {
    let config = cbindgen::Config::from_file(crate_folder().join("cbindgen.toml")).unwrap();
    let builder = ROOMS
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |builder, room| {
            builder.with_src(crate_folder().join(format!("src/{room}.rs")))
        });
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn committed_header_is_the_one_that_the_sources_make() {
    let header = generate();
    if std::env::var("QUIRE_HEADER").is_ok_and(|wish| wish == "write") {
        fs::write(committed_path(), &header).unwrap();
    }
    let committed = fs::read_to_string(committed_path()).unwrap_or_default();
    assert!(
        header == committed,
        "quire.h is not what native/capi makes; run `npm run header` and commit it"
    );
}

#[test]
fn every_error_of_the_engine_has_its_status_in_the_header() {
    let header = generate();
    for kind in ErrorKind::ALL {
        let status = format!("QUIRE_{} = {},", kind.code(), *kind as i32);
        assert!(header.contains(&status), "quire.h has no {status}");
    }
}

#[test]
fn every_door_is_in_the_header() {
    let header = generate();
    let folder = fs::read_dir(crate_folder().join("src")).unwrap();
    let sources = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for line in text
            .lines()
            .filter(|line| line.contains("extern \"C\" fn quire_"))
        {
            let name = line.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
            let call = format!("{}(", name.unwrap());
            assert!(
                header.contains(&call),
                "{}: {call} is not in quire.h",
                source.display()
            );
        }
    }
}
