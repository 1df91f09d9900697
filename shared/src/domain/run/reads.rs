//! What a run reads of ConnectWise, and how many calls that should take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Why an agreement is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReadFor {
    /// A person asked to see or to apply: what is shown is what ConnectWise has.
    Person,
    /// Nothing is remembered: it was never read, or it was written to since.
    Memory,
    /// A write on it has no known end.
    Settling,
    /// Its ConnectWise invoice is near.
    Invoice,
    /// Its turn in the rolling audit has come.
    Audit,
    /// The plan asks for something.
    Change,
    /// The customer's former agreement may still bill what would be billed on the present one.
    Former,
    /// Another agreement of the company may bill what is about to be created.
    Other,
}

/// What a run read of ConnectWise, and the calls it took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PsaReads {
    /// Calls sent, those of every slice and every repetition included.
    pub calls: u64,
    /// Slices that spoke to ConnectWise; each looks up the API's address once.
    pub slices: u64,
    /// Agreements listed.
    pub agreements: u64,
    /// Mapped ConnectWise products.
    pub products: u64,
    /// Customers whose additions were read.
    pub customers: u64,
    /// The same by the reason for reading them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reads: BTreeMap<ReadFor, u64>,
}

impl PsaReads {
    /// The calls that a full read needs: K + ⌈A/1000⌉ + ⌈P/100⌉ + customers read + writes, where K is one a slice, and a list
    /// that is empty still takes a call. Companies need none: each agreement names its own.
    #[must_use]
    pub fn formula(&self, writes: u64) -> u64 {
        let pages = self.agreements.div_ceil(1000).max(1);
        self.slices + pages + self.products.div_ceil(100) + self.customers + writes
    }
}
