//! Room: heap.
