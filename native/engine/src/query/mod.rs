//! Room: query.
