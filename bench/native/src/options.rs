//! What is asked for on the command line.
//!
//! Promises: what is not understood is refused by name. Leaves to others: suites (suites/), engines (engines/).

use std::path::PathBuf;

use crate::engines::Outcome;
use crate::suites::Suite;

/// A run, or one engine's part of a round.
pub struct Asked {
    pub suite: Suite,
    pub documents: usize,
    pub rounds: usize,
    /// Where the files are made.
    pub folder: PathBuf,
    pub engines: Vec<String>,
    /// Measures one engine and writes its figures, one a line.
    pub only: Option<String>,
}

impl Asked {
    pub fn read() -> Outcome<Asked> {
        let mut words = std::env::args().skip(1).peekable();
        let suite = match words.next_if(|word| !word.starts_with("--")) {
            Some(name) => Suite::of_name(&name)?,
            None => Suite::Points,
        };
        let mut asked = Asked {
            suite,
            documents: 1_000_000,
            rounds: 3,
            folder: std::env::temp_dir(),
            engines: suite.engines().iter().map(|name| (*name).to_owned()).collect(),
            only: None,
        };
        while let Some(word) = words.next() {
            let value = words.next().ok_or(format!("{word} needs a value"))?;
            match word.as_str() {
                "--documents" => asked.documents = value.parse()?,
                "--rounds" => asked.rounds = value.parse()?,
                "--folder" => asked.folder = value.into(),
                "--engines" => asked.engines = value.split(',').map(str::to_owned).collect(),
                "--only" => asked.only = Some(value),
                other => return Err(format!("no option {other}").into()),
            }
        }
        Ok(asked)
    }
}
