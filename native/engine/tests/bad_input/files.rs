//! Paths and files that cannot be opened, and databases that another process holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use quire_engine::format::header::{HEADER_BYTES, Header};
use quire_engine::{Database, ErrorKind, OpenOptions, PAGE_BYTES, dump};
use serde_json::json;

use crate::common::{Folder, get, pack};
use crate::{WRITE, kind};

/// Path of the database that a child process is to open.
const CHILD: &str = "QUIRE_BAD_INPUT_CHILD";

fn open(path: &str) -> quire_engine::Result<Database> {
    Database::open(path, &OpenOptions::default())
}

fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                std::fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

/// A closed database with one document.
fn database_in(folder: &Folder) -> String {
    let path = folder.file("a.quire");
    let database = open(&path).unwrap();
    let people = database.collection("people").unwrap();
    people.insert(&pack(&json!({ "_id": 1 })), &WRITE).unwrap();
    database.close().unwrap();
    path
}

#[test]
fn file_that_is_no_database_is_refused_and_left_as_it_is() {
    let random: Vec<u8> = (0..20_000u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let contents = [
        b"a text file\n".to_vec(),
        b"x".repeat(50_000),
        random,
        vec![0; 5 * PAGE_BYTES],
        vec![0],
        b"SQLite format 3\0".to_vec(),
        b"QuireDB\n\x1a\n".to_vec(),
    ];
    for bytes in contents {
        let folder = Folder::new();
        let path = folder.file("a.quire");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(kind(open(&path)), ErrorKind::NotADatabase);
        assert_eq!(kind(dump(&path, |_| Ok(()))), ErrorKind::NotADatabase);
        assert_eq!(
            files_in(&folder.0),
            BTreeMap::from([("a.quire".to_owned(), bytes)])
        );
    }
}

#[test]
fn newer_format_is_refused_by_name_and_left_as_it_is() {
    let folder = Folder::new();
    let path = database_in(&folder);
    let good = std::fs::read(&path).unwrap();
    // The major format, a flag that readers must know, a flag that writers must know, a page size.
    for (at, what) in [(16, "format 2"), (32, "flags"), (28, "flags"), (21, "pages of")] {
        let mut bytes = good.clone();
        for slot in [0, PAGE_BYTES] {
            bytes[slot + at] = bytes[slot + at].wrapping_add(1);
            let sum = crc32fast::hash(&bytes[slot..slot + HEADER_BYTES - 4]);
            bytes[slot + HEADER_BYTES - 4..slot + HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
            assert!(Header::decode(&bytes[slot..slot + HEADER_BYTES]).is_err());
        }
        std::fs::write(&path, &bytes).unwrap();
        let before = files_in(&folder.0);
        let error = open(&path).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat);
        assert!(error.message().contains(what), "{error}");
        assert_eq!(kind(dump(&path, |_| Ok(()))), ErrorKind::UnsupportedFormat);
        assert_eq!(files_in(&folder.0), before);
    }
    std::fs::write(&path, &good).unwrap();
    assert!(open(&path).is_ok());
}

#[test]
fn path_that_leads_to_no_file_is_refused() {
    let folder = Folder::new();
    std::fs::write(folder.file("file"), b"x").unwrap();
    std::fs::create_dir(folder.file("directory")).unwrap();
    let before = files_in(&folder.0);
    let mut paths = vec![
        folder.file("directory"),
        folder.file("file/a.quire"),
        folder.file("absent/a.quire"),
        folder.file("a\0.quire"),
        folder.file(&"x".repeat(300)),
    ];
    if cfg!(target_os = "linux") {
        paths.push("/dev/null".to_owned());
    }
    for path in paths {
        assert_eq!(kind(open(&path)), ErrorKind::CannotOpen, "{path:?}");
        assert_eq!(kind(dump(&path, |_| Ok(()))), ErrorKind::CannotOpen, "{path:?}");
    }
    assert_eq!(kind(open("")), ErrorKind::InvalidArgument);
    let options = OpenOptions {
        create: false,
        ..OpenOptions::default()
    };
    assert_eq!(
        kind(Database::open(&folder.file("a.quire"), &options)),
        ErrorKind::CannotOpen
    );
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    assert_eq!(
        kind(Database::open(&folder.file("a.quire"), &options)),
        ErrorKind::CannotOpen
    );
    assert_eq!(files_in(&folder.0), before);
}

#[test]
fn folder_that_cannot_be_written_is_refused_for_writing_and_read() {
    let folder = Folder::new();
    let path = database_in(&folder);
    let Some(_mount) = Mount::bind_read_only(&folder.0) else {
        println!("skipped: this test needs the right to mount");
        return;
    };
    assert_eq!(kind(open(&path)), ErrorKind::CannotOpen);
    assert_eq!(kind(open(&folder.file("new.quire"))), ErrorKind::CannotOpen);
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    let database = Database::open(&path, &options).unwrap();
    assert!(get(&database.collection("people").unwrap(), &json!(1)).is_some());
    drop(database);
    assert_eq!(dump(&path, |_| Ok(())).unwrap().documents_count, 1);
}

#[test]
fn child_opens_what_its_parent_holds() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let path = path.to_str().unwrap();
    for read_only in [false, true] {
        let options = OpenOptions {
            read_only,
            ..OpenOptions::default()
        };
        match Database::open(path, &options) {
            Ok(_) => println!("opened"),
            Err(error) => println!("{error}"),
        }
    }
    match dump(path, |_| Ok(())) {
        Ok(_) => println!("dumped"),
        Err(error) => println!("{error}"),
    }
}

