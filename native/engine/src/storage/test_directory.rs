//! A directory for one test, removed when the test ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

/// A new empty directory under the system's temporary one.
pub(crate) struct TestDirectory(PathBuf);

impl TestDirectory {
    /// The directory of the test `name`; the process id keeps runs apart.
    pub(crate) fn new(name: &str) -> TestDirectory {
        let path = std::env::temp_dir().join(format!("quire-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        TestDirectory(path)
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of `name` in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
