//! The lease: the right to work on a partner's run, for a limited time.

use jiff::{SignedDuration, Timestamp};

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{find_text, keyed, number, read_number, text};
use crate::store::{Store, instant, keys};
use crate::table::{Entry, Table, Write, Written};

/// How often the lease may change between our read and our write before we give up.
const ATTEMPTS: usize = 5;
/// The owner of the lease while its partner is being removed. It cannot be a worker's name: those are ids.
pub(super) const REMOVAL: &str = "removal of the partner";
/// How long a step of a removal keeps workers away, in seconds; the next step takes the lease again.
pub(super) const REMOVAL_TTL_S: u32 = 300;

const EXPIRES_AT: &str = "expiresAt";
const FENCING_TOKEN: &str = "fencingToken";
/// Absent once the lease was given back.
const OWNER: &str = "owner";

/// Another worker has the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTaken {
    /// When it may be taken.
    pub until: Timestamp,
}

/// The right to work on a partner's run. Every [`Store::commit`](super::Store::commit) is fenced by it and renews it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The partner whose runs it covers.
    pub partner: PartnerId,
    /// The id of the worker that has it.
    pub owner: String,
    /// Rises each time the lease changes hands, also after it was given back.
    pub fencing_token: u64,
    /// When another worker may take it.
    pub expires_at: Timestamp,
}

impl<T: Table> Store<T> {
    /// Takes the partner's lease for `ttl_s` seconds from `now` if it is free, expired or already the owner's. The inner
    /// error names the time until which another worker has it.
    pub async fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        let request = LeaseRequest { partner, owner, now, ttl_s };
        for _ in 0..ATTEMPTS {
            let stored = self.find_lease(request.partner).await?;
            let lease = match grant(request, stored.as_ref()) {
                Ok(lease) => lease,
                Err(taken) => return Ok(Err(taken)),
            };
            match self.table.write(take(&lease, stored.as_ref())).await? {
                Written::All => return Ok(Ok(lease)),
                Written::Unmet(_) => {}
            }
        }
        Err(StoreError::Unavailable {
            why: "the partner's lease changed hands several times while it was asked for".into(),
        })
    }

    /// Takes the partner's lease for `ttl_s` seconds from `now`, whoever has it. The previous owner can write nothing to
    /// the table any more. The next run settles what it has sent to ConnectWise by then, as after a crash.
    pub async fn seize_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Lease, StoreError> {
        let request = LeaseRequest { partner, owner, now, ttl_s };
        for _ in 0..ATTEMPTS {
            let stored = self.find_lease(request.partner).await?;
            let lease = seize(request, stored.as_ref());
            match self.table.write(take_over(&lease, stored.as_ref())).await? {
                Written::All => return Ok(lease),
                Written::Unmet(_) => {}
            }
        }
        Err(StoreError::Unavailable {
            why: "the partner's lease changed hands several times while it was taken over".into(),
        })
    }

    async fn find_lease(&self, partner: PartnerId) -> Result<Option<StoredLease>, StoreError> {
        let entry = self.table.get(&keys::lease(partner)).await?;
        entry.as_ref().map(from_entry).transpose()
    }

    /// Gives the lease back at once; does nothing when another worker has it by now.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let write = Write::put(to_entry(lease.partner, &given_back(lease)));
        // An unmet condition is fine: another worker has it.
        self.table.write(only_of(lease, write)).await?;
        Ok(())
    }
}

/// Replaces the lease only if it is exactly as it was read: its owner may have renewed it meanwhile.
fn take(lease: &Lease, read: Option<&StoredLease>) -> Write {
    let write = Write::put(to_entry(lease.partner, &lease.into()));
    match read {
        None => write.if_absent(),
        Some(read) => write
            .if_equals(FENCING_TOKEN, number(read.fencing_token))
            .if_equals(EXPIRES_AT, instant::to_text(read.expires_at)),
    }
}

