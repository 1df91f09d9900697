//! The names that the table's definition and the program must agree on.
//!
//! Whatever creates the table (the deployment template, the local stack) states keys, index and expiry by these names.

/// The partition key, a string. It starts with the partner, so that a role can be confined to partners.
pub const PARTITION_KEY: &str = "PK";
/// The sort key, a string.
pub const SORT_KEY: &str = "SK";
/// The attribute by which DynamoDB removes entries some days after they expired: epoch seconds, a number.
pub const EXPIRY: &str = "ttl";
/// The index of due partners, which projects keys only.
pub const DUE_INDEX: &str = "due";
/// The index' partition key, a string: `DUE#0` to `DUE#15`.
pub const DUE_SHARD: &str = "dueShard";
/// The index' sort key, a string: when the partner is due, as a text that sorts by time.
pub const NEXT_RUN_AT: &str = "nextRunAt";
/// How many shards the index has: a partition of DynamoDB takes 1,000 writes a second.
pub const DUE_SHARDS: u8 = 16;
