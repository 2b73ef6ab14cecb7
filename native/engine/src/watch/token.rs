//! Resume tokens: a place in the history of one database, as text that programs keep.
//!
//! Promises: a token says which database, which commit and which change of it; text that is none, and one of another
//! database, are refused. Commits are numbered by the log, and a power cut may take numbers back that were seen before
//! they were on disk: a token of an earlier opening that is ahead of what was recovered is refused as well.
//! Leaves to others: whether the changes after it are still kept (stream.rs).

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::{FileId, Sequence};
use crate::format::{read_u32, read_u64};
use crate::store::Origin;

/// Layout of a token.
const VERSION: u8 = 1;
/// Version, file, sequence, index, end mark, run.
const TOKEN_BYTES: usize = 1 + 16 + 8 + 4 + 1 + 4;
/// The index that stands for all changes of a commit.
const WHOLE: u32 = u32::MAX;

/// A place behind a change. Its text is opaque to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeToken {
    file_id: FileId,
    run: u32,
    /// The commit.
    sequence: Sequence,
    /// The change in it, or `WHOLE`.
    index: u32,
    /// Whether the stream ended here because its collection did.
    is_end: bool,
}

/// A place in the history: the change that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Its commit.
    pub(super) sequence: Sequence,
    /// Its number there.
    pub(super) index: usize,
}

impl Position {
    /// The beginning of a commit.
    pub(super) fn start_of(sequence: Sequence) -> Position {
        Position { sequence, index: 0 }
    }
}

impl ResumeToken {
    /// The token behind everything before `position`.
    pub(super) fn before(origin: &Origin, position: Position) -> ResumeToken {
        let (sequence, index) = match position.index.checked_sub(1) {
            Some(index) => (position.sequence, index.min(WHOLE as usize - 1) as u32),
            None => (Sequence(position.sequence.0.saturating_sub(1)), WHOLE),
        };
        ResumeToken {
            file_id: origin.file_id,
            run: origin.run,
            sequence,
            index,
            is_end: false,
        }
    }

    /// The same place, as the end of a stream.
    pub(super) fn at_end(self) -> ResumeToken {
        ResumeToken { is_end: true, ..self }
    }

    /// Whether the stream ended here because its collection did.
    pub fn is_end(&self) -> bool {
        self.is_end
    }

    /// The place behind the token in the database of `origin`, whose last commit is `last`.
    ///
    /// Errors: `INVALID_ARGUMENT` for a token of another database; `HISTORY_LOST` for a commit that is not there.
    pub(super) fn position(&self, origin: &Origin, last: Sequence) -> Result<Position> {
        if self.file_id != origin.file_id {
            return Err(invalid("it belongs to another database"));
        }
        let known = if self.run == origin.run {
            last
        } else {
            origin.opened_at
        };
        if self.sequence > known {
            return Err(Error::new(
                ErrorKind::HistoryLost,
                format!(
                    "the resume token stands behind commit {}, which is not in the database any more: it was lost before it was on disk, or the file was restored",
                    self.sequence.0
                ),
            ));
        }
        Ok(match self.index {
            WHOLE => Position::start_of(self.sequence.next()),
            index => Position {
                sequence: self.sequence,
                index: index as usize + 1,
            },
        })
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.file_id.0);
        bytes.extend_from_slice(&self.sequence.0.to_be_bytes());
        bytes.extend_from_slice(&self.index.to_be_bytes());
        bytes.push(u8::from(self.is_end));
        bytes.extend_from_slice(&self.run.to_le_bytes());
        bytes.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl FromStr for ResumeToken {
    type Err = Error;

    /// Reads a token.
    ///
    /// Errors: `INVALID_ARGUMENT`.
    fn from_str(text: &str) -> Result<ResumeToken> {
        let bytes = hex(text).ok_or_else(|| invalid("it is no token that a change stream gave"))?;
        let (version, rest) = (bytes[0], &bytes[1..]);
        if version != VERSION {
            return Err(invalid("it is of a later release"));
        }
        let mut file_id = FileId::default();
        file_id.0.copy_from_slice(&rest[..16]);
        let token = ResumeToken {
            file_id,
            sequence: Sequence(read_u64(rest, 16).swap_bytes()),
            index: read_u32(rest, 24).swap_bytes(),
            is_end: rest[28] != 0,
            run: read_u32(rest, 29),
        };
        // Only a forger writes numbers that overflow when they are counted on.
        if token.sequence.0 >= u64::MAX - 1 {
            return Err(invalid("it is no token that a change stream gave"));
        }
        Ok(token)
    }
}

fn hex(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    let mut bytes = [0; TOKEN_BYTES];
    if text.len() != 2 * TOKEN_BYTES {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |index: usize| char::from(*digits.get(index)?).to_digit(16);
        *byte = (digit(0)? * 16 + digit(1)?) as u8;
    }
    Some(bytes)
}

fn invalid(why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("the resume token cannot be used: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin = Origin {
        file_id: FileId([7; 16]),
        run: 5,
        opened_at: Sequence(100),
    };

    #[test]
    fn tokens_read_back_as_written() {
        for (sequence, index) in [(1, 0), (1, 1), (u64::MAX / 2, 70_000), (99, 3)] {
            let position = Position {
                sequence: Sequence(sequence),
                index,
            };
            let token = ResumeToken::before(&ORIGIN, position);
            let read: ResumeToken = token.to_string().parse().unwrap();
            assert_eq!(read, token);
            assert_eq!(read.position(&ORIGIN, Sequence(u64::MAX)).unwrap(), position);
            let end: ResumeToken = token.at_end().to_string().parse().unwrap();
            assert!(end.is_end() && !read.is_end());
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = ResumeToken::before(&ORIGIN, Position::start_of(Sequence(3))).to_string();
        let upper = good.to_uppercase();
        assert!(upper.parse::<ResumeToken>().is_ok());
        for bad in [
            "",
            "00",
            "é",
            &good[1..],
            &format!("{good}0"),
            &good.replace("07", "g7"),
            &format!("02{}", &good[2..]),
        ] {
            assert_eq!(
                bad.parse::<ResumeToken>().unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{bad}"
            );
        }
    }

    #[test]
    fn token_of_a_commit_that_a_power_cut_took_is_lost() {
        let token = ResumeToken::before(&ORIGIN, Position::start_of(Sequence(111)));
        assert!(token.position(&ORIGIN, Sequence(120)).is_ok());
        let later = Origin { run: 6, ..ORIGIN };
        let error = token.position(&later, Sequence(120)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HistoryLost);
        let recovered = Origin {
            opened_at: Sequence(110),
            ..later
        };
        assert!(token.position(&recovered, Sequence(120)).is_ok());
        let other = Origin {
            file_id: FileId([8; 16]),
            ..ORIGIN
        };
        let error = token.position(&other, Sequence(120)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
