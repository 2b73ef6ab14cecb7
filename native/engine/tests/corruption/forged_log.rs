//! Logs and journals made by an attacker: operations, frames, heads and lists that lie under checksums that fit.
//!
//! The same rules as for forged pages (forged.rs).

use quire_engine::format::header::{HEADER_BYTES, Header, Slot};
use quire_engine::format::log_frame::{
    FRAME_HEAD_BYTES, FRAMES_AT, FrameSeal, Known, LOG_HEAD_BYTES, LogHead, LogHeadState, frame_bytes,
};
use quire_engine::format::operation::Operation;
use quire_engine::format::page::{self, CollectionId, FileId, Sequence};
use quire_engine::{ErrorKind, IndexDefinition, PAGE_BYTES, PageNumber};
use quire_frames::PageBytes;

use crate::fixture::{DATA, Files, JOURNAL, LOGS, Random, crashed, open};
use crate::forged::{number_from, run_cases};

const CASES: u64 = 500;

#[test]
fn forged_logs_end_in_errors_and_never_in_a_panic() {
    let base = crashed(true).0;
    let cases = number_from("QUIRE_FORGED", CASES);
    run_cases(cases, |_, random| {
        let mut files = base.clone();
        let what = forge_log(&mut files, random);
        (files, what)
    });
}

#[test]
fn forged_journals_end_in_errors_and_never_in_a_panic() {
    let base = crashed(true).0;
    let cases = number_from("QUIRE_FORGED", CASES);
    run_cases(cases, |seed, random| {
        let mut files = base.clone();
        let data = files.get_mut(DATA).unwrap();
        let Ok(Slot::Good(mut header)) = Header::decode(&data[..HEADER_BYTES]) else {
            panic!("the base has no header");
        };
        if seed % 2 == 0 {
            // The crash came before the header was written, so the journal is to be applied.
            header.epoch -= 1;
            data[..HEADER_BYTES].copy_from_slice(&header.encode());
            data[PAGE_BYTES..PAGE_BYTES + HEADER_BYTES].copy_from_slice(&header.encode());
        }
        let what = forge_journal(files.get_mut(JOURNAL).unwrap(), header.file_id, random);
        (files, what)
    });
}

