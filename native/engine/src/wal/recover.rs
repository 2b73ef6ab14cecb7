//! Reading the log after a crash: which commits count, and what is damage.
//!
//! 1. The heads. A log of another database, of a later format, or with an unreadable head is refused. A file of
//!    zeros is a creation that was cut off. A head or attest record of a later epoch than the data file's header
//!    says that the newest header is damaged.
//! 2. The frames, generation by generation, as long as each is whole and has the next number. An older
//!    generation ends where the next one begins.
//! 3. At the first frame that is missing, everything behind it is searched. Where a frame or an attest record
//!    says that the missing commit had been durable, the log is damaged. Otherwise a power cut lost what nobody
//!    had been promised, and the rest is dropped with it.
//!
//! Promises: writes nothing; what was acknowledged at `disk` is visited or `CORRUPTED` is reported. Only damage
//! to the last frames, which no later frame and no attest record vouches for, looks like a torn write.
//! Leaves to others: what a payload does (the visitor), and writing the accepted commits anew (database.rs).

use std::path::Path;

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::log_frame::{
    ATTEST_AT, ATTEST_BYTES, Attest, FRAME_ALIGN, FRAME_HEAD_BYTES, FRAMES_AT, FrameHead, FrameSeal,
    LOG_FORMAT, LogHead, LogHeadState,
};
use crate::format::page::{FileId, Sequence};
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::storage::{OpenMode, Storage};
use crate::wal::window::Window;
use crate::wal::{SLOTS, log_path, read_head};

/// What recovery found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The last commit that counts; the data file's own where the log adds none.
    pub last_sequence: Sequence,
    /// Commits that were visited.
    pub frames: u64,
    /// Whole frames that were dropped, because an earlier one that nobody had been promised is missing.
    pub dropped_frames: u64,
    /// Bytes of those frames.
    pub dropped_bytes: u64,
}

/// A generation found on disk.
pub(super) struct Found {
    pub(super) head: LogHead,
    attest: Option<Attest>,
    seal: FrameSeal,
    window: Window,
    /// The first commit of the next generation, from which on frames here do not count.
    pub(super) end: Sequence,
    pub(super) path: String,
}

/// A place in the log.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Index of the generation.
    pub(super) generation: usize,
    pub(super) offset: u64,
}

/// Visits every commit after `after` that the log of the database at `base_path` holds, in order.
///
/// `after` and `epoch` are those of the data file's header. Errors: `CORRUPTED` as above;
/// `UNSUPPORTED_FORMAT` for a log of a later release; `IO`; `OUT_OF_MEMORY`; and whatever `visit` returns.
pub fn recover(
    storage: &dyn Storage,
    base_path: &Path,
    file_id: FileId,
    after: Sequence,
    epoch: u64,
    mut visit: impl FnMut(Sequence, &[u8]) -> Result<()>,
) -> Result<Recovered> {
    if after.0 >= u64::MAX - 1 {
        return Err(Error::new(
            ErrorKind::Corrupted,
            "the data file's header has an impossible commit number",
        ));
    }
    let mut generations = find_generations(storage, base_path, file_id, epoch)?;
    if let Some(first) = generations.first()
        && first.head.start > after.next()
    {
        let message = format!(
            "{} begins with commit {}, but the data file ends with commit {}: a log file or the newest header of the data file is gone; restore a backup",
            first.path, first.head.start.0, after.0
        );
        return Err(Error::new(ErrorKind::Corrupted, message));
    }
    let mut found = Recovered {
        last_sequence: after,
        ..Recovered::default()
    };
    let mut stopped = None;
    for (index, generation) in generations.iter_mut().enumerate() {
        if generation.end <= after.next() {
            continue;
        }
        generation.refuse_if_shorter(generation.head.durable_bytes)?;
        let reached = generation.replay(after, &mut found, &mut visit)?;
        // The live generation has no end of its own: it stops where no frame follows.
        if generation.end != found.last_sequence.next() {
            stopped = Some(Place {
                generation: index,
                offset: reached,
            });
            break;
        }
    }
    if let Some(place) = stopped {
        judge_rest(&mut generations, place, &mut found)?;
    }
    Ok(found)
}

