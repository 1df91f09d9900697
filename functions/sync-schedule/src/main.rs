//! sync-schedule

fn main() {}
