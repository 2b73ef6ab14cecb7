//! What campaigns did and what they found: counts that add up, and failures sorted by the promise that was broken.
//!
//! Promises: every failure has one kind; `Counts` prints itself in words, kinds without a failure left out.
//! Leaves to others: judging (campaign.rs), collecting over many seeds (torture.rs).

use std::fmt;

/// What a campaign did.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// I/O calls at which a program was stopped or disturbed.
    pub calls: u64,
    /// States of the disk that were judged.
    pub states: u64,
    /// States that came of a recovery that was stopped itself.
    pub nested: u64,
    /// Commits that a judged state had to hold, summed over the states.
    pub acknowledged: u64,
    /// Failures, by the place of their kind in `FailureKind::ALL`.
    failures: [u64; FailureKind::ALL.len()],
}

/// Which promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A commit that was acknowledged is not there.
    AcknowledgedLost,
    /// The database does not open.
    Unopenable,
    /// It holds something that no commit left: half a transaction, a wrong document.
    WrongContent,
    /// `check` finds something.
    Unclean,
    /// A backup is neither whole nor absent.
    BadBackup,
    /// The engine, or a comparison with the twin, panicked.
    Panicked,
    /// A step gave an answer or an error that it must not.
    WrongAnswer,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [FailureKind; 7] = [
        FailureKind::AcknowledgedLost,
        FailureKind::Unopenable,
        FailureKind::WrongContent,
        FailureKind::Unclean,
        FailureKind::BadBackup,
        FailureKind::Panicked,
        FailureKind::WrongAnswer,
    ];

    /// The kind of what the campaigns say in these words; the first that fits.
    fn of(words: &str) -> FailureKind {
        let marks: [(&str, FailureKind); 8] = [
            ("was acknowledged", FailureKind::AcknowledgedLost),
            ("panic:", FailureKind::Panicked),
            ("the backup at", FailureKind::BadBackup),
            ("check of the backup", FailureKind::BadBackup),
            ("check found", FailureKind::Unclean),
            ("does not open", FailureKind::Unopenable),
            ("at commit ", FailureKind::WrongContent),
            (" was found", FailureKind::WrongContent),
        ];
        let found = marks.into_iter().find(|(mark, _)| words.contains(mark));
        found.map_or(FailureKind::WrongAnswer, |(_, kind)| kind)
    }
}

/// A promise that was not kept, and how to meet it again.
pub struct Failure(pub String);

impl Failure {
    pub fn kind(&self) -> FailureKind {
        FailureKind::of(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Counts {
    /// Counts `failure`.
    pub fn note(&mut self, failure: &Failure) {
        let kind = failure.kind();
        let place = FailureKind::ALL.iter().position(|known| *known == kind);
        self.failures[place.unwrap_or_default()] += 1;
    }

    /// Failures of `kind`.
    pub fn failures_of(&self, kind: FailureKind) -> u64 {
        let place = FailureKind::ALL.iter().position(|known| *known == kind);
        place.map_or(0, |place| self.failures[place])
    }

    /// Failures of all kinds.
    pub fn failures(&self) -> u64 {
        self.failures.iter().sum()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.calls += other.calls;
        self.states += other.states;
        self.nested += other.nested;
        self.acknowledged += other.acknowledged;
        for (mine, theirs) in self.failures.iter_mut().zip(other.failures) {
            *mine += theirs;
        }
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} calls, {} states, {} nested, {} acknowledged commits looked for, {} failures",
            self.calls,
            self.states,
            self.nested,
            self.acknowledged,
            self.failures()
        )?;
        for (kind, count) in FailureKind::ALL.iter().zip(self.failures) {
            if count > 0 {
                write!(formatter, ", {kind:?} {count}")?;
            }
        }
        Ok(())
    }
}
