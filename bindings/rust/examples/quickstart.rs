//! Documents of a struct in a file: insert, query, update, index.
//!
//! Run: `cargo run -p quiredb --example quickstart` in native/. The file is made anew each time.
#![allow(clippy::print_stdout)]

use quiredb::{Database, DateTime, IndexModel, Result, doc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct City {
    #[serde(rename = "_id")]
    id: u32,
    name: String,
    people: u64,
    founded: Option<DateTime>,
}

fn main() -> Result<()> {
    let path = std::env::temp_dir().join("quiredb-quickstart.quire");
    let _ = std::fs::remove_file(&path);
    let db = Database::open(&path)?;
    let cities = db.collection::<City>("cities")?;
    let city = |id, name: &str, people| City {
        id,
        name: name.to_owned(),
        people,
        founded: None,
    };
    cities.insert_many(&[
        city(1, "Kochi", 677_381),
        city(2, "Ulm", 126_405),
        city(3, "Turin", 841_600),
    ])?;
    cities.create_index(IndexModel::new(doc! { "people": -1 }))?;
    cities.update(
        2,
        doc! { "$set": { "founded": "0854-07-22T00:00:00Z".parse::<DateTime>()? } },
    )?;
    for city in cities
        .find(doc! { "people": { "$gt": 200_000 } })
        .sort(doc! { "people": -1 })
        .run()?
    {
        println!("{:?}", city?);
    }
    let sum = doc! { "$group": { "_id": null, "people": { "$sum": "$people" } } };
    println!("{:?}", cities.aggregate([sum])?.all()?);
    db.close()
}
