//! Aggregations over collections and databases as programs see them.
//!
//! Promises: a pipeline that writes is a transaction of its own, committed when the call returns.
//! Leaves to others: running and writing (transaction/aggregate.rs).

use crate::collection::check_name;
use crate::database::{Collection, Database, Handle, WriteOptions};
use crate::error::Result;
use crate::query::Pipeline;
use crate::transaction::aggregate::Aggregation;
use crate::transaction::{Transaction, TransactionOptions};

impl Collection {
    /// Runs `pipeline` over the documents as they are now. What `$out` or `$merge` writes is written and committed
    /// when this returns.
    ///
    /// Errors: those of the pipeline; where it writes, also those of writing, and then nothing is written.
    pub fn aggregate(&self, pipeline: &Pipeline, options: &WriteOptions) -> Result<Aggregation> {
        aggregate(self.handle(), &self.name(), pipeline, options)
    }
}

impl Database {
    /// Runs `pipeline`, which begins with documents of its own; see [`Collection::aggregate`].
    pub fn aggregate(&self, pipeline: &Pipeline, options: &WriteOptions) -> Result<Aggregation> {
        aggregate(&self.handle, "", pipeline, options)
    }
}

fn aggregate(
    handle: &Handle,
    name: &str,
    pipeline: &Pipeline,
    options: &WriteOptions,
) -> Result<Aggregation> {
    let Some(output) = pipeline.output() else {
        let name = (!pipeline.begins_with_documents()).then_some(name);
        return Aggregation::open(handle.readable()?, name, pipeline);
    };
    check_name(output.into_name())?;
    let leased = TransactionOptions {
        collections: vec![output.into_name().to_owned()],
        owner: options.owner,
    };
    let mut transaction = Transaction::begin(handle.writable()?.clone(), &leased)?;
    let aggregation = transaction.aggregate(name, pipeline)?;
    transaction.commit(handle.durability(options))?;
    Ok(aggregation)
}
