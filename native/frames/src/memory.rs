//! Reserved address space of the operating system: reserve, commit, decommit, release.
//!
//! Promises: reserved memory costs address space only; committed memory can be read and written and is
//! zero at its first use; decommitted memory costs nothing and holds anything when it is committed again.
//! Commit and decommit take whole granules (pages of the operating system: 4 KB, on some machines 16 or 64).
//! Leaves to others: what the memory holds (segment.rs) and who may touch it (state.rs).
//! Under Miri, and on systems with neither mmap nor VirtualAlloc, memory comes from the allocator.

pub(crate) use platform::{commit, decommit, granule_bytes, merge, release, reserve};

#[cfg(all(unix, not(miri)))]
mod platform {
    use std::io;
    use std::ptr::{self, NonNull};

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    const RESERVE_FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    const RESERVE_FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const DECOMMIT_ADVICE: libc::c_int = libc::MADV_DONTNEED;
    #[cfg(target_vendor = "apple")]
    const DECOMMIT_ADVICE: libc::c_int = libc::MADV_FREE_REUSABLE;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    const DECOMMIT_ADVICE: libc::c_int = libc::MADV_FREE;

    /// Reserves `bytes` of zero memory such that the byte at `offset` is aligned to `alignment`, a power of two.
    ///
    /// Errors: the system has no address space left or forbids so large a mapping (`ulimit -v`).
    pub(crate) fn reserve(bytes: usize, alignment: usize, offset: usize) -> io::Result<NonNull<u8>> {
        // SAFETY: a fresh private anonymous mapping at an address the system chooses touches no other memory.
        let mapped = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes + alignment,
                libc::PROT_READ | libc::PROT_WRITE,
                RESERVE_FLAGS,
                -1,
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // Both offset and mapping are whole granules, so what is too much at either end is as well.
        let before = (alignment - (mapped as usize + offset) % alignment) % alignment;
        let address = mapped.wrapping_byte_add(before);
        // SAFETY: the two ranges are the ends of the mapping made above, and nothing refers to them.
        unsafe {
            if before > 0 {
                libc::munmap(mapped, before);
            }
            if before < alignment {
                libc::munmap(address.wrapping_byte_add(bytes), alignment - before);
            }
        }
        // A huge page would make 2 MB resident for each page touched and break the budget; `merge` makes one where
        // most of it is in use. The advice may be unknown to the kernel; then it has no huge pages.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: the range is the mapping made above; the advice changes no content.
        unsafe {
            libc::madvise(address, bytes, libc::MADV_NOHUGEPAGE);
        }
        NonNull::new(address.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
    }

    /// Gives a whole reservation back.
    ///
    /// # Safety
    /// `start` and `bytes` are those of one `reserve`, and nothing refers to the memory any more.
    pub(crate) unsafe fn release(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller passes one whole mapping that is no longer used.
        unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
    }

    /// Makes a range of whole granules usable.
    ///
    /// # Safety
    /// The range lies inside one reservation.
    pub(crate) unsafe fn commit(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
        // The first touch commits; macOS also wants to hear that freed pages are counted again.
        #[cfg(target_vendor = "apple")]
        // SAFETY: the range is inside a mapping of ours; the advice changes no content in use.
        unsafe {
            libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_FREE_REUSE);
        }
        #[cfg(not(target_vendor = "apple"))]
        let _ = (start, bytes);
        Ok(())
    }

    /// Gives the memory of a range of whole granules back. A refusal (memory locked by `mlockall`) only
    /// means that the memory stays.
    ///
    /// # Safety
    /// The range lies inside one reservation, and nobody reads or writes it meanwhile.
    pub(crate) unsafe fn decommit(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller owns the range, and its content is not needed.
        unsafe { libc::madvise(start.as_ptr().cast(), bytes, DECOMMIT_ADVICE) };
    }

    /// Asks for one huge page in the place of the small ones of an aligned block, most of which are in use: whoever
    /// reads it waits less for the translation of addresses. False where the system does not do this at all.
    ///
    /// # Safety
    /// The block lies inside one reservation.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) unsafe fn merge(start: NonNull<u8>, bytes: usize) -> bool {
        /// `MADV_COLLAPSE` of Linux 6.1.
        const COLLAPSE: libc::c_int = 25;
        let address = start.as_ptr().cast();
        // SAFETY: the range is inside a mapping of ours; the advice changes no content, and other threads may use it
        // meanwhile. The last advice keeps what was merged, and keeps the kernel from merging sparse blocks later.
        unsafe {
            libc::madvise(address, bytes, libc::MADV_HUGEPAGE);
            let is_merged = libc::madvise(address, bytes, COLLAPSE) == 0;
            let is_known = is_merged || *libc::__errno_location() != libc::EINVAL;
            libc::madvise(address, bytes, libc::MADV_NOHUGEPAGE);
            is_known
        }
    }

    /// Other systems decide by themselves.
    ///
    /// # Safety
    /// None here.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) unsafe fn merge(_start: NonNull<u8>, _bytes: usize) -> bool {
        false
    }

    /// Bytes of a granule.
    pub(crate) fn granule_bytes() -> usize {
        // SAFETY: sysconf with a constant name has no requirements.
        let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(bytes).unwrap_or(crate::PAGE_BYTES)
    }
}

