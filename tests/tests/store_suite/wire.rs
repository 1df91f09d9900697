//! What only the wire can do to a store.
