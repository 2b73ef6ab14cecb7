//! A change stream: one reader's place in the history, and what it is told.
//!
//! A stream that resumes first reads what the replay of the log kept, or the log itself, until it meets the commits in
//! memory; from then on it must keep up with these. Promises: every committed change of its scope is told once, in the
//! order of commits, those of one commit together and in the order in which they were made; a stream too slow for the
//! memory that changes get ends with OVERFLOW, and `token` says where to go on. One call does a bounded amount of work.
//! Leaves to others: keeping changes (store/feed), the form of events (event.rs).

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::Sequence;
use crate::format::record::NO_STRUCTURES;
use crate::store::Store;
use crate::store::feed::{Awaited, Batch, ChangeKind, Recorded, Slot, Waker};
use crate::watch::event::{Detail, Surroundings, write_event, write_invalidate};
use crate::watch::history::{LogReader, Step};
use crate::watch::token::{Position, ResumeToken};
use crate::watch::{Resume, WatchOptions};

/// Changes that one call looks at, at most.
const LOOKS_MAX: usize = 10_000;

/// An open change stream.
pub struct Stream {
    store: Arc<Store>,
    options: WatchOptions,
    /// Number for the feed's wakers.
    number: u64,
    /// The change that is looked at next.
    at: Position,
    /// The commit of that change, once it was fetched.
    current: Option<Current>,
    source: Source,
    is_ended: bool,
}

/// A commit on its way to the reader. It is held, so memory that is short cannot cut it in two.
struct Current {
    batch: Arc<Batch>,
    /// The last change that is told.
    last_index: Option<usize>,
}

/// Where commits come from.
enum Source {
    /// The feed.
    Live,
    /// What came before; the reader of the log, once it is needed.
    Earlier(Option<Box<LogReader>>),
}

/// What `next_batch` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events that were appended.
    pub count: usize,
    /// Whether there may be more at once; else it pays to wait.
    pub has_more: bool,
    /// Whether the stream is over, because its collection is.
    pub is_ended: bool,
}

/// What is known of the commit to be read.
enum Fetched {
    Ready,
    /// There is more to read before it.
    Unfinished,
    NotYet,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.store.feed.disarm(self.number);
        self.store.unsubscribe(self.options.durable_only);
    }
}

impl Stream {
    /// Opens a stream of what is committed from now on, or from where `options.resume` says.
    ///
    /// Errors: `INVALID_ARGUMENT` for a token that is of another database or cannot be used like this; `HISTORY_LOST`
    /// when the changes behind it are not kept any more; `CLOSED`, `POISONED`, `IO`.
    pub fn open(store: Arc<Store>, options: WatchOptions) -> Result<Stream> {
        store.check_readable()?;
        let first = store.subscribe(options.durable_only);
        let mut stream = Stream {
            number: store.feed.new_subscriber(),
            at: Position::start_of(first),
            current: None,
            source: Source::Live,
            is_ended: false,
            store,
            options,
        };
        let resume = stream.options.resume;
        if let Some(resume) = resume {
            stream.resume(resume, first)?;
        }
        Ok(stream)
    }

