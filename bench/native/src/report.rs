//! The table of a run: medians, spreads, and ratios within each round.
//!
//! A cell is the median of the rounds and, in brackets, half the distance from the least to the greatest in percent of
//! it. A ratio is the median of the rounds' own. Leaves to others: measuring (main.rs).

use std::fmt;

/// One figure of one round.
pub struct Sample {
    pub engine: String,
    pub workload: String,
    pub round: usize,
    pub figure: f64,
}

/// The figures of a run.
#[derive(Default)]
pub struct Report {
    samples: Vec<Sample>,
}

/// Workloads with their titles and whether more is better.
const WORKLOADS: [(&str, &str, bool); 20] = [
    ("insert", "batch insert, documents/s", true),
    ("bytes", "point read of the bytes, ns", false),
    (
        "many",
        "point reads of the bytes, a hundred ids a call, ns each",
        false,
    ),
    (
        "borrowed",
        "point read into a struct that borrows its texts, ns",
        false,
    ),
    ("owned", "point read into a struct that owns its texts, ns", false),
    ("read1", "reads of the bytes by 1 thread, operations/s", true),
    ("read2", "reads of the bytes by 2 threads, operations/s", true),
    ("read4", "reads of the bytes by 4 threads, operations/s", true),
    (
        "mixed1",
        "80 reads and 20 inserts by 1 thread, operations/s",
        true,
    ),
    (
        "mixed2",
        "80 reads and 20 inserts by 2 threads, operations/s",
        true,
    ),
    (
        "mixed4",
        "80 reads and 20 inserts by 4 threads, operations/s",
        true,
    ),
    ("loop", "bare write and fdatasync in a loop, commits/s", true),
    ("one", "durable insert by one writer, commits/s", true),
    ("four", "durable insert by four writers, commits/s", true),
    ("share", "one writer : bare loop", true),
    ("group", "four writers : one", true),
    ("set", "set of a new key, ns", false),
    ("reset", "set of a key that is there, random order, ns", false),
    ("get", "get, random order, ns", false),
    ("near", "get, order of insertion, ns", false),
];
const FIRST: &str = "quiredb";

impl Report {
    pub fn add(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    fn figures(&self, engine: &str, workload: &str) -> Vec<(usize, f64)> {
        let of_it = self
            .samples
            .iter()
            .filter(|sample| sample.engine == engine && sample.workload == workload);
        of_it.map(|sample| (sample.round, sample.figure)).collect()
    }

    fn engines(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for sample in &self.samples {
            if !names.contains(&sample.engine.as_str()) {
                names.push(&sample.engine);
            }
        }
        names
    }

    /// How many times better the first engine is.
    fn ratio(&self, engine: &str, workload: &str, more_is_better: bool) -> f64 {
        let (own, others) = (self.figures(FIRST, workload), self.figures(engine, workload));
        let ratios = own
            .iter()
            .zip(&others)
            .map(|((_, own), (_, other))| match more_is_better {
                true => own / other,
                false => other / own,
            });
        median(ratios.collect())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (workload, title, more_is_better) in WORKLOADS {
            if !self.samples.iter().any(|sample| sample.workload == workload) {
                continue;
            }
            writeln!(formatter, "\n{title}")?;
            for engine in self.engines() {
                let figures: Vec<f64> = self
                    .figures(engine, workload)
                    .iter()
                    .map(|(_, figure)| *figure)
                    .collect();
                let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
                let most = figures.iter().copied().fold(0.0, f64::max);
                let middle = median(figures);
                let spread = (most - least) / 2.0 / middle * 100.0;
                let ratio = self.ratio(engine, workload, more_is_better);
                let digits = if middle < 100.0 { 2 } else { 0 };
                writeln!(
                    formatter,
                    "  {engine:<8} {middle:>12.digits$} (±{spread:.0} %)  {FIRST} {ratio:.2} times better"
                )?;
            }
        }
        Ok(())
    }
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    match list.len() {
        0 => f64::NAN,
        count => (list[count / 2] + list[(count - 1) / 2]) / 2.0,
    }
}
