//! Windows on files: what is written to them is in the file, and nothing outside is touched.
#![cfg(all(target_os = "linux", not(miri), not(loom)))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use quire_frames::FileWindow;

const WINDOW_BYTES: usize = 64 << 10;

fn file_of_zeros(bytes: u64) -> File {
    let file = tempfile();
    file.set_len(bytes).unwrap();
    file
}

/// A file without a name.
fn tempfile() -> File {
    let path = std::env::temp_dir().join(format!(
        "quire-window-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

/// None where the tests run on a file system without windows.
fn mapped(file: &File, offset: u64) -> Option<FileWindow> {
    match FileWindow::map(file, offset, WINDOW_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
        other => Some(other.unwrap()),
    }
}

#[test]
fn what_is_written_to_a_window_is_in_the_file() {
    let mut file = file_of_zeros(3 * WINDOW_BYTES as u64);
    let Some(mut window) = mapped(&file, WINDOW_BYTES as u64) else {
        return;
    };
    assert!(window.write(10, b"frame"));
    assert!(window.write(WINDOW_BYTES - 3, b"end"));
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut content).unwrap();
    let mut expected = vec![0; 3 * WINDOW_BYTES];
    expected[WINDOW_BYTES + 10..][..5].copy_from_slice(b"frame");
    expected[2 * WINDOW_BYTES - 3..][..3].copy_from_slice(b"end");
    assert!(content == expected);
    drop(window);
    file.sync_data().unwrap();
}

#[test]
fn what_reaches_past_a_window_is_not_written() {
    let mut file = file_of_zeros(WINDOW_BYTES as u64);
    let Some(mut window) = mapped(&file, 0) else {
        return;
    };
    assert!(!window.write(WINDOW_BYTES - 2, b"end"));
    assert!(!window.write(usize::MAX, b"end"));
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    assert!(content.iter().all(|byte| *byte == 0));
}

#[test]
fn a_range_that_the_file_does_not_have_is_refused() {
    let file = file_of_zeros(WINDOW_BYTES as u64 - 1);
    if mapped(&file_of_zeros(WINDOW_BYTES as u64), 0).is_none() {
        return;
    }
    for offset in [0, WINDOW_BYTES as u64, u64::MAX - 5] {
        let refused = FileWindow::map(&file, offset, WINDOW_BYTES).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    }
}
