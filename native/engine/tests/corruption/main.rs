//! Damaged files: whatever happens to the bytes of a database, no wrong document comes out of it.
//!
//! Rules proved here. A change of a file is detected, with the page where one is known, or it changes nothing;
//! documents outside a damaged page stay readable; `dump` reads everything outside it, also where `open` refuses;
//! files made by an attacker, with checksums that fit, end in errors and never in a panic, a hang or a wrong page.
//! The counts are printed; run with `--nocapture` to see them. `QUIRE_EXHAUSTIVE=1` flips every byte of every page
//! through the whole engine instead of a part of them; `npm run torture:flips` every bit of a megabyte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../common/mod.rs"]
mod common;
mod dump;
mod exhaustive;
mod fixture;
mod flips;
mod forged;
mod forged_log;
mod garbage;
mod image;
mod touches;
mod truncation;
mod writes;
