//! Measures a read of a resident page: latch, one byte, unlatch. Beside it, two bare atomic operations:
//! what the machine asks for any shared latch.
//!
//! Run: `cargo run -p quire-frames --release --example measure_reads`
#![allow(clippy::print_stdout, reason = "its answer goes to the terminal")]

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use quire_frames::{Frames, FramesOptions, PageBytes, PageNumber};

const READS: u32 = 20_000_000;
const RUNS: usize = 5;

/// Median and least nanoseconds of one of `READS` calls.
fn measure(name: &str, mut read: impl FnMut(u32) -> io::Result<()>) -> io::Result<()> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        (0..READS).try_for_each(&mut read)?;
        runs.push(start.elapsed().as_nanos() as f64 / f64::from(READS));
    }
    runs.sort_by(f64::total_cmp);
    println!("{name}: {:.1} ns (least {:.1})", runs[RUNS / 2], runs[0]);
    Ok(())
}

fn main() -> io::Result<()> {
    let state = AtomicU32::new(0);
    measure("two atomic operations", |_| {
        let seen = state.load(Ordering::Relaxed);
        black_box(
            state
                .compare_exchange(seen, seen + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok(),
        );
        state.fetch_sub(1, Ordering::Release);
        Ok(())
    })?;
    let frames = Frames::new(FramesOptions {
        budget_bytes: 1 << 30,
    })?;
    let load = |bytes: &mut PageBytes| {
        bytes.fill(1);
        Ok::<(), io::Error>(())
    };
    for pages in [1_u32, 64, 16_384] {
        (0..pages).try_for_each(|number| frames.read(PageNumber::new(number), load).map(drop))?;
        measure(&format!("a read among {pages} pages"), |read| {
            let number = (read.wrapping_mul(0x9e37_79b9) >> 7) & (pages - 1);
            black_box(frames.read(PageNumber::new(number), load)?[0]);
            Ok(())
        })?;
    }
    Ok(())
}
