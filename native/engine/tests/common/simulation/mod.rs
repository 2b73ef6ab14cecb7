//! What the tests on the simulated disk share: a twin of the database, programs that change both, and the
//! campaign that stops these programs anywhere.
#![allow(dead_code)]

pub mod backups;
pub mod campaign;
pub mod chain;
pub mod compare;
pub mod counts;
pub mod faults;
pub mod generator;
pub mod held;
pub mod indexes;
pub mod rot;
pub mod session;
pub mod shrink;
pub mod torture;
pub mod twin;
pub mod value;
pub mod watchdog;
pub mod workloads;

/// The value of an environment variable that is a number.
pub fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
    )
}
