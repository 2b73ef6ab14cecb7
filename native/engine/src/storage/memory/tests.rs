//! Rules of files in memory.

use super::*;
use crate::error::ErrorKind;

#[test]
fn files_in_memory_behave_as_files() {
    let storage = MemoryStorage::new();
    let path = Path::new("a");
    assert_eq!(
        storage.open(path, OpenMode::ReadWrite).err().unwrap().kind(),
        ErrorKind::CannotOpen
    );
    let file = storage.open(path, OpenMode::CreateNew).unwrap();
    assert_eq!(
        storage.open(path, OpenMode::CreateNew).err().unwrap().kind(),
        ErrorKind::CannotOpen
    );
    file.write_at(3, b"abc").unwrap();
    let mut out = [7u8; 8];
    assert_eq!(file.read_at(1, &mut out).unwrap(), 5);
    assert_eq!(&out[..5], b"\0\0abc");
    assert_eq!(file.read_at(u64::MAX, &mut out).unwrap(), 0);
    file.set_len(4).unwrap();
    file.set_len(6).unwrap();
    file.read_exact_at(0, &mut out[..6]).unwrap();
    assert_eq!(&out[..6], b"\0\0\0a\0\0");
    let reader = storage.open(path, OpenMode::Read).unwrap();
    assert_eq!(reader.write_at(0, b"x").unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(reader.len().unwrap(), 6);
}

#[test]
fn open_file_outlives_its_name() {
    let storage = MemoryStorage::new();
    let (from, to) = (Path::new("from"), Path::new("to"));
    let file = storage.open(from, OpenMode::CreateNew).unwrap();
    file.write_at(0, b"x").unwrap();
    storage.rename(from, to).unwrap();
    assert!(!storage.exists(from).unwrap());
    storage.remove(to).unwrap();
    assert_eq!(file.len().unwrap(), 1);
    assert_eq!(storage.rename(from, to).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn write_past_all_memory_is_an_error() {
    let storage = MemoryStorage::new();
    let file = storage.open(Path::new("a"), OpenMode::CreateNew).unwrap();
    assert_eq!(
        file.write_at(u64::MAX, b"xy").unwrap_err().kind(),
        ErrorKind::OutOfMemory
    );
    assert_eq!(file.set_len(1 << 62).unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(file.len().unwrap(), 0);
}

#[test]
fn locks_in_memory_exclude_as_locks_of_files_do() {
    let storage = MemoryStorage::new();
    let path = Path::new("a");
    let refused = |mode| storage.lock(path, mode).err().map(|error| error.kind()) == Some(ErrorKind::Locked);
    let writer = storage.lock(path, LockMode::Exclusive).unwrap();
    assert!(refused(LockMode::Exclusive) && refused(LockMode::Shared));
    drop(writer);
    let one = storage.lock(path, LockMode::Shared).unwrap();
    let two = storage.lock(path, LockMode::Shared).unwrap();
    drop(one);
    assert!(refused(LockMode::Exclusive));
    drop(two);
    assert!(!refused(LockMode::Exclusive));
}
