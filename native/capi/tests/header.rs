//! The headers are what the library is: made anew from the sources, they equal the committed ones.
//!
//! `npm run header` sets QUIRE_HEADER=write, and the committed ones are replaced. Leaves to others: that headers
//! compile and that programs can use it (bindings/c/tests).
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

/// The headers: name, the configuration that makes it, the files that it is made of.
const HEADERS: [(&str, &str, &[&str]); 2] = [
    ("quire.h", "cbindgen.toml", ROOMS),
    ("nanodb_compat.h", "nanodb.toml", &["nanodb"]),
];

fn committed_path(name: &str) -> PathBuf {
    crate_folder().join("../../bindings/c/include").join(name)
}

fn generate((_, config, rooms): (&str, &str, &[&str])) -> String {
    let config = cbindgen::Config::from_file(crate_folder().join(config)).unwrap();
    let builder = rooms
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |builder, room| {
            builder.with_src(crate_folder().join(format!("src/{room}.rs")))
        });
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn committed_headers_are_those_that_the_sources_make() {
    for made in HEADERS {
        let (header, path) = (generate(made), committed_path(made.0));
        if std::env::var("QUIRE_HEADER").is_ok_and(|wish| wish == "write") {
            fs::write(&path, &header).unwrap();
        }
        assert!(
            header == fs::read_to_string(&path).unwrap_or_default(),
            "{} is not what native/capi makes; run `npm run header` and commit it",
            made.0
        );
    }
}

#[test]
fn every_error_of_the_engine_has_its_status_in_the_header() {
    let header = generate(HEADERS[0]);
    for kind in ErrorKind::ALL {
        let status = format!("QUIRE_{} = {},", kind.code(), *kind as i32);
        assert!(header.contains(&status), "quire.h has no {status}");
    }
}

#[test]
fn every_door_is_in_the_header() {
    let header = HEADERS.map(generate).concat();
    let folder = fs::read_dir(crate_folder().join("src")).unwrap();
    let sources = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for line in text
            .lines()
            .filter(|line| line.starts_with("pub ") && line.contains("extern \"C\" fn "))
        {
            let name = line.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
            let call = format!("{}(", name.unwrap());
            assert!(
                header.contains(&call),
                "{}: {call} is in no header",
                source.display()
            );
        }
    }
}
