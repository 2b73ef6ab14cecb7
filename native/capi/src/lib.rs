//! The C ABI of QuireDB: libquire, whose header is bindings/c/include/quire.h.
//!
//! Every function `quire_*` is a door (door.rs): it checks what comes in, calls the engine and gives a status. Promises:
//! no panic and no exception leaves the library, nothing is printed; handles that are stale, closed, of another kind or
//! made up give a status (handles.rs); what comes out is plain MessagePack in the caller's buffer (buffer.rs).
//! The header is made of this crate's docstrings by cbindgen (tests/header.rs), so these are written for C programmers;
//! what pointers must fulfil is said once, at the head of the header (cbindgen.toml).
//! Leaves to others: everything that a call means (the engine).
#![allow(
    clippy::missing_safety_doc,
    reason = "the contract of all pointers is the head of quire.h, and cbindgen would repeat the section for each call"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "in C each pointer has its length beside it"
)]

mod admin;
mod buffer;
mod commands;
mod cursors;
mod database;
mod documents;
mod door;
mod handles;
mod json;
mod nanodb;
mod status;
mod streams;
mod transactions;

pub use admin::*;
pub use buffer::*;
pub use commands::*;
pub use cursors::*;
pub use database::*;
pub use documents::*;
pub use json::*;
pub use nanodb::*;
pub use status::*;
pub use streams::*;
pub use transactions::*;
