//! A piece of a file in memory, for overwriting it without a call to the operating system.
//!
//! What is written here is in the file at once for every process that reads it, survives the death of this
//! one, and is made durable by a sync of the file, as if it had been written with `write`. Promises: a window is
//! only given where writing to it needs neither room on the disk nor a read from it, because a refusal would
//! then be a signal (SIGBUS) instead of an error: on ext4 and tmpfs, over bytes that the file has, and with the
//! pages locked in memory. What remains is another program that cuts the file short meanwhile.
//! Leaves to others: what to do where there is no window (write to the file), and syncing.
//! Linux only; elsewhere, and under Miri, there are no windows.

use std::fs::File;
use std::io;

/// A writable mapping of part of a file.
pub struct FileWindow {
    platform: platform::Mapping,
}

impl FileWindow {
    /// Maps `bytes` bytes of `file` from `offset`, a multiple of 64 KiB, both below the file's end.
    ///
    /// Errors: `Unsupported` where windows are not safe on this system or file system; `InvalidInput` for a range
    /// that the file does not have; what the system says to a mapping, or to locking it in memory
    /// (`ulimit -l`).
    pub fn map(file: &File, offset: u64, bytes: usize) -> io::Result<FileWindow> {
        platform::Mapping::new(file, offset, bytes).map(|platform| FileWindow { platform })
    }

    /// Copies `bytes` to byte `at` of the window; false when they do not fit, and nothing is written then.
    #[inline]
    pub fn write(&mut self, at: usize, bytes: &[u8]) -> bool {
        match at.checked_add(bytes.len()) {
            Some(end) if end <= self.platform.bytes() => {
                self.platform.copy_in(at, bytes);
                true
            }
            _ => false,
        }
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod platform {
    use std::fs::File;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;
    use std::ptr::{self, NonNull};

    /// File systems that overwrite blocks in place, so that a page that has blocks never needs new ones.
    const IN_PLACE_FILE_SYSTEMS: [u32; 2] = [0xef53, 0x0102_1994];

    pub(super) struct Mapping {
        start: NonNull<u8>,
        bytes: usize,
    }

    // SAFETY: the mapping is memory that no other value refers to; moving it to another thread moves that ownership.
    unsafe impl Send for Mapping {}

    impl Mapping {
        pub(super) fn new(file: &File, offset: u64, bytes: usize) -> io::Result<Mapping> {
            if !overwrites_in_place(file)? {
                return Err(io::ErrorKind::Unsupported.into());
            }
            let is_inside = offset
                .checked_add(bytes as u64)
                .is_some_and(|end| end <= file.metadata().map_or(0, |metadata| metadata.len()));
            let place = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
            if !is_inside || bytes == 0 {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            // SAFETY: a fresh mapping at an address the system chooses touches no other memory.
            let address = unsafe {
                libc::mmap(
                    ptr::null_mut(),
                    bytes,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED,
                    file.as_raw_fd(),
                    place,
                )
            };
            if address == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let start = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
            let mapping = Mapping { start, bytes };
            // Reads every page in and keeps it there: an error of the disk is an error here, and no signal later.
            // SAFETY: the range is the mapping made above.
            if unsafe { libc::mlock(address, bytes) } != 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(mapping)
        }

        pub(super) fn bytes(&self) -> usize {
            self.bytes
        }

        #[inline]
        pub(super) fn copy_in(&mut self, at: usize, bytes: &[u8]) {
            // SAFETY: the caller checked that `at..at + bytes.len()` is inside the mapping; `&mut self` makes this the
            // only access to it in the process; `bytes` cannot overlap it, because no reference into it is given out.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(at), bytes.len()) };
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: start and length are those of the mapping, and nothing refers to it any more.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
        }
    }

    fn overwrites_in_place(file: &File) -> io::Result<bool> {
        let mut facts = MaybeUninit::<libc::statfs>::zeroed();
        // SAFETY: fstatfs fills the structure it is given; all-zero is a valid value before that.
        let facts = unsafe {
            if libc::fstatfs(file.as_raw_fd(), facts.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            facts.assume_init()
        };
        Ok(IN_PLACE_FILE_SYSTEMS.contains(&(facts.f_type as u32)))
    }
}

#[cfg(any(miri, not(target_os = "linux")))]
mod platform {
    use std::fs::File;
    use std::io;

    pub(super) enum Mapping {}

    impl Mapping {
        pub(super) fn new(_file: &File, _offset: u64, _bytes: usize) -> io::Result<Mapping> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) fn bytes(&self) -> usize {
            match *self {}
        }

        pub(super) fn copy_in(&mut self, _at: usize, _bytes: &[u8]) {
            match *self {}
        }
    }
}
