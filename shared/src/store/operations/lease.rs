//! The lease on a partner's runs: read, granted by the rule, and written only if it is still as it was read.

use jiff::Timestamp;

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{instant, keys, number, run as row, text};
use crate::store::lease::{self, Standing, Wanted};
use crate::store::{Lease, LeaseTaken};
use crate::table::{Table, Write, Written};

/// How often the lease may change between a read and the write that follows it, before the caller has to come again.
const ATTEMPTS: usize = 5;

impl<T: Table> Store<T> {
    pub(super) async fn grant_lease(&self, wanted: Wanted<'_>) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        for _ in 0..ATTEMPTS {
            let standing = self.find_lease(wanted.partner).await?;
            let lease = match lease::grant(wanted, standing.as_ref()) {
                Ok(lease) => lease,
                Err(taken) => return Ok(Err(taken)),
            };
            match self.table.write(take(&lease, standing.as_ref())).await? {
                Written::All => return Ok(Ok(lease)),
                Written::Unmet(_) => {}
            }
        }
        Err(StoreError::Unavailable {
            why: "the partner's lease changed hands several times while it was asked for".into(),
        })
    }

    pub(super) async fn take_lease_over(&self, wanted: Wanted<'_>) -> Result<Lease, StoreError> {
        for _ in 0..ATTEMPTS {
            let standing = self.find_lease(wanted.partner).await?;
            let lease = lease::seize(wanted, standing.as_ref());
            match self.table.write(seize(&lease, standing.as_ref())).await? {
                Written::All => return Ok(lease),
                Written::Unmet(_) => {}
            }
        }
        Err(StoreError::Unavailable {
            why: "the partner's lease changed hands several times while it was taken over".into(),
        })
    }

    async fn find_lease(&self, partner: PartnerId) -> Result<Option<Standing>, StoreError> {
        let entry = self.table.get(&keys::lease(partner)).await?;
        entry.as_ref().map(row::lease_from_entry).transpose()
    }

    pub(super) async fn give_lease_back(&self, lease: &Lease) -> Result<(), StoreError> {
        let write = Write::put(row::lease_to_entry(lease.partner, &lease::given_back(lease)));
        // Unmet: it is another's by now, and not ours to give.
        self.table.write(only_of(lease, write)).await?;
        Ok(())
    }
}

/// Writes the lease over exactly what was read: an owner may have renewed it meanwhile.
fn take(lease: &Lease, read: Option<&Standing>) -> Write {
    let write = Write::put(row::lease_to_entry(lease.partner, &lease.into()));
    match read {
        None => write.if_absent(),
        Some(read) => write
            .if_equals(row::EPOCH, number(read.epoch))
            .if_equals(row::EXPIRES_AT, instant::to_text(read.expires_at)),
    }
}

/// Writes the lease over the epoch that was read: its owner may renew it as often as it likes.
fn seize(lease: &Lease, read: Option<&Standing>) -> Write {
    let write = Write::put(row::lease_to_entry(lease.partner, &lease.into()));
    match read {
        None => write.if_absent(),
        Some(read) => write.if_equals(row::EPOCH, number(read.epoch)),
    }
}

/// The write that every commit has: it happens only to the lease that stands, and prolongs it.
pub(super) fn renew(lease: &Lease, until: Timestamp) -> Write {
    let renewed = Standing { expires_at: until, ..lease.into() };
    only_of(lease, Write::put(row::lease_to_entry(lease.partner, &renewed)))
}

fn only_of(lease: &Lease, write: Write) -> Write {
    write.if_equals(row::OWNER, text(&lease.owner)).if_equals(row::EPOCH, number(lease.epoch))
}