fn run_child(path: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "files::child_opens_what_its_parent_holds",
            "--nocapture",
        ])
        .env(CHILD, path)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn second_process_is_told_who_holds_the_database() {
    let folder = Folder::new();
    let path = database_in(&folder);
    let database = open(&path).unwrap();
    let said = run_child(&path);
    assert_eq!(said.matches("LOCKED").count(), 3, "{said}");
    assert!(
        said.contains(&format!("process {}", std::process::id())),
        "{said}"
    );
    assert_eq!(kind(dump(&path, |_| Ok(()))), ErrorKind::Locked);
    database.close().unwrap();
    let said = run_child(&path);
    assert_eq!(said.matches("opened").count(), 2, "{said}");
    assert_eq!(said.matches("dumped").count(), 1, "{said}");
}

#[test]
fn readers_in_two_processes_keep_only_the_writer_out() {
    let folder = Folder::new();
    let path = database_in(&folder);
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    let database = Database::open(&path, &options).unwrap();
    let said = run_child(&path);
    assert_eq!(said.matches("LOCKED").count(), 1, "{said}");
    assert!(said.contains("opened") && said.contains("dumped"), "{said}");
    assert!(get(&database.collection("people").unwrap(), &json!(1)).is_some());
}

#[test]
fn database_that_lost_its_log_or_its_data_file_is_refused() {
    let folder = Folder::new();
    let path = folder.file("a.quire");
    let database = open(&path).unwrap();
    let people = database.collection("people").unwrap();
    people.insert(&pack(&json!({ "_id": 1 })), &WRITE).unwrap();
    database.checkpoint().unwrap();
    people.insert(&pack(&json!({ "_id": 2 })), &WRITE).unwrap();
    let files = files_in(&folder.0);
    let copy_without = |is_left_out: &dyn Fn(&str) -> bool| {
        let copy = Folder::new();
        for (name, bytes) in &files {
            if !name.ends_with("-lock") && !is_left_out(name) {
                std::fs::write(copy.file(name), bytes).unwrap();
            }
        }
        copy
    };
    let copy = copy_without(&|name| name.contains("-log"));
    let error = open(&copy.file("a.quire")).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert!(error.message().contains("log is missing"), "{error}");
    assert_eq!(
        dump(&copy.file("a.quire"), |_| Ok(())).unwrap().documents_count,
        1
    );

    let copy = copy_without(&|name| name == "a.quire");
    let before = files_in(&copy.0);
    assert_eq!(kind(open(&copy.file("a.quire"))), ErrorKind::Corrupted);
    assert_eq!(files_in(&copy.0), before);
    // An empty file in its place changes nothing about that; the log still gives what it has.
    std::fs::write(copy.file("a.quire"), b"").unwrap();
    assert_eq!(kind(open(&copy.file("a.quire"))), ErrorKind::Corrupted);
    assert_eq!(
        dump(&copy.file("a.quire"), |_| Ok(())).unwrap().documents_count,
        1 + 1
    );
}

/// A mount that goes when it is dropped.
pub struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn run(program: &str, arguments: &[&str]) -> bool {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// Makes `folder` read-only, where the process may.
    fn bind_read_only(folder: &'a Path) -> Option<Mount<'a>> {
        let path = folder.to_str()?;
        if !Mount::run("mount", &["--bind", path, path]) {
            return None;
        }
        let mount = Mount(folder);
        Mount::run("mount", &["-o", "remount,bind,ro", path]).then_some(mount)
    }

    /// Puts an empty file system of `bytes` at `folder`, where the process may.
    pub fn small(folder: &'a Path, bytes: u64) -> Option<Mount<'a>> {
        let size = format!("size={bytes}");
        let path = folder.to_str()?;
        Mount::run("mount", &["-t", "tmpfs", "-o", &size, "quire", path]).then_some(Mount(folder))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        Mount::run("umount", &[self.0.to_str().unwrap_or_default()]);
    }
}
