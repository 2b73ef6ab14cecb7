//! Changes as they are committed, in a thread of their own.
//!
//! Run: `cargo run -p quiredb --example watch` in native/.
#![allow(clippy::print_stdout)]

use quiredb::{Database, Document, OperationType, Result, doc};

fn main() -> Result<()> {
    let db = Database::in_memory()?;
    let orders = db.collection::<Document>("orders")?;
    let changes = orders.watch().full_document(true).run()?;
    let listener = std::thread::spawn(move || -> Result<()> {
        for event in changes {
            let event = event?;
            println!("{:?} {:?}", event.operation_type, event.full_document);
            if event.operation_type == OperationType::Invalidate {
                break;
            }
        }
        Ok(())
    });
    orders.insert_one(&doc! { "_id": 1, "state": "new" })?;
    orders.update(1, doc! { "$set": { "state": "paid" } })?;
    orders.delete(1)?;
    orders.drop_collection()?;
    listener.join().unwrap_or(Ok(()))
}