#[cfg(all(windows, not(miri)))]
mod platform {
    use std::io;
    use std::mem::MaybeUninit;
    use std::ptr::{self, NonNull};
    use windows_sys::Win32::System::Memory::{
        MEM_COMMIT, MEM_DECOMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree,
    };
    use windows_sys::Win32::System::SystemInformation::{GetSystemInfo, SYSTEM_INFO};

    /// Reserves `bytes` of address space; alignment beyond the system's serves huge pages, which are not asked for here.
    pub(crate) fn reserve(bytes: usize, _alignment: usize, _offset: usize) -> io::Result<NonNull<u8>> {
        // SAFETY: a reservation at an address the system chooses touches no other memory.
        let address = unsafe { VirtualAlloc(ptr::null(), bytes, MEM_RESERVE, PAGE_READWRITE) };
        NonNull::new(address.cast()).ok_or_else(io::Error::last_os_error)
    }

    /// Gives a whole reservation back.
    ///
    /// # Safety
    /// `start` is that of one `reserve`, and nothing refers to the memory any more.
    pub(crate) unsafe fn release(start: NonNull<u8>, _bytes: usize) {
        // SAFETY: the caller passes one whole reservation that is no longer used.
        unsafe { VirtualFree(start.as_ptr().cast(), 0, MEM_RELEASE) };
    }

    /// Makes a range of whole granules usable; what is committed already keeps its content.
    ///
    /// Errors: the system's commit limit is reached.
    ///
    /// # Safety
    /// The range lies inside one reservation.
    pub(crate) unsafe fn commit(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
        // SAFETY: the range is inside a reservation of ours.
        let address = unsafe { VirtualAlloc(start.as_ptr().cast(), bytes, MEM_COMMIT, PAGE_READWRITE) };
        if address.is_null() {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }

    /// Gives the memory of a range of whole granules back.
    ///
    /// # Safety
    /// The range lies inside one reservation, and nobody reads or writes it until it is committed again.
    pub(crate) unsafe fn decommit(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller owns the range, and its content is not needed.
        unsafe { VirtualFree(start.as_ptr().cast(), bytes, MEM_DECOMMIT) };
    }

    /// Large pages of Windows are for privileged programs: there are none.
    ///
    /// # Safety
    /// None here.
    pub(crate) unsafe fn merge(_start: NonNull<u8>, _bytes: usize) -> bool {
        false
    }

    /// Bytes of a granule.
    pub(crate) fn granule_bytes() -> usize {
        let mut info = MaybeUninit::<SYSTEM_INFO>::zeroed();
        // SAFETY: GetSystemInfo fills the structure it is given; all-zero is a valid SYSTEM_INFO before that.
        let info = unsafe {
            GetSystemInfo(info.as_mut_ptr());
            info.assume_init()
        };
        info.dwPageSize as usize
    }
}

#[cfg(any(miri, not(any(unix, windows))))]
mod platform {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::io;
    use std::ptr::NonNull;

    fn layout(bytes: usize) -> io::Result<Layout> {
        Layout::from_size_align(bytes, crate::PAGE_BYTES)
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))
    }

    /// Allocates `bytes` of zero memory; there are no huge pages to align to.
    pub(crate) fn reserve(bytes: usize, _alignment: usize, _offset: usize) -> io::Result<NonNull<u8>> {
        if bytes == 0 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_zeroed(layout(bytes)?) };
        NonNull::new(start).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
    }

    /// Frees a whole allocation.
    ///
    /// # Safety
    /// `start` and `bytes` are those of one `reserve`, and nothing refers to the memory any more.
    pub(crate) unsafe fn release(start: NonNull<u8>, bytes: usize) {
        if let Ok(layout) = layout(bytes) {
            // SAFETY: the layout is the one of the allocation, which is no longer used.
            unsafe { dealloc(start.as_ptr(), layout) };
        }
    }

    /// Nothing to do: an allocation is usable as it is.
    ///
    /// # Safety
    /// None here; the other platforms have requirements.
    pub(crate) unsafe fn commit(_start: NonNull<u8>, _bytes: usize) -> io::Result<()> {
        Ok(())
    }

    /// Overwrites the range, so that Miri's tests see whoever still reads it.
    ///
    /// # Safety
    /// The range lies inside one reservation, and nobody reads or writes it meanwhile.
    pub(crate) unsafe fn decommit(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller owns the range, and its content is not needed.
        unsafe { start.as_ptr().write_bytes(0xdd, bytes) };
    }

    /// There are no huge pages here.
    ///
    /// # Safety
    /// None here; the other platforms have requirements.
    pub(crate) unsafe fn merge(_start: NonNull<u8>, _bytes: usize) -> bool {
        false
    }

    /// Bytes of a granule.
    pub(crate) fn granule_bytes() -> usize {
        crate::PAGE_BYTES
    }
}
