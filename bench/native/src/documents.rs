//! The documents that every engine stores: those of bench/documents.ts, about 220 bytes, the same in every run.
//!
//! `_id` is 16 characters in random order, so that trees get no help from the order of insertion. Promises: the list of
//! a count is always the same. Leaves to others: how engines hold them (engines/).

use serde::{Deserialize, Serialize};

/// An ordinary user record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    #[serde(rename = "_id")]
    pub id: String,
    pub name: String,
    pub email: String,
    pub age: u32,
    pub city: String,
    pub team: String,
    pub tags: Vec<String>,
    pub score: f64,
    pub active: bool,
    pub created_at: i64,
    pub bio: String,
}

/// The same record, whose texts are parts of the bytes that it was read from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct UserRef<'a> {
    #[serde(rename = "_id")]
    pub id: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub age: u32,
    pub city: &'a str,
    pub team: &'a str,
    #[serde(borrow)]
    pub tags: [&'a str; 3],
    pub score: f64,
    pub active: bool,
    pub created_at: i64,
    pub bio: &'a str,
}

impl User {
    /// A number that depends on what was decoded.
    pub fn seen(&self) -> u64 {
        u64::from(self.age) + self.bio.len() as u64 + self.tags.len() as u64
    }
}

impl UserRef<'_> {
    /// A number that depends on what was decoded.
    pub fn seen(&self) -> u64 {
        u64::from(self.age) + self.bio.len() as u64 + self.tags.len() as u64
    }
}

const CITIES: [&str; 20] = [
    "Kochi", "Lagos", "Lima", "Oslo", "Quito", "Riga", "Seoul", "Tunis", "Turin", "Vienna", "Accra",
    "Berlin", "Cairo", "Dakar", "Delhi", "Hanoi", "Izmir", "Kyoto", "Leeds", "Porto",
];
const TAGS: [&str; 8] = [
    "reader", "writer", "editor", "guest", "admin", "tester", "author", "member",
];
const NAMES: [&str; 10] = [
    "Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Tony", "Frances", "Niklaus", "Shafi",
];
const WORDS: &str =
    "paper ink press quire folio leaf sheet bind page spine cover margin type line proof gather ";
/// Documents of one team, on average.
const TEAM_SIZE: usize = 10;

/// Marsaglia's xorshift32, as in bench/documents.ts.
pub struct Generator(u32);

impl Generator {
    pub fn new(seed: u32) -> Generator {
        Generator(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % limit
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len() as u32) as usize]
    }
}

/// `number` in base 36, with zeros before it up to `width`.
fn base36(mut number: u32, width: usize) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.len() < width {
        digits.push(char::from_digit(number % 36, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.iter().rev().collect()
}

/// The first `count` documents of the list.
pub fn documents(count: usize) -> Vec<User> {
    let mut random = Generator::new(0x51ab_1e55);
    let teams_count = count.div_ceil(TEAM_SIZE) as u32;
    (0..count as u32)
        .map(|index| user(&mut random, index, teams_count))
        .collect()
}

fn user(random: &mut Generator, index: u32, teams_count: u32) -> User {
    let name = format!("{} {}", random.pick(&NAMES), base36(index, 4));
    let start = random.below(WORDS.len() as u32) as usize;
    let id = [
        base36(random.below(36_u32.pow(5)), 5),
        base36(random.below(36_u32.pow(6)), 6),
        base36(index, 5),
    ];
    User {
        id: id.concat(),
        email: format!("{}@example.org", name.to_lowercase().replacen(' ', ".", 1)),
        name,
        age: 18 + random.below(60),
        city: random.pick(&CITIES).to_owned(),
        team: format!("team {}", base36(random.below(teams_count), 5)),
        tags: (0..3).map(|_| random.pick(&TAGS).to_owned()).collect(),
        score: f64::from(random.below(1_000_000)) / 1000.0,
        active: random.below(2) == 0,
        created_at: 1_700_000_000_000 + i64::from(random.below(1_000_000_000)),
        bio: WORDS.repeat(2)[start..start + 60].to_owned(),
    }
}

/// A fixed shuffle, so that reads do not follow the order of insertion.
pub fn shuffle<T>(list: &mut [T]) {
    let mut random = Generator::new(0x7e57_ab1e);
    for last in (1..list.len()).rev() {
        list.swap(last, random.below(last as u32 + 1) as usize);
    }
}