/// Reads the heads of both files; the older generation comes first.
fn find_generations(
    storage: &dyn Storage,
    base_path: &Path,
    file_id: FileId,
    epoch: u64,
) -> Result<Vec<Found>> {
    let mut generations = Vec::with_capacity(SLOTS);
    for slot in 0..SLOTS {
        let path = log_path(base_path, slot);
        if storage.exists(&path)?
            && let Some(found) = find_generation(storage, &path, file_id)?
        {
            generations.push(found);
        }
    }
    generations.sort_by_key(|found: &Found| found.head.generation);
    if let [older, newer] = &mut generations[..] {
        if older.head.generation == newer.head.generation || older.head.start > newer.head.start {
            return Err(corrupted(
                &newer.path,
                "contradicts the other log file; one of them is a stray copy",
            ));
        }
        older.end = newer.head.start;
    }
    for found in &generations {
        let epoch_seen = found
            .head
            .epoch
            .max(found.attest.map_or(0, |attest| attest.epoch));
        if epoch_seen > epoch {
            let what = format!(
                "was written under header {epoch_seen} of the data file, but the newest readable header is {epoch}: the newest header is damaged"
            );
            return Err(corrupted(&found.path, &what));
        }
    }
    Ok(generations)
}

/// The generation in the log file at `path`; `None` where its creation was cut off.
pub(super) fn find_generation(storage: &dyn Storage, path: &Path, file_id: FileId) -> Result<Option<Found>> {
    let file = storage.open(path, OpenMode::Read)?;
    let text = path.display().to_string();
    match read_head(&*file)? {
        LogHeadState::Good(head) if head.file_id != file_id => {
            let what =
                "belongs to another database; move it to where it came from, or away if it is not needed";
            Err(corrupted(&text, what))
        }
        LogHeadState::Good(head) => {
            let mut attest = [0; ATTEST_BYTES];
            file.read_at(ATTEST_AT, &mut attest)?;
            Ok(Some(Found {
                head,
                attest: Attest::decode(&attest, &head),
                seal: FrameSeal::new(&head),
                window: Window::new(file)?,
                end: Sequence(u64::MAX),
                path: text,
            }))
        }
        // The head is durable before the first frame is written, so only an unfinished creation has none.
        LogHeadState::Blank if is_zero(&mut Window::new(file)?)? => Ok(None),
        LogHeadState::Blank | LogHeadState::Damaged => Err(corrupted(&text, "has a damaged head")),
        LogHeadState::Unsupported(format) => Err(Error::new(
            ErrorKind::UnsupportedFormat,
            format!(
                "{text} has log format {format}; this release reads {LOG_FORMAT}; open it with a newer QuireDB"
            ),
        )),
    }
}

fn is_zero(window: &mut Window) -> Result<bool> {
    const STEP_BYTES: u64 = 4096;
    let mut offset = 0;
    while offset < window.len() {
        let count = (window.len() - offset).min(STEP_BYTES);
        match window.bytes(offset, count as usize)? {
            Some(bytes) if bytes.iter().all(|byte| *byte == 0) => offset += count,
            _ => return Ok(false),
        }
    }
    Ok(true)
}

pub(super) fn corrupted(path: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!("the log file {path} {what}; restore a backup or run `quire repair`"),
    )
}

/// What lies at a place of a log file.
enum Look {
    /// A whole frame.
    Whole(FrameHead),
    /// A frame whose head is good and whose payload is damaged or cut off.
    HeadOnly(FrameHead),
    /// No frame.
    Nothing,
}

impl Found {
    /// Whether the next generation durably began.
    pub(super) fn has_successor(&self) -> bool {
        self.attest.is_some_and(|attest| attest.has_successor)
    }

    /// Visits the frames after `after`, one after the other; returns the offset of the first that is missing.
    pub(super) fn replay(
        &mut self,
        after: Sequence,
        found: &mut Recovered,
        visit: &mut impl FnMut(Sequence, &[u8]) -> Result<()>,
    ) -> Result<u64> {
        let mut offset = FRAMES_AT;
        let mut expected = self.head.start;
        while expected < self.end {
            let mut look = self.look(offset)?;
            let is_expected = matches!(&look, Look::Whole(head) if head.sequence == expected);
            if !is_expected && (expected <= after || planted(Bug::SkipBadFrame)) {
                // Frames that the data file covers are not needed; the first one that is may still be there.
                let wanted = if planted(Bug::SkipBadFrame) {
                    None
                } else {
                    Some(after.next())
                };
                let Some((place, next)) = self.search(offset, wanted)? else {
                    return Ok(offset);
                };
                (offset, look, expected) = (place, Look::Whole(next), next.sequence);
            }
            let Look::Whole(head) = look else {
                return Ok(offset);
            };
            if head.sequence != expected {
                return Ok(offset);
            }
            if head.sequence > after {
                let payload = self
                    .window
                    .bytes(offset + FRAME_HEAD_BYTES as u64, head.payload_bytes)?;
                let Some(payload) = payload else {
                    return Err(corrupted(&self.path, "was cut short while it was read"));
                };
                visit(head.sequence, payload)?;
                found.last_sequence = head.sequence;
                found.frames += 1;
            }
            offset += head.frame_bytes() as u64;
            expected = head.sequence.next();
        }
        Ok(offset)
    }

