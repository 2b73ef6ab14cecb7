//! Requests to the engine's commands, field by field, and reading their replies.
//!
//! Promises: a value that cannot be encoded is told of when the request is made, naming its field. Leaves to others:
//! which fields a command has and what they mean (native/engine/src/command).

use quire_engine::command;
use quire_engine::format::encode::{write_map_head, write_text};
use quire_engine::{AnyCursor, Target};
use serde::Serialize;

use crate::encode::encode;
use crate::error::{Error, Result};

/// Named values; one that is set again takes the place of the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    list: Vec<(&'static str, Vec<u8>)>,
    /// Why a field could not be encoded.
    error: Option<Error>,
}

impl Fields {
    /// Sets a field.
    pub(crate) fn set<V: Serialize + ?Sized>(&mut self, name: &'static str, value: &V) {
        match encode(value) {
            Ok(bytes) => self.set_encoded(name, bytes),
            Err(error) => {
                let told = Error::new(error.kind(), format!("{name}: {}", error.message()));
                self.error.get_or_insert(told);
            }
        }
    }

    /// Sets a field to a value that is encoded already.
    pub(crate) fn set_encoded(&mut self, name: &'static str, bytes: Vec<u8>) {
        match self.list.iter_mut().find(|(known, _)| *known == name) {
            Some(field) => field.1 = bytes,
            None => self.list.push((name, bytes)),
        }
    }

    /// As `set`, for chaining.
    pub(crate) fn with<V: Serialize + ?Sized>(mut self, name: &'static str, value: &V) -> Fields {
        self.set(name, value);
        self
    }

    /// These fields and those of `others`.
    pub(crate) fn and(mut self, others: &Fields) -> Fields {
        for (name, bytes) in &others.list {
            self.set_encoded(name, bytes.clone());
        }
        self.error = self.error.or_else(|| others.error.clone());
        self
    }

    /// One map of all fields. Errors: those of encoding one.
    pub(crate) fn encoded(&self) -> Result<Vec<u8>> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let bytes: usize = self
            .list
            .iter()
            .map(|(name, bytes)| name.len() + bytes.len() + 5)
            .sum();
        let mut out = Vec::with_capacity(bytes + 5);
        write_map_head(self.list.len(), &mut out);
        for (name, bytes) in &self.list {
            write_text(name.as_bytes(), &mut out);
            out.extend_from_slice(bytes);
        }
        Ok(out)
    }
}

/// The request of command `op`; its fields follow.
pub(crate) fn request(op: &'static str) -> Fields {
    Fields::default().with("op", op)
}

/// Runs the command that `fields` ask for; its reply.
pub(crate) fn run(target: &mut Target<'_>, fields: &Fields) -> Result<Vec<u8>> {
    let mut reply = Vec::new();
    command::run(target, &fields.encoded()?, &mut reply)?;
    Ok(reply)
}

/// Opens the cursor that `fields` ask for.
pub(crate) fn open_cursor(target: &mut Target<'_>, fields: &Fields) -> Result<AnyCursor> {
    Ok(command::open_cursor(target, &fields.encoded()?)?)
}
