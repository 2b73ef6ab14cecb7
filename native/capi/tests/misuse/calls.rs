//! One thread of the campaign: which call comes next, and what has to be true of its answer.

use std::ptr;

use quire::*;

use crate::Shared;
use crate::material::{Given, Material, Random, Sort};

/// Kinds of calls that `Caller::call` chooses from.
pub const KINDS: usize = 40;
/// Databases that one thread keeps open at a time.
const DATABASES_MAX: usize = 3;
/// Handles that one thread remembers.
const OWN_MAX: usize = 32;
/// Kinds of handles, by the bits that say so; what a handle is inside is nobody's business but this campaign's.
const DATABASE: &[u64] = &[1];
const COLLECTION: &[u64] = &[2, 4];
const TARGET: &[u64] = &[1, 2, 2, 4];
const TRANSACTION: &[u64] = &[3];
const CURSOR: &[u64] = &[5];
const STREAM: &[u64] = &[6];

fn kind_of(handle: u64) -> u64 {
    handle >> 52 & 0xf
}

/// Number of the status INTERNAL, which no call may give.
const INTERNAL: i32 = QuireStatus::QuireInternal as i32;

/// A thread's state.
pub struct Caller<'a> {
    random: Random,
    shared: &'a Shared,
    material: Material,
    folder: &'a str,
    /// The last handles that this thread got, open or not.
    own: Vec<u64>,
    databases: Vec<u64>,
    buffers: [QuireBuffer; 3],
    pub calls_count: u64,
    /// How many calls of each kind succeeded.
    pub done_counts: [u64; KINDS],
}