    /// The first whole frame from `offset` on; only the one of the commit `wanted` where one is given.
    fn search(&mut self, mut offset: u64, wanted: Option<Sequence>) -> Result<Option<(u64, FrameHead)>> {
        while offset < self.window.len() {
            match self.look(offset)? {
                Look::Whole(head) if wanted.is_none_or(|wanted| head.sequence == wanted) => {
                    return Ok(Some((offset, head)));
                }
                Look::Whole(head) => offset += head.frame_bytes() as u64,
                _ => offset += FRAME_ALIGN as u64,
            }
        }
        Ok(None)
    }

    /// Reports a file that once was durably `durable_bytes` long and no longer is.
    pub(super) fn refuse_if_shorter(&self, durable_bytes: u64) -> Result<()> {
        if self.window.len() >= durable_bytes {
            return Ok(());
        }
        let what = format!(
            "was cut short: it has {} bytes and had {durable_bytes}",
            self.window.len()
        );
        Err(corrupted(&self.path, &what))
    }

    fn look(&mut self, offset: u64) -> Result<Look> {
        let len = self.window.len();
        let Some(bytes) = self.window.bytes(offset, FRAME_HEAD_BYTES)? else {
            return Ok(Look::Nothing);
        };
        let Some(head) = self.seal.read(bytes, offset) else {
            return Ok(Look::Nothing);
        };
        self.refuse_if_shorter(head.known.durable_bytes)?;
        let payload_at = offset + FRAME_HEAD_BYTES as u64;
        // Bounded before a byte of the payload is read or its length allocated.
        let is_bounded =
            head.payload_bytes <= TRANSACTION_BYTES_MAX && head.payload_bytes as u64 <= len - payload_at;
        if !is_bounded {
            return Ok(Look::HeadOnly(head));
        }
        match self.window.bytes(payload_at, head.payload_bytes)? {
            Some(payload) if head.fits(payload) => Ok(Look::Whole(head)),
            _ => Ok(Look::HeadOnly(head)),
        }
    }

    /// Searches the frames from `offset` on for one that was written when `missing` was durable; counts the
    /// whole ones.
    fn find_proof(
        &mut self,
        mut offset: u64,
        missing: Sequence,
        found: &mut Recovered,
    ) -> Result<Option<Sequence>> {
        while offset < self.window.len() {
            let look = self.look(offset)?;
            if let Look::Whole(head) | Look::HeadOnly(head) = &look
                && head.known.synced >= missing
                && head.sequence < self.end
            {
                return Ok(Some(head.sequence));
            }
            match look {
                Look::Whole(head) => {
                    if head.sequence > missing && head.sequence < self.end {
                        found.dropped_frames += 1;
                        found.dropped_bytes += head.frame_bytes() as u64;
                    }
                    offset += head.frame_bytes() as u64;
                }
                _ => offset += FRAME_ALIGN as u64,
            }
        }
        Ok(None)
    }
}

/// Decides whether the commit that is missing at `place` was lost by damage or never promised.
pub(super) fn judge_rest(generations: &mut [Found], place: Place, found: &mut Recovered) -> Result<()> {
    let missing = found.last_sequence.next();
    let at = format!("{} at byte {}", generations[place.generation].path, place.offset);
    let report = |proof: &str| {
        let message = format!(
            "commit {} is damaged or gone in the log file {at}, but {proof} shows that it had been on disk; restore a backup or run `quire repair`",
            missing.0
        );
        Err(Error::new(ErrorKind::Corrupted, message))
    };
    for generation in generations.iter() {
        if generation.attest.is_some_and(|attest| attest.synced >= missing) {
            return report(&format!("the attest record of {}", generation.path));
        }
    }
    if planted(Bug::NoScanAhead) {
        return Ok(());
    }
    for (index, generation) in generations.iter_mut().enumerate().skip(place.generation) {
        let from = if index == place.generation {
            place.offset
        } else {
            FRAMES_AT
        };
        if let Some(proof) = generation.find_proof(from, missing, found)? {
            return report(&format!("commit {} behind it", proof.0));
        }
    }
    Ok(())
}
