//! The error of every call: the engine's kinds, and what a bulk write did before it failed.
//!
//! Promises: programs branch on kinds, which never change; texts may. Leaves to others: which call raises what (each
//! method's docstring), the list of kinds (native/engine/src/error.rs).

use std::fmt;

use quire_engine::ErrorKind;

use crate::results::BulkWriteResult;

/// Result of every fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: its kind, a text for people, and what more is known.
#[derive(Clone)]
pub struct Error(Box<Detail>);

#[derive(Clone)]
struct Detail {
    kind: ErrorKind,
    message: String,
    page: Option<u32>,
    bulk: Option<BulkFailure>,
}

/// Some of many writes failed: what was done, and what was not.
#[derive(Clone, Debug)]
pub struct BulkFailure {
    /// What was done.
    pub result: BulkWriteResult,
    /// What was not, in order.
    pub write_errors: Vec<WriteError>,
}

/// A write of many that failed.
#[derive(Clone, Debug)]
pub struct WriteError {
    /// Its place in the argument.
    pub index: usize,
    /// Why.
    pub kind: ErrorKind,
    /// Why, for people.
    pub message: String,
}

impl Error {
    /// An error of `kind`. The message says what was asked, what was found and what helps.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Detail {
            kind,
            message: message.into(),
            page: None,
            bulk: None,
        }))
    }

    /// The error of many writes, whose kind is that of the first one that failed.
    pub(crate) fn of_bulk(failure: BulkFailure) -> Error {
        let others = match failure.write_errors.len() {
            0 | 1 => String::new(),
            count => format!("; {count} failed in all"),
        };
        let (kind, message) = match failure.write_errors.first() {
            Some(first) => (
                first.kind,
                format!("operation {} failed: {}{others}", first.index, first.message),
            ),
            None => (
                ErrorKind::Internal,
                "a bulk write failed without an error".to_owned(),
            ),
        };
        Error(Box::new(Detail {
            kind,
            message,
            page: None,
            bulk: Some(failure),
        }))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kind as the code that every language has, such as `DUPLICATE_ID`.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Number of the damaged page, where the damage is in one.
    pub fn page(&self) -> Option<u32> {
        self.0.page
    }

    /// What many writes did, where some of them failed.
    pub fn bulk(&self) -> Option<&BulkFailure> {
        self.0.bulk.as_ref()
    }
}

impl From<quire_engine::Error> for Error {
    fn from(error: quire_engine::Error) -> Error {
        Error(Box::new(Detail {
            kind: error.kind(),
            message: error.message().to_owned(),
            page: error.page().map(|page| page.get()),
            bulk: None,
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code(), self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for Error {}

/// A value that serde could not give.
impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Error {
        Error::new(ErrorKind::InvalidDocument, message.to_string())
    }
}

/// A document that does not fit the type asked for.
impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Error {
        Error::new(
            ErrorKind::InvalidDocument,
            format!("a document does not fit the type that it is read as: {message}"),
        )
    }
}
