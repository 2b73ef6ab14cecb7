//! Runs one case: a database of its own, its steps one after the other.
//!
//! Promises: a step whose result is another one than the case says fails with the case's own words. Leaves to others:
//! what operations do (operations.rs).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quiredb::{
    ChangeStream, Collection, Cursor, Database, Document, Durability, Error, ErrorKind, OpenOptions,
    Transaction, Value, doc,
};
use serde_json::Value as Json;

use crate::arguments;
use crate::operations::OPERATIONS;
use crate::told;
use crate::values::{Saved, decoded, difference};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A case while it runs.
pub struct Run {
    /// Where its files are.
    directory: PathBuf,
    pub path: PathBuf,
    pub options: Document,
    pub database: Option<Database>,
    pub transactions: HashMap<String, Transaction>,
    pub cursors: HashMap<String, Cursor<Document>>,
    pub streams: HashMap<String, ChangeStream<Document>>,
    pub saved: Saved,
}

/// One step, with what it works on.
pub struct Call<'a> {
    pub run: &'a mut Run,
    pub step: &'a Json,
    pub given: Document,
    /// The transaction that the step is within.
    pub within: Option<&'a Transaction>,
}

fn file_in(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.quire"))
}

/// Runs the case; what is otherwise than it says.
pub fn run_case(case: &Json) -> Result<(), String> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("quiredb-rust-{}-{number}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let options = match decoded(&case["options"], &Saved::new()) {
        Value::Map(options) => options,
        _ => Document::new(),
    };
    let mut run = Run {
        path: match case["storage"].as_str() {
            None => ":memory:".into(),
            Some("file" | "none") => file_in(&directory, "case"),
            Some(path) => path.into(),
        },
        directory: directory.clone(),
        options,
        database: None,
        transactions: HashMap::new(),
        cursors: HashMap::new(),
        streams: HashMap::new(),
        saved: Saved::new(),
    };
    let result = run.all(case);
    drop(run);
    fs::remove_dir_all(&directory).unwrap();
    result
}

impl Run {
    /// The path of the case's file of this name.
    pub fn file(&self, name: &str) -> PathBuf {
        file_in(&self.directory, name)
    }

    fn all(&mut self, case: &Json) -> Result<(), String> {
        if case["storage"] != "none" {
            self.begin(case).map_err(|error| error.to_string())?;
        }
        for (at, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            self.step(step, None)
                .map_err(|why| format!("steps[{at}] {}: {why}", step["op"].as_str().unwrap()))?;
        }
        Ok(())
    }

    /// Makes what the case begins with.
    fn begin(&mut self, case: &Json) -> Result<(), Error> {
        self.open()?;
        let database = self.database.as_ref().unwrap();
        if let Some(ids) = case["ids"].as_str() {
            database.create_collection("things", arguments::id_mode(ids)?)?;
        }
        let things: Collection<Value> = database.collection("things")?;
        if let Value::Array(documents) = decoded(&case["documents"], &self.saved) {
            things.insert_many(&documents)?;
        }
        if let Value::Array(indexes) = decoded(&case["indexes"], &self.saved) {
            things.create_indexes(indexes.iter().map(arguments::index_model))?;
        }
        Ok(())
    }

    /// Opens the database with the options as they are now.
    pub fn open(&mut self) -> Result<(), Error> {
        let options = open_options(&self.options)?;
        self.database = Some(Database::open_with(&self.path, options)?);
        Ok(())
    }

    /// Runs one step; what is otherwise than it says.
    pub fn step(&mut self, step: &Json, within: Option<&Transaction>) -> Result<(), String> {
        let name = step["op"].as_str().unwrap();
        let (_, operation) = OPERATIONS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or("no such operation")?;
        let given = match decoded(&step["arguments"], &self.saved) {
            Value::Map(given) => given,
            _ => Document::new(),
        };
        let done = operation(&mut Call {
            run: self,
            step,
            given,
            within,
        });
        let result = match (done, &step["error"]) {
            (Ok(result), Json::Null) => result,
            (Ok(result), wanted) => return Err(format!("{wanted} expected, got {result:?}")),
            (Err(failure), Json::Null) => return Err(failure.to_string()),
            (Err(error), wanted) => {
                let codes = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                if !codes.iter().any(|code| code == error.code()) {
                    return Err(format!("{wanted} expected, got {error}"));
                }
                failed(&error)
            }
        };
        if let Some(name) = step["save"].as_str() {
            self.saved.insert(name.to_owned(), result.clone());
        }
        match step.get("result") {
            Some(expected) => difference(expected, &result, &self.saved, "result").map_or(Ok(()), Err),
            None => Ok(()),
        }
    }
}

/// What many writes did before one failed.
fn failed(error: &Error) -> Value {
    let Some(bulk) = error.bulk() else {
        return Value::Null;
    };
    let errors = bulk
        .write_errors
        .iter()
        .map(|failed| doc! { "index": failed.index, "code": failed.kind.code() });
    let mut result = told::bulk_document(&bulk.result);
    result.insert("writeErrors", errors.collect::<Vec<Document>>());
    result.into()
}

/// The options of opening, by the names of TypeScript.
fn open_options(given: &Document) -> Result<OpenOptions, Error> {
    let mut options = OpenOptions::new();
    for (name, value) in given.iter() {
        let refused = || Error::new(ErrorKind::InvalidArgument, format!("{name} cannot be {value:?}"));
        let count = value.as_i64().and_then(|count| u64::try_from(count).ok());
        let time = || count.map(Duration::from_millis).ok_or_else(refused);
        options = match name {
            "durability" => options.durability(durability(value)?),
            "syncInterval" => options.sync_interval(time()?),
            "cacheSize" => options.cache_size(count.ok_or_else(refused)?),
            "readOnly" => options.read_only(*value == Value::Bool(true)),
            "create" => options.create(*value == Value::Bool(true)),
            "documentBytesMax" => options.document_bytes_max(count.ok_or_else(refused)? as u32),
            "lockWait" => options.lock_wait(time()?),
            "watchSize" => options.watch_size(count.ok_or_else(refused)?),
            "ttlInterval" => options.ttl_interval(time()?),
            _ => return Err(refused()),
        };
    }
    Ok(options)
}

/// The level of this name.
pub fn durability(value: &Value) -> Result<Durability, Error> {
    match value.as_str() {
        Some("process") => Ok(Durability::Process),
        Some("disk") => Ok(Durability::Disk),
        Some("lazy") => Ok(Durability::Lazy),
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("no durability is called {value:?}"),
        )),
    }
}