/// Adds a commit of `operations` behind the last one.
fn append_commit(files: &mut Files, operations: &[Operation<'_>]) {
    let newest = LOGS.into_iter().max_by_key(|name| match log_head(&files[*name]) {
        LogHeadState::Good(head) => head.generation,
        _ => 0,
    });
    let log = files.get_mut(newest.unwrap()).unwrap();
    let LogHeadState::Good(head) = log_head(log) else {
        panic!("there is no log with a head");
    };
    let seal = FrameSeal::new(&head);
    let (at, length, sequence, known) = *frames_of(log, &seal).last().unwrap();
    let at = at + frame_bytes(length);
    let mut frame = vec![0; FRAME_HEAD_BYTES];
    operations
        .iter()
        .for_each(|operation| operation.encode(&mut frame));
    seal.seal(&mut frame, at as u64, sequence.next(), known);
    log[at..at + frame.len()].copy_from_slice(&frame);
}

fn log_head(log: &[u8]) -> LogHeadState {
    LogHead::decode(log[..LOG_HEAD_BYTES].try_into().unwrap())
}

#[test]
fn commit_that_cannot_be_done_again_is_corrupted_and_says_why() {
    let base = crashed(true).0;
    let (new, other) = (CollectionId(900), CollectionId(901));
    let create = Operation::Create(new, 0, "new");
    let definition = IndexDefinition::on(&[("at", false)]).unwrap();
    let mut index = Vec::new();
    definition.encode(&mut index);
    let create_index = Operation::CreateIndex(new, &index);
    let cases: [(&[Operation<'_>], &str); 13] = [
        (&[create, create], "is created, but it is there already"),
        (
            &[create, Operation::Create(other, 0, "new")],
            "is created, but it is there already",
        ),
        (
            &[Operation::Create(CollectionId::NONE, 0, "none")],
            "is created under a number or a name",
        ),
        (
            &[Operation::Create(new, 0, "")],
            "is created under a number or a name",
        ),
        (&[Operation::Create(new, 7, "new")], "id"),
        (&[Operation::Drop(new)], "is dropped, but it is not there"),
        (
            &[create, Operation::Rename(new, "people")],
            "is renamed to a name that is taken",
        ),
        (
            &[create, Operation::Rename(new, "")],
            "gets a name that none may have",
        ),
        (&[Operation::Delete(new, b"\x01")], ""),
        (
            &[create, create_index, create_index],
            "gets an index that it has already",
        ),
        (&[Operation::CreateIndex(new, &index)], ""),
        (
            &[create, Operation::DropIndex(new, "at_1")],
            "loses an index that it does not have",
        ),
        (&[create, Operation::Structure(new, 0, b"\x91\xa1a\xa1b")], ""),
    ];
    for (operations, words) in cases {
        let mut files = base.clone();
        append_commit(&mut files, operations);
        let error = open(&files).err().expect(words);
        assert_eq!(error.kind(), ErrorKind::Corrupted, "{words}: {error}");
        assert!(error.message().contains(words), "{words}: {error}");
    }
    let mut files = base;
    append_commit(&mut files, &[create, create_index, Operation::Clear(new)]);
    let database = open(&files).unwrap();
    assert_eq!(database.collection("new").unwrap().indexes().unwrap().len(), 2);
}

/// Forges one to three frames, or the head, of one log.
fn forge_log(files: &mut Files, random: &mut Random) -> String {
    let name = LOGS[random.below(2) as usize];
    let log = files.get_mut(name).unwrap();
    let LogHeadState::Good(head) = LogHead::decode(log[..LOG_HEAD_BYTES].try_into().unwrap()) else {
        panic!("{name} has no head");
    };
    if random.below(8) == 0 {
        return forge_head(log, head, random);
    }
    let seal = FrameSeal::new(&head);
    let frames = frames_of(log, &seal);
    let mut what = Vec::new();
    for _ in 0..1 + random.below(3) {
        let (at, length, sequence, known) = frames[random.below(frames.len() as u64) as usize];
        let frame = &mut log[at..at + FRAME_HEAD_BYTES + length];
        what.push(format!("commit {} of {name}", sequence.0));
        // The tag and the collection of the first operation, or anything in the commit.
        for _ in 0..1 + random.below(4) {
            let front = random.below(2) == 0;
            let place = if front {
                random.below(length.min(12) as u64)
            } else {
                random.below(length as u64)
            };
            frame[FRAME_HEAD_BYTES + place as usize] = match random.below(4) {
                0 => random.below(10) as u8,
                1 => 0xff,
                2 => 0,
                _ => random.number() as u8,
            };
        }
        seal.seal(frame, at as u64, sequence, known);
    }
    what.join(", ")
}

/// Offset, payload length, number, and what was durable, of each frame.
fn frames_of(log: &[u8], seal: &FrameSeal) -> Vec<(usize, usize, Sequence, Known)> {
    let mut frames = Vec::new();
    let mut at = FRAMES_AT as usize;
    while at + FRAME_HEAD_BYTES <= log.len()
        && let Some(head) = seal.read(&log[at..at + FRAME_HEAD_BYTES], at as u64)
    {
        frames.push((at, head.payload_bytes, head.sequence, head.known));
        at += head.frame_bytes();
    }
    assert!(!frames.is_empty());
    frames
}

fn forge_head(log: &mut [u8], head: LogHead, random: &mut Random) -> String {
    let mut forged = head;
    let number = match random.below(4) {
        0 => 0,
        1 => u64::MAX - random.below(3),
        2 => random.below(200),
        _ => random.number(),
    };
    match random.below(5) {
        0 => forged.generation = number,
        1 => forged.start = Sequence(number),
        2 => forged.epoch = number,
        3 => forged.salt = number,
        _ => forged.file_id.0[0] ^= 1,
    }
    log[..LOG_HEAD_BYTES].copy_from_slice(&forged.encode());
    format!("{forged:?}")
}

/// Forges the count, the list, the header or an image of the journal.
fn forge_journal(journal: &mut [u8], file: FileId, random: &mut Random) -> String {
    let count = u32::from_le_bytes(journal[20..24].try_into().unwrap());
    let what = match random.below(4) {
        0 => {
            let forged = [0, 1, u32::MAX, count + 1, count * 2, 1 << 20][random.below(6) as usize];
            journal[20..24].copy_from_slice(&forged.to_le_bytes());
            format!("count {forged}")
        }
        1 => {
            let index = random.below(count.into()) as usize;
            let (entry, image) = (PAGE_BYTES + 8 * index, PAGE_BYTES * (2 + index));
            let page = [0u32, 1, 2, u32::MAX, random.below(60) as u32, 1 << 20][random.below(6) as usize];
            let bytes: &mut PageBytes = (&mut journal[image..image + PAGE_BYTES]).try_into().unwrap();
            page::seal(bytes, file, PageNumber::new(page));
            let sum = page::stored_checksum(bytes);
            journal[entry..entry + 4].copy_from_slice(&page.to_le_bytes());
            journal[entry + 4..entry + 8].copy_from_slice(&sum.to_le_bytes());
            format!("entry for page {page}")
        }
        2 => {
            // The header of the checkpoint, at byte 64 of the head: its epoch, sequence, page count or places.
            let at = 64 + [72, 80, 88, 92, 96, 100, 104, 108, 120][random.below(9) as usize];
            journal[at] = journal[at].wrapping_add(1 + random.below(4) as u8);
            let sum = crc32(&journal[64..64 + 124]);
            journal[64 + 124..64 + 128].copy_from_slice(&sum.to_le_bytes());
            journal.copy_within(64 + 72..64 + 80, 48);
            format!("header byte {}", at - 64)
        }
        _ => {
            let at = random.below(journal.len() as u64) as usize;
            journal[at] = random.number() as u8;
            format!("byte {at}")
        }
    };
    if let Some(list) = journal.get(PAGE_BYTES..PAGE_BYTES + 8 * count as usize) {
        let sum = crc32(list);
        journal[24..28].copy_from_slice(&sum.to_le_bytes());
    }
    let sum = crc32(&journal[..252]);
    journal[252..256].copy_from_slice(&sum.to_le_bytes());
    what
}

/// The CRC-32 of zlib, which journals and headers use.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                sum >> 1 ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}
