//! MongoDB's dialect on MessagePack bytes: filters, updates, projections and sorts, without decoding documents.
//!
//! Promises: pure functions over slices; compiled once, shared by threads; nothing panics on any bytes, and
//! what an operator costs is bounded by the limits here. One semantics for all languages.
//! Reading order: compare.rs (order of values), path.rs (dotted paths), literal.rs, filter.rs, update.rs.

pub mod compare;
pub mod distinct;
pub mod expression;
pub mod expression_stages;
pub mod filter;
pub mod group_key;
pub mod index_keys;
#[cfg(test)]
mod key_order_tests;
pub mod literal;
#[cfg(test)]
mod oracle;
pub mod path;
pub mod pipeline;
pub mod plan;
pub mod projection;
#[cfg(test)]
mod property_tests;
mod shape;
pub mod sort;
pub mod update;

pub use distinct::Distinct;
pub use expression::Expression;
pub use filter::{Filter, Matcher};
pub use pipeline::Pipeline;
pub use projection::Projection;
pub use sort::Sort;
pub use update::Update;

/// Most operators and equalities of one filter, and most paths of one update.
pub const TERMS_MAX: usize = 10_000;