impl<'a> Caller<'a> {
    pub fn new(random: Random, shared: &'a Shared, folder: &'a str) -> Caller<'a> {
        Caller {
            random,
            shared,
            material: Material::new(),
            folder,
            own: Vec::new(),
            databases: Vec::new(),
            buffers: [QuireBuffer::new(), QuireBuffer::new(), QuireBuffer::new()],
            calls_count: 0,
            done_counts: [0; KINDS],
        }
    }

    /// A handle: mostly one of this thread's last of these kinds, else any of them, another thread's, a stale one, or a
    /// number that is near one.
    fn handle(&mut self, kinds: &[u64]) -> u64 {
        let random = &mut self.random;
        match random.below(16) {
            0 => random.next(),
            1 => self.shared.pick(random).wrapping_add(1 << random.below(64)),
            2 => *random.pick(&[0, 1]),
            3 | 4 => self.shared.pick(random),
            5 if !self.own.is_empty() => *random.pick(&self.own),
            _ => {
                let is_wanted = |handle: &&u64| kinds.contains(&kind_of(**handle));
                let known: Vec<u64> = self.own.iter().rev().filter(is_wanted).take(4).copied().collect();
                if known.is_empty() { 1 } else { *random.pick(&known) }
            }
        }
    }

    fn give(&mut self, sort: Sort) -> Given {
        self.material.give(sort, &mut self.random)
    }

    fn durability(&mut self) -> i32 {
        *self.random.pick(&[0, 0, 0, 1, 3, 3, 4, -1, i32::MAX])
    }

    /// One of the buffers, or NULL.
    fn buffer(&mut self) -> *mut QuireBuffer {
        match self.random.below(16) {
            0 => ptr::null_mut(),
            number => &mut self.buffers[number as usize % 3],
        }
    }

    /// NULL once in ten times.
    fn place<T>(&mut self, place: &mut T) -> *mut T {
        if self.random.once_in(10) {
            ptr::null_mut()
        } else {
            place
        }
    }

    /// Makes one call and looks at its answer.
    pub fn call(&mut self) {
        let kind = self.random.below(KINDS as u64);
        let (status, buffer) = match kind {
            0..=3 => (self.open(), ptr::null_mut()),
            4..=16 => self.call_on_documents(kind),
            17..=27 => self.call_for_handles(kind),
            _ => self.call_for_bytes(kind),
        };
        self.calls_count += 1;
        self.done_counts[kind as usize] += u64::from(status == 0);
        assert!(
            (0..=QuireStatus::QuireForked as i32).contains(&status),
            "status {status}"
        );
        assert_ne!(status, INTERNAL, "call {kind} found a bug: {}", last_message());
        // SAFETY: the buffer is NULL or one of this thread's.
        if let Some(buffer) = unsafe { buffer.as_ref() } {
            assert!(buffer.length <= buffer.capacity);
            assert!(
                status == 0 || buffer.length == 0,
                "call {kind} failed and left a result"
            );
        }
    }

    fn open(&mut self) -> i32 {
        if self.databases.len() >= DATABASES_MAX {
            let place = self.random.below(DATABASES_MAX as u64) as usize;
            return quire_close(self.databases.swap_remove(place));
        }
        let path = match self.random.below(100) {
            0 => format!("{}/shared.quire", self.folder),
            1 | 2 => String::new(),
            3 | 4 => format!("{}/no/such/folder", self.folder),
            _ => ":memory:".to_owned(),
        };
        let options = self.give(Sort::Open);
        let mut handle = 0;
        let place = self.place(&mut handle);
        // SAFETY: pointers are of live values, with lengths that are theirs or refused; so in all calls of this file.
        let status = unsafe {
            quire_open(
                path.as_ptr().cast(),
                path.len(),
                options.pointer(),
                options.length(),
                place,
            )
        };
        if status == 0 {
            self.databases.push(handle);
            self.got(handle);
            let mut users = 0;
            // SAFETY: as above.
            if unsafe { quire_collection(handle, c"users".as_ptr(), 5, &mut users) } == 0 {
                self.got(users);
            }
        }
        status
    }

    fn got(&mut self, handle: u64) {
        if self.own.len() == OWN_MAX {
            self.own.remove(0);
        }
        self.own.push(handle);
        self.shared.keep(&mut self.random, handle);
    }

    fn call_on_documents(&mut self, kind: u64) -> (i32, *mut QuireBuffer) {
        let (handle, durability, buffer) = (self.handle(COLLECTION), self.durability(), self.buffer());
        let (id, document) = (self.give(Sort::Id), self.give(Sort::Document));
        let update = self.give(Sort::Update);
        let (mut flag, mut other, mut count) = (false, false, 0);
        let (flag, other, count) = (
            self.place(&mut flag),
            self.place(&mut other),
            self.place(&mut count),
        );
        let (id, id_length) = (id.pointer(), id.length());
        let (body, body_length) = (document.pointer(), document.length());
        let nothing = ptr::null_mut();
        // SAFETY: as in `open`.
        unsafe {
            match kind {
                4..=6 => (
                    quire_insert(handle, body, body_length, durability, buffer),
                    buffer,
                ),
                7 => (
                    quire_insert_many(handle, body, body_length, durability, buffer, count),
                    buffer,
                ),
                8 | 9 => (quire_get(handle, id, id_length, buffer, flag), buffer),
                10 => (quire_has(handle, id, id_length, flag), nothing),
                11 => (quire_put(handle, body, body_length, durability, flag), nothing),
                12 => (
                    quire_replace(handle, id, id_length, body, body_length, durability, flag),
                    nothing,
                ),
                13 => {
                    let (update, length) = (update.pointer(), update.length());
                    let status = quire_update(handle, id, id_length, update, length, durability, flag, other);
                    (status, nothing)
                }
                14 => (quire_delete(handle, id, id_length, durability, flag), nothing),
                15 => (quire_clear(handle, durability, count), nothing),
                _ => {
                    let filter = self.give(Sort::Filter);
                    (
                        quire_count(handle, filter.pointer(), filter.length(), count),
                        nothing,
                    )
                }
            }
        }
    }

    /// Calls that make and end handles.
    fn call_for_handles(&mut self, kind: u64) -> (i32, *mut QuireBuffer) {
        let ending = self.random.below(4);
        let handle = self.handle(match (kind, ending) {
            (19, _) => TARGET,
            (21, _) | (26, 0 | 1) => TRANSACTION,
            (26, 2) => CURSOR,
            (26, _) => STREAM,
            (27, _) => COLLECTION,
            _ => DATABASE,
        });
        let (name, to) = (self.give(Sort::Name), self.give(Sort::Name));
        let (find, watch, begin) = (
            self.give(Sort::Cursor),
            self.give(Sort::Watch),
            self.give(Sort::Begin),
        );
        let (mut made, mut flag) = (0, false);
        let (place, flag) = (self.place(&mut made), self.place(&mut flag));
        // SAFETY: as in `open`.
        let status = unsafe {
            match kind {
                17 | 18 => quire_collection(handle, name.text(), name.length(), place),
                19 => quire_find(handle, find.pointer(), find.length(), place),
                20 => quire_begin(handle, begin.pointer(), begin.length(), place),
                21 => quire_transaction_collection(handle, name.text(), name.length(), place),
                22 => quire_watch(handle, watch.pointer(), watch.length(), place),
                23 => quire_create_collection(handle, name.text(), name.length(), ptr::null(), 0),
                24 => quire_drop_collection(handle, name.text(), name.length(), flag),
                25 => quire_rename_collection(handle, name.text(), name.length(), to.text(), to.length()),
                26 => match ending {
                    0 => quire_commit(handle),
                    1 => quire_rollback(handle),
                    2 => quire_cursor_close(handle),
                    _ => quire_watch_close(handle),
                },
                _ => match self.random.below(6) {
                    0 => quire_close(handle),
                    _ => quire_collection_close(handle),
                },
            }
        };
        if status == 0 && made != 0 {
            self.got(made);
        }
        (status, ptr::null_mut())
    }

    /// Calls that give bytes.
    fn call_for_bytes(&mut self, kind: u64) -> (i32, *mut QuireBuffer) {
        let handle = self.handle(match kind {
            28 | 29 => TARGET,
            30 | 31 => CURSOR,
            32 | 33 => STREAM,
            34 => DATABASE,
            _ => COLLECTION,
        });
        let (durability, buffer) = (self.durability(), self.buffer());
        let (request, json, bytes) = (
            self.give(Sort::Request),
            self.give(Sort::Json),
            self.give(Sort::Document),
        );
        let (mut count, mut flag) = (0, false);
        let (count, flag) = (self.place(&mut count), self.place(&mut flag));
        let (limit, text, length) = (self.random.below(5), json.text(), json.length());
        // SAFETY: as in `open`.
        let status = unsafe {
            match kind {
                28 | 29 => quire_command(handle, request.pointer(), request.length(), durability, buffer),
                30 | 31 => quire_cursor_next(handle, limit, limit as usize * 20, buffer, count),
                32 => {
                    let wait_ms = *self.random.pick(&[0, 0, 0, 0, 0, 0, 0, 0, 1, -2, i64::MIN]);
                    quire_watch_next(handle, limit, 0, wait_ms, buffer, count)
                }
                33 => quire_watch_token(handle, buffer),
                34 => match self.random.below(12) {
                    0 => quire_check(handle, buffer),
                    1 => quire_sync(handle),
                    2 => quire_checkpoint(handle),
                    3 => quire_expire(handle, count),
                    4 => quire_compact(handle, buffer),
                    5..=7 => quire_collections(handle, buffer),
                    _ => quire_stats(handle, buffer),
                },
                35 => quire_json_to_msgpack(text, length, buffer),
                36 => quire_msgpack_to_json(bytes.pointer(), bytes.length(), buffer),
                37 => quire_insert_json(handle, text, length, durability, buffer),
                38 => quire_get_json(handle, text, length, buffer, flag),
                _ => match self.random.below(3) {
                    0 => quire_find_json(handle, text, length, buffer),
                    1 => quire_command_json(handle, text, length, durability, buffer),
                    _ => {
                        quire_buffer_free(buffer);
                        0
                    }
                },
            }
        };
        // Calls without a buffer look at none, and leave what another one left.
        let has_buffer = kind != 34;
        (status, if has_buffer { buffer } else { ptr::null_mut() })
    }

    /// Ends a sequence: now and then everything that it made.
    pub fn let_go(&mut self) {
        if self.random.once_in(20) {
            self.close_all();
        }
    }

    /// Closes what this thread opened.
    pub fn close_all(&mut self) {
        for handle in self.databases.drain(..) {
            let status = quire_close(handle);
            assert_ne!(status, INTERNAL, "{}", last_message());
        }
        self.own.clear();
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        for buffer in &mut self.buffers {
            // SAFETY: the buffer is zero or was filled by the library.
            unsafe { quire_buffer_free(buffer) };
        }
    }
}

fn last_message() -> String {
    let mut message = ptr::null();
    // SAFETY: the text stays until this thread's next failure.
    unsafe {
        quire_last_error(&mut message, ptr::null_mut(), ptr::null_mut());
        std::ffi::CStr::from_ptr(message).to_string_lossy().into_owned()
    }
}
