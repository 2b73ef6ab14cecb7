//! Indexes of a collection: from ids and from other fields to documents.
//!
//! Leaves to others: where documents are (heap) and what they hold (query).

pub mod ordered;
pub mod primary;
