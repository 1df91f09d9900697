//! usage-sync

fn main() {}
