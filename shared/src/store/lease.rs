//! The lease: the right to work on a partner's run, for a limited time.

use jiff::{SignedDuration, Timestamp};

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{find_text, keyed, number, read_number, text};
use crate::store::{Store, instant, keys};
use crate::table::{Entry, Table, Write, Written};

/// How often the lease may change between a read and the write that follows it, before the caller has to come again.
const ATTEMPTS: usize = 5;
/// Who has the lease of a partner that is being removed. No worker is called so: their names are ids.
pub(super) const REMOVAL: &str = "removal of the partner";
/// How long a step of a removal keeps workers away, in seconds; the next step takes the lease again.
pub(super) const REMOVAL_TTL_S: u32 = 300;

/// When the lease may be taken by another.
const EXPIRES_AT: &str = "expiresAt";

/// Rises each time the lease changes hands, also across a release.
const FENCING_TOKEN: &str = "fencingToken";

/// Who has the lease; absent once it was given back.
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
    /// Whose runs.
    pub partner: PartnerId,
    /// Who has it.
    pub owner: String,
    /// Rises each time the lease changes hands.
    pub fencing_token: u64,
    /// When it may be taken by another.
    pub expires_at: Timestamp,
}

impl<T: Table> Store<T> {
    /// Takes the partner's lease for `ttl_s` seconds from `now`, if it is free, run out, or the owner's own.
    ///
    /// # Errors
    /// [`StoreError`]; the inner error says until when another worker has it.
    pub async fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        let wanted = Wanted { partner, owner, now, ttl_s };
        for _ in 0..ATTEMPTS {
            let standing = self.find_lease(wanted.partner).await?;
            let lease = match grant(wanted, standing.as_ref()) {
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

    /// Takes the partner's lease for `ttl_s` seconds from `now`, whoever has it: whoever had it writes nothing to the table
    /// any more. What it has sent to ConnectWise by then is settled by the next run, as after a crash.
    pub async fn seize_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Lease, StoreError> {
        let wanted = Wanted { partner, owner, now, ttl_s };
        for _ in 0..ATTEMPTS {
            let standing = self.find_lease(wanted.partner).await?;
            let lease = seize(wanted, standing.as_ref());
            match self.table.write(take_over(&lease, standing.as_ref())).await? {
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
        entry.as_ref().map(from_entry).transpose()
    }

    /// Gives the lease back at once; does nothing when it is another's by now.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let write = Write::put(to_entry(lease.partner, &given_back(lease)));
        // Unmet: it is another's by now, and not ours to give.
        self.table.write(only_of(lease, write)).await?;
        Ok(())
    }
}

/// Writes the lease over exactly what was read: an owner may have renewed it meanwhile.
fn take(lease: &Lease, read: Option<&Standing>) -> Write {
    let write = Write::put(to_entry(lease.partner, &lease.into()));
    match read {
        None => write.if_absent(),
        Some(read) => write
            .if_equals(FENCING_TOKEN, number(read.fencing_token))
            .if_equals(EXPIRES_AT, instant::to_text(read.expires_at)),
    }
}

/// Writes the lease over the epoch that was read: its owner may renew it as often as it likes.
fn take_over(lease: &Lease, read: Option<&Standing>) -> Write {
    let write = Write::put(to_entry(lease.partner, &lease.into()));
    match read {
        None => write.if_absent(),
        Some(read) => write.if_equals(FENCING_TOKEN, number(read.fencing_token)),
    }
}

/// The write that every commit has: it happens only to the lease that stands, and prolongs it.
pub(super) fn renew(lease: &Lease, until: Timestamp) -> Write {
    let renewed = Standing { expires_at: until, ..lease.into() };
    only_of(lease, Write::put(to_entry(lease.partner, &renewed)))
}

fn only_of(lease: &Lease, write: Write) -> Write {
    write.if_equals(OWNER, text(&lease.owner)).if_equals(FENCING_TOKEN, number(lease.fencing_token))
}

/// The lease as it stands. Once given back it has no owner and has run out, but keeps its epoch: a write of its former
/// owner that is still on its way must find a higher one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    /// Who has it.
    pub(super) owner: Option<String>,
    /// Rises each time it changes hands.
    pub(super) fencing_token: u64,
    /// When it may be taken.
    pub(super) expires_at: Timestamp,
}

impl From<&Lease> for Standing {
    fn from(lease: &Lease) -> Self {
        Self { owner: Some(lease.owner.clone()), fencing_token: lease.fencing_token, expires_at: lease.expires_at }
    }
}

/// Who asks for a lease, and for how long.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    pub(super) partner: PartnerId,
    pub(super) owner: &'a str,
    pub(super) now: Timestamp,
    pub(super) ttl_s: u32,
}

/// The lease that is granted over what stands, if any does.
fn grant(wanted: Wanted<'_>, standing: Option<&Standing>) -> Result<Lease, LeaseTaken> {
    let fencing_token = match standing {
        None => 1,
        Some(lease) if lease.expires_at <= wanted.now => lease.fencing_token.saturating_add(1),
        Some(lease) if lease.owner.as_deref() == Some(wanted.owner) => lease.fencing_token,
        Some(lease) => {
            return Err(LeaseTaken { until: lease.expires_at });
        }
    };
    let ttl = SignedDuration::from_secs(i64::from(wanted.ttl_s));
    Ok(Lease {
        partner: wanted.partner,
        owner: wanted.owner.to_owned(),
        fencing_token,
        expires_at: wanted.now.checked_add(ttl).unwrap_or(Timestamp::MAX),
    })
}

/// The lease that is taken over what stands, whoever has it.
fn seize(wanted: Wanted<'_>, standing: Option<&Standing>) -> Lease {
    let ttl = SignedDuration::from_secs(i64::from(wanted.ttl_s));
    Lease {
        partner: wanted.partner,
        owner: wanted.owner.to_owned(),
        fencing_token: standing.map_or(1, |lease| lease.fencing_token.saturating_add(1)),
        expires_at: wanted.now.checked_add(ttl).unwrap_or(Timestamp::MAX),
    }
}

/// What stands once a lease was given back.
fn given_back(lease: &Lease) -> Standing {
    Standing { owner: None, fencing_token: lease.fencing_token, expires_at: Timestamp::UNIX_EPOCH }
}

fn to_entry(partner: PartnerId, standing: &Standing) -> Entry {
    let mut entry = keyed(&keys::lease(partner));
    if let Some(owner) = &standing.owner {
        entry.insert(OWNER.to_owned(), text(owner));
    }
    entry.insert(FENCING_TOKEN.to_owned(), number(standing.fencing_token));
    entry.insert(EXPIRES_AT.to_owned(), instant::to_text(standing.expires_at));
    entry
}

fn from_entry(entry: &Entry) -> Result<Standing, StoreError> {
    Ok(Standing {
        owner: find_text(entry, OWNER).map(str::to_owned),
        fencing_token: read_number(entry, FENCING_TOKEN)?,
        expires_at: instant::read(entry, EXPIRES_AT)?,
    })
}