    fn resume(&mut self, resume: Resume, first: Sequence) -> Result<()> {
        let token = match resume {
            Resume::After(token) if token.is_end() => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "the resume token is of an invalidate event: the stream ended with its collection; use startAfter",
                ));
            }
            Resume::After(token) | Resume::Start(token) => token,
        };
        self.at = token.position(&self.store.origin, Sequence(first.0 - 1))?;
        if matches!(self.store.feed.get(self.at.sequence), Slot::Gone) {
            let is_kept = matches!(self.store.feed.get_recovered(self.at.sequence), Slot::Kept(_));
            let reader = match is_kept {
                true => None,
                false => Some(self.open_log()?),
            };
            self.source = Source::Earlier(reader);
        }
        Ok(())
    }

    fn open_log(&self) -> Result<Box<LogReader>> {
        let reader = LogReader::open(&self.store, self.at.sequence)?;
        reader.map(Box::new).ok_or_else(|| {
            Error::new(
                ErrorKind::HistoryLost,
                format!(
                    "the changes from commit {} on are no longer kept: memory and log begin later; read the documents anew and watch from now on",
                    self.at.sequence.0
                ),
            )
        })
    }

    /// The token behind everything that was read, also what the filter left out.
    pub fn token(&self) -> ResumeToken {
        let token = ResumeToken::before(&self.store.origin, self.at);
        if self.is_ended { token.at_end() } else { token }
    }

    /// Passes over every change up to commit `sequence`, because they were seen otherwise.
    pub fn skip_to(&mut self, sequence: Sequence) {
        if self.at.sequence <= sequence {
            self.at = Position::start_of(sequence.next());
            self.current = None;
        }
    }

    /// Appends the next events to `out`, each one map of plain MessagePack: at most `events_max`, and no further one
    /// once `out` has `bytes_max` bytes. Does not wait. An error comes by itself, after the events before it.
    ///
    /// Errors: `OVERFLOW`, `HISTORY_LOST`, `CLOSED`, `POISONED`, `CORRUPTED`, and those of a filter's `$expr`.
    pub fn next_batch(&mut self, out: &mut Vec<u8>, events_max: usize, bytes_max: usize) -> Result<Progress> {
        let mut progress = Progress::default();
        for _ in 0..LOOKS_MAX {
            if self.is_ended || progress.count >= events_max || out.len() >= bytes_max {
                break;
            }
            let told = out.len();
            let looked = match self.fetch() {
                Ok(Fetched::Ready) => self.look(out),
                Ok(Fetched::NotYet) => return Ok(progress),
                Ok(Fetched::Unfinished) => break,
                Err(error) => Err(error),
            };
            match looked {
                Ok(count) => progress.count += count,
                // What was told is handed over; the next call meets the error again.
                Err(_) if progress.count > 0 => {
                    out.truncate(told);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        progress.is_ended = self.is_ended;
        progress.has_more = !self.is_ended;
        Ok(progress)
    }

    /// As `next_batch`, and waits up to `timeout` for the first event.
    pub fn wait_for_batch(
        &mut self,
        out: &mut Vec<u8>,
        events_max: usize,
        bytes_max: usize,
        timeout: Duration,
    ) -> Result<Progress> {
        let deadline = Instant::now() + timeout;
        loop {
            let progress = self.next_batch(out, events_max, bytes_max)?;
            if progress.count > 0 || progress.is_ended || Instant::now() >= deadline {
                return Ok(progress);
            }
            if !progress.has_more {
                self.store.feed.wait(self.awaited(&|| self.told()), deadline);
            }
        }
    }

    /// Has `waker` called once when there may be more to read. False when there may be already: then it is not called.
    pub fn arm(&self, waker: &Waker) -> bool {
        let told = || self.told();
        self.current.is_none()
            && matches!(self.source, Source::Live)
            && !self.is_ended
            && !self.store.is_closing()
            && self.store.feed.arm(self.number, self.awaited(&told), waker)
    }

    fn awaited<'a>(&self, told: &'a dyn Fn() -> Sequence) -> Awaited<'a> {
        Awaited {
            sequence: self.at.sequence,
            told,
        }
    }

    /// The last commit that may be told.
    fn told(&self) -> Sequence {
        if self.options.durable_only {
            self.store.durable_sequence()
        } else {
            Sequence(u64::MAX)
        }
    }

    /// Makes sure that `current` is the commit of `at`.
    fn fetch(&mut self) -> Result<Fetched> {
        self.store.check_readable()?;
        if self.store.is_closing() {
            return Err(Error::new(ErrorKind::Closed, "the database was closed"));
        }
        if self.current.is_some() {
            return Ok(Fetched::Ready);
        }
        if self.at.sequence > self.told() {
            return Ok(Fetched::NotYet);
        }
        let slot = self.store.feed.get(self.at.sequence);
        if !matches!(slot, Slot::Gone) {
            self.source = Source::Live;
        }
        let reader = match slot {
            Slot::Kept(batch) => return Ok(self.enter(batch)),
            Slot::NotYet => return Ok(Fetched::NotYet),
            Slot::Gone => match &mut self.source {
                Source::Live => return Err(self.overflow()),
                Source::Earlier(reader) => reader.take(),
            },
        };
        if let Slot::Kept(batch) = self.store.feed.get_recovered(self.at.sequence) {
            return Ok(self.enter(batch));
        }
        let mut reader = match reader {
            Some(reader) => reader,
            None => self.open_log()?,
        };
        let step = reader.read_to(self.at.sequence)?;
        if !matches!(step, Step::End) {
            self.source = Source::Earlier(Some(reader));
        }
        Ok(match step {
            Step::Found(batch) => self.enter(Arc::new(batch)),
            Step::Unfinished | Step::End => Fetched::Unfinished,
        })
    }

    fn overflow(&self) -> Error {
        Error::new(
            ErrorKind::Overflow,
            format!(
                "the change stream was read too slowly: the changes from commit {} on were let go to stay within {} bytes; resume after the last token, or give changes more memory",
                self.at.sequence.0, self.store.settings.watch_bytes
            ),
        )
    }

    fn enter(&mut self, batch: Arc<Batch>) -> Fetched {
        let last_index = (0..batch.len())
            .rev()
            .find(|index| batch.get(*index).is_some_and(|change| self.is_in_scope(&change)));
        self.current = Some(Current { batch, last_index });
        Fetched::Ready
    }

    /// Looks at one change, or passes over the end of a commit; how many events were appended.
    fn look(&mut self, out: &mut Vec<u8>) -> Result<usize> {
        let Some(Current { batch, last_index }) = &self.current else {
            return Ok(0);
        };
        let index = self.at.index;
        if last_index.is_none_or(|last| index > last) {
            self.at = Position::start_of(self.at.sequence.next());
            self.current = None;
            return Ok(0);
        }
        let is_last = *last_index == Some(index);
        // Behind the last change lies the next commit: whoever resumes there needs nothing of this one.
        let behind = match is_last {
            true => Position::start_of(self.at.sequence.next()),
            false => Position {
                index: index + 1,
                ..self.at
            },
        };
        let mut count = 0;
        if let Some(change) = batch.get(index).filter(|change| self.is_in_scope(change)) {
            let surroundings = Surroundings {
                token: ResumeToken::before(&self.store.origin, behind),
                sequence: self.at.sequence.0,
                index,
                is_last,
            };
            count += usize::from(self.tell(&change, &surroundings, out)?);
            if self.ends(&change) {
                let token = surroundings.token.at_end();
                write_invalidate(
                    &Surroundings {
                        token,
                        ..surroundings
                    },
                    out,
                );
                count += 1;
                self.is_ended = true;
            }
        }
        self.at = behind;
        if is_last {
            self.current = None;
        }
        Ok(count)
    }

    /// Appends the event of `change` unless it is filtered out; whether it did.
    fn tell(&self, change: &Recorded<'_>, surroundings: &Surroundings, out: &mut Vec<u8>) -> Result<bool> {
        let detail = match &self.options.matching {
            None if self.options.full_document => Detail::Full,
            None => Detail::Default,
            Some(filter) => match change.kind {
                ChangeKind::Insert | ChangeKind::Update | ChangeKind::Replace => {
                    let is_match = filter.matches(change.after, &change.collection.structures)?;
                    if !is_match && change.kind == ChangeKind::Insert {
                        return Ok(false);
                    }
                    if is_match { Detail::Document } else { Detail::Key }
                }
                _ => Detail::Key,
            },
        };
        let start = out.len();
        write_event(change, surroundings, detail, out)?;
        if let Some(filter) = &self.options.filter {
            let event = out.get(start..).unwrap_or_default();
            let matched = filter.matches(event, &NO_STRUCTURES);
            if !matches!(matched, Ok(true)) {
                out.truncate(start);
            }
            return matched;
        }
        Ok(true)
    }

    fn is_in_scope(&self, change: &Recorded<'_>) -> bool {
        change.kind != ChangeKind::Unchanged
            && self.options.collection.as_deref().is_none_or(|name| {
                *change.collection.name == *name
                    || change.kind == ChangeKind::Rename && change.after == name.as_bytes()
            })
    }

    /// Whether the stream is over behind `change`, which is in its scope.
    fn ends(&self, change: &Recorded<'_>) -> bool {
        self.options.collection.is_some()
            && !self.options.outlives_collection
            && matches!(change.kind, ChangeKind::Drop | ChangeKind::Rename)
    }
}