/// Replaces the lease if it has the fencing token that was read, even if its owner has renewed it meanwhile.
fn take_over(lease: &Lease, read: Option<&StoredLease>) -> Write {
    let write = Write::put(to_entry(lease.partner, &lease.into()));
    match read {
        None => write.if_absent(),
        Some(read) => write.if_equals(FENCING_TOKEN, number(read.fencing_token)),
    }
}

/// The write that every commit contains: it prolongs the lease, on condition that we still have it.
pub(super) fn renew(lease: &Lease, until: Timestamp) -> Write {
    let renewed = StoredLease { expires_at: until, ..lease.into() };
    only_of(lease, Write::put(to_entry(lease.partner, &renewed)))
}

fn only_of(lease: &Lease, write: Write) -> Write {
    write.if_equals(OWNER, text(&lease.owner)).if_equals(FENCING_TOKEN, number(lease.fencing_token))
}

/// The lease as it is stored. Once given back it has no owner and has expired, but keeps its fencing token: a late write
/// of the previous owner must find a higher one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StoredLease {
    pub(super) owner: Option<String>,
    pub(super) fencing_token: u64,
    pub(super) expires_at: Timestamp,
}

impl From<&Lease> for StoredLease {
    fn from(lease: &Lease) -> Self {
        Self { owner: Some(lease.owner.clone()), fencing_token: lease.fencing_token, expires_at: lease.expires_at }
    }
}

/// Who asks for a lease, when and for how long.
#[derive(Clone, Copy, Debug)]
struct LeaseRequest<'a> {
    pub(super) partner: PartnerId,
    pub(super) owner: &'a str,
    pub(super) now: Timestamp,
    pub(super) ttl_s: u32,
}

/// The lease that replaces the stored one, if its state permits.
fn grant(request: LeaseRequest<'_>, stored: Option<&StoredLease>) -> Result<Lease, LeaseTaken> {
    let fencing_token = match stored {
        None => 1,
        Some(lease) if lease.expires_at <= request.now => lease.fencing_token.saturating_add(1),
        Some(lease) if lease.owner.as_deref() == Some(request.owner) => lease.fencing_token,
        Some(lease) => {
            return Err(LeaseTaken { until: lease.expires_at });
        }
    };
    let ttl = SignedDuration::from_secs(i64::from(request.ttl_s));
    Ok(Lease {
        partner: request.partner,
        owner: request.owner.to_owned(),
        fencing_token,
        expires_at: request.now.checked_add(ttl).unwrap_or(Timestamp::MAX),
    })
}

/// The lease that replaces the stored one, whoever has it.
fn seize(request: LeaseRequest<'_>, stored: Option<&StoredLease>) -> Lease {
    let ttl = SignedDuration::from_secs(i64::from(request.ttl_s));
    Lease {
        partner: request.partner,
        owner: request.owner.to_owned(),
        fencing_token: stored.map_or(1, |lease| lease.fencing_token.saturating_add(1)),
        expires_at: request.now.checked_add(ttl).unwrap_or(Timestamp::MAX),
    }
}

fn given_back(lease: &Lease) -> StoredLease {
    StoredLease { owner: None, fencing_token: lease.fencing_token, expires_at: Timestamp::UNIX_EPOCH }
}

fn to_entry(partner: PartnerId, stored: &StoredLease) -> Entry {
    let mut entry = keyed(&keys::lease(partner));
    if let Some(owner) = &stored.owner {
        entry.insert(OWNER.to_owned(), text(owner));
    }
    entry.insert(FENCING_TOKEN.to_owned(), number(stored.fencing_token));
    entry.insert(EXPIRES_AT.to_owned(), instant::to_text(stored.expires_at));
    entry
}

fn from_entry(entry: &Entry) -> Result<StoredLease, StoreError> {
    Ok(StoredLease {
        owner: find_text(entry, OWNER).map(str::to_owned),
        fencing_token: read_number(entry, FENCING_TOKEN)?,
        expires_at: instant::read(entry, EXPIRES_AT)?,
    })
}
