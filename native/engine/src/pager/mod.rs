//! Room: pager.
