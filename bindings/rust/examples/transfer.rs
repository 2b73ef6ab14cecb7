//! Money from one account to another: a transaction that several threads run at once.
//!
//! Run: `cargo run -p quiredb --example transfer` in native/.
#![allow(clippy::print_stdout)]

use quiredb::{Database, Document, Error, ErrorKind, Result, TransactionOptions, doc};

const THREADS: usize = 4;
const TRANSFERS: usize = 250;

fn transfer(db: &Database, from: &str, to: &str, sum: i64) -> Result<()> {
    let options = TransactionOptions::new().collections(["accounts"]);
    db.transaction_with(options, |tx| {
        let accounts = tx.collection::<Document>("accounts")?;
        let paid = accounts.update_one(
            doc! { "_id": from, "sum": { "$gte": sum } },
            doc! { "$inc": { "sum": -sum } },
        )?;
        if paid.matched_count == 0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{from} has not {sum}"),
            ));
        }
        accounts.update(to, doc! { "$inc": { "sum": sum } })?;
        Ok(())
    })
}

fn main() -> Result<()> {
    let db = Database::in_memory()?;
    let accounts = db.collection::<Document>("accounts")?;
    accounts.insert_many(&[doc! { "_id": "a", "sum": 1000 }, doc! { "_id": "b", "sum": 0 }])?;
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| (0..TRANSFERS).try_for_each(|_| transfer(&db, "a", "b", 1)));
        }
    });
    println!("{:?}", accounts.find(doc! {}).sort(doc! { "_id": 1 }).all()?);
    println!("one more: {:?}", transfer(&db, "a", "b", 1));
    Ok(())
}
