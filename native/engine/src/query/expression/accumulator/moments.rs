//! Means and standard deviations, in one pass.
//!
//! Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products" (1962).

use crate::query::expression::arithmetic::{Number, Sum};

/// An average: the sum and how many numbers it is of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Average {
    sum: Sum,
    count: u64,
}

impl Average {
    pub(super) fn add(&mut self, number: Number) {
        self.sum.add(number);
        self.count += 1;
    }

    /// None without numbers.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.to_float() / self.count as f64)
    }
}

/// A standard deviation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deviation {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Deviation {
    pub(super) fn add(&mut self, number: Number) {
        let number = number.to_float();
        self.count += 1;
        let distance = number - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (number - self.mean);
    }

    /// Of all numbers there are; None without any.
    pub(super) fn of_all(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.squares / self.count as f64).sqrt())
    }

    /// Of a sample; None below two numbers.
    pub(super) fn of_sample(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}
