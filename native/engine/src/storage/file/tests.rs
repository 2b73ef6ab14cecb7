//! Rules of files on a real file system.

use super::*;
use crate::storage::test_directory::TestDirectory;

#[test]
fn what_is_written_is_read_back_at_its_place() {
    let directory = TestDirectory::new("file_round_trip");
    let storage = FileStorage::new();
    let file = storage.open(&directory.file("a"), OpenMode::CreateNew).unwrap();
    file.write_at(5000, b"quire").unwrap();
    file.sync_data().unwrap();
    assert_eq!(file.len().unwrap(), 5005);
    let mut out = [9u8; 7];
    assert_eq!(file.read_at(4999, &mut out).unwrap(), 6);
    assert_eq!(&out, b"\0quire\x09");
    assert_eq!(file.read_at(6000, &mut out).unwrap(), 0);
    file.set_len(3).unwrap();
    assert_eq!(
        file.read_exact_at(0, &mut out).unwrap_err().kind(),
        ErrorKind::Corrupted
    );
}

#[test]
fn absent_present_directory_and_pipe_are_cannot_open() {
    let directory = TestDirectory::new("file_cannot_open");
    let storage = FileStorage::new();
    let kind = |path: &Path, mode| storage.open(path, mode).err().map(|error| error.kind());
    let absent = directory.file("absent");
    assert_eq!(kind(&absent, OpenMode::Read), Some(ErrorKind::CannotOpen));
    assert_eq!(kind(&absent, OpenMode::ReadWrite), Some(ErrorKind::CannotOpen));
    assert_eq!(kind(&absent, OpenMode::CreateOrOpen), None);
    assert_eq!(kind(&absent, OpenMode::CreateNew), Some(ErrorKind::CannotOpen));
    assert_eq!(
        kind(directory.path(), OpenMode::Read),
        Some(ErrorKind::CannotOpen)
    );
    assert_eq!(
        kind(directory.path(), OpenMode::CreateOrOpen),
        Some(ErrorKind::CannotOpen)
    );
    assert_eq!(
        kind(&directory.file("no/such/place"), OpenMode::CreateOrOpen),
        Some(ErrorKind::CannotOpen)
    );
    assert_eq!(
        kind(&directory.file("absent/through-a-file"), OpenMode::Read),
        Some(ErrorKind::CannotOpen)
    );
}

#[test]
fn create_or_open_keeps_what_is_there() {
    let directory = TestDirectory::new("file_keeps");
    let storage = FileStorage::new();
    let path = directory.file("a");
    storage
        .open(&path, OpenMode::CreateNew)
        .unwrap()
        .write_at(0, b"kept")
        .unwrap();
    assert_eq!(
        storage
            .open(&path, OpenMode::CreateOrOpen)
            .unwrap()
            .len()
            .unwrap(),
        4
    );
}

#[test]
fn write_through_a_read_only_handle_is_refused() {
    let directory = TestDirectory::new("file_read_only");
    let storage = FileStorage::new();
    let path = directory.file("a");
    storage.open(&path, OpenMode::CreateNew).unwrap();
    let file = storage.open(&path, OpenMode::Read).unwrap();
    assert_eq!(file.write_at(0, b"x").unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn rename_replaces_and_remove_of_an_absent_name_succeeds() {
    let directory = TestDirectory::new("file_names");
    let storage = FileStorage::new();
    let (from, to) = (directory.file("from"), directory.file("to"));
    storage
        .open(&from, OpenMode::CreateNew)
        .unwrap()
        .write_at(0, b"new")
        .unwrap();
    storage.open(&to, OpenMode::CreateNew).unwrap();
    storage.rename(&from, &to).unwrap();
    storage.sync_directory(&to).unwrap();
    assert!(!storage.exists(&from).unwrap());
    assert_eq!(storage.open(&to, OpenMode::Read).unwrap().len().unwrap(), 3);
    storage.remove(&to).unwrap();
    storage.remove(&to).unwrap();
    assert!(!storage.exists(&to).unwrap());
    assert_eq!(storage.rename(&from, &to).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn name_without_a_directory_lies_in_the_current_one() {
    FileStorage::new()
        .sync_directory(Path::new("quire-name-without-directory"))
        .unwrap();
}

#[test]
fn full_disk_is_disk_full() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    // A device is not a regular file, so the handle is built by hand.
    let file = OpenOptions::new().read(true).write(true).open(full).unwrap();
    let file = OpenFile {
        file,
        path: full.to_path_buf(),
        overwriter: Overwriter::default(),
    };
    assert_eq!(file.write_at(0, b"x").unwrap_err().kind(), ErrorKind::DiskFull);
}

#[test]
fn random_bytes_differ() {
    let (mut one, mut two) = ([0u8; 16], [0u8; 16]);
    FileStorage::new().random(&mut one).unwrap();
    FileStorage::new().random(&mut two).unwrap();
    assert_ne!(one, two);
}

#[test]
fn bytes_that_are_overwritten_are_read_back_across_windows_and_ends() {
    let directory = TestDirectory::new("file_overwrite");
    let path = directory.file("a");
    let file = FileStorage::new().open(&path, OpenMode::CreateNew).unwrap();
    let mut expected = vec![0; 700_000];
    file.write_at(0, &expected).unwrap();
    // Steps that meet the ends of windows, sizes that are too large for them, and the file's short last piece.
    let mut at = 0;
    for (round, count) in [250, 4096, 16_384, 20_000, 7].into_iter().cycle().enumerate() {
        if at + count > expected.len() {
            break;
        }
        let bytes = vec![round as u8 + 1; count];
        file.overwrite_at(at as u64, &bytes).unwrap();
        expected[at..at + count].copy_from_slice(&bytes);
        at += count;
    }
    let mut content = vec![0; expected.len()];
    file.read_exact_at(0, &mut content).unwrap();
    assert!(content == expected);
    file.set_len(300_000).unwrap();
    file.overwrite_at(299_990, b"short file").unwrap();
    file.overwrite_at(0, b"first").unwrap();
    let mut end = [0; 10];
    file.read_exact_at(299_990, &mut end).unwrap();
    assert_eq!(&end, b"short file");
    assert_eq!(file.len().unwrap(), 300_000);
}
