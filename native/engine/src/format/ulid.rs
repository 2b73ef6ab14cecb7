//! The ids that the engine makes: ULIDs, 26 characters that sort by the time they were made.
//!
//! Promises: ids of one source rise strictly, also within one millisecond and when the clock goes back, and
//! are unique across processes and nodes by 80 random bits.
//! Leaves to others: ids that users choose (id.rs), when an id is made (intake.rs).
//! Source: the ULID specification (48 bits of milliseconds, 80 random bits, Crockford's base 32).

use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;

/// Characters of a generated id.
const ULID_CHARACTERS: usize = 26;
/// Crockford's base 32.
const ULID_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random bits of a generated id.
const ULID_RANDOM_BITS: u32 = 80;
/// Milliseconds that fit a generated id.
const ULID_MILLISECONDS_MAX: u64 = (1 << 48) - 1;

/// Makes ids: ULIDs that rise strictly.
#[derive(Debug)]
pub struct UlidSource {
    state: Mutex<UlidState>,
}

#[derive(Debug)]
struct UlidState {
    milliseconds: u64,
    random: u128,
    generator: SplitMix,
}

/// SplitMix64 (Steele, Lea, Flood 2014): spreads the operating system's seed over all ids of the process.
#[derive(Debug)]
struct SplitMix(u64, u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0 ^ self.1;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn random_part(&mut self) -> u128 {
        let wide = (u128::from(self.next()) << 64) | u128::from(self.next());
        wide & ((1 << ULID_RANDOM_BITS) - 1)
    }
}

impl UlidSource {
    /// A source seeded by the operating system. Errors: IO when it has no randomness to give.
    pub fn new() -> Result<UlidSource> {
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).map_err(|error| {
            Error::new(
                ErrorKind::Io,
                format!("the operating system gives no random bytes for ids: {error}"),
            )
        })?;
        Ok(UlidSource::with_seed(u128::from_le_bytes(seed)))
    }

    /// A source whose ids follow from `seed` and the times asked for: for tests that run again.
    pub fn with_seed(seed: u128) -> UlidSource {
        let generator = SplitMix(seed as u64, (seed >> 64) as u64);
        UlidSource {
            state: Mutex::new(UlidState {
                milliseconds: 0,
                random: 0,
                generator,
            }),
        }
    }

    /// The next id, by the system's clock.
    pub fn next_id(&self) -> IdBytes {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.next_at(u64::try_from(since.as_millis()).unwrap_or(ULID_MILLISECONDS_MAX))
    }

    /// The next id when the clock shows `milliseconds` since 1970. A clock that stands or goes back counts up
    /// from the last id.
    pub fn next_at(&self, milliseconds: u64) -> IdBytes {
        let mut state = self.state.lock();
        if milliseconds > state.milliseconds {
            state.milliseconds = milliseconds.min(ULID_MILLISECONDS_MAX);
            state.random = state.generator.random_part();
        } else {
            state.random += 1;
            if state.random >> ULID_RANDOM_BITS != 0 {
                state.milliseconds = (state.milliseconds + 1).min(ULID_MILLISECONDS_MAX);
                state.random = state.generator.random_part();
            }
        }
        let number = (u128::from(state.milliseconds) << ULID_RANDOM_BITS) | state.random;
        drop(state);
        let mut encoded = [0xa0 | ULID_CHARACTERS as u8; ULID_CHARACTERS + 1];
        for (place, character) in encoded.iter_mut().skip(1).enumerate() {
            let shift = 5 * (ULID_CHARACTERS - 1 - place);
            *character = ULID_ALPHABET[(number >> shift) as usize & 0x1f];
        }
        IdBytes::from_checked(&encoded)
    }
}

#[cfg(test)]
mod tests;
