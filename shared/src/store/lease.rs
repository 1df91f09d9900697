//! Who gets a lease.

use jiff::{SignedDuration, Timestamp};

use crate::domain::id::PartnerId;
use crate::store::{Lease, LeaseTaken};

/// Who has the lease of a partner that is being removed. No worker is called so: their names are ids.
pub(super) const REMOVAL: &str = "removal of the partner";
/// How long a step of a removal keeps workers away, in seconds; the next step takes the lease again.
pub(super) const REMOVAL_TTL_S: u32 = 300;

/// The lease as it stands. Once given back it has no owner and has run out, but keeps its epoch: a write of its former
/// owner that is still on its way must find a higher one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Who has it.
    pub(super) owner: Option<String>,
    /// Rises each time it changes hands.
    pub(super) epoch: u64,
    /// When it may be taken.
    pub(super) expires_at: Timestamp,
}

impl From<&Lease> for Standing {
    fn from(lease: &Lease) -> Self {
        Self { owner: Some(lease.owner.clone()), epoch: lease.epoch, expires_at: lease.expires_at }
    }
}

/// Who asks for a lease, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) partner: PartnerId,
    pub(super) owner: &'a str,
    pub(super) now: Timestamp,
    pub(super) ttl_s: u32,
}

/// The lease that is granted over what stands, if any does.
pub(super) fn grant(wanted: Wanted<'_>, standing: Option<&Standing>) -> Result<Lease, LeaseTaken> {
    let epoch = match standing {
        None => 1,
        Some(lease) if lease.expires_at <= wanted.now => lease.epoch.saturating_add(1),
        Some(lease) if lease.owner.as_deref() == Some(wanted.owner) => lease.epoch,
        Some(lease) => {
            return Err(LeaseTaken { until: lease.expires_at });
        }
    };
    let ttl = SignedDuration::from_secs(i64::from(wanted.ttl_s));
    Ok(Lease {
        partner: wanted.partner,
        owner: wanted.owner.to_owned(),
        epoch,
        expires_at: wanted.now.checked_add(ttl).unwrap_or(Timestamp::MAX),
    })
}

/// The lease that is taken over what stands, whoever has it.
pub(super) fn seize(wanted: Wanted<'_>, standing: Option<&Standing>) -> Lease {
    let ttl = SignedDuration::from_secs(i64::from(wanted.ttl_s));
    Lease {
        partner: wanted.partner,
        owner: wanted.owner.to_owned(),
        epoch: standing.map_or(1, |lease| lease.epoch.saturating_add(1)),
        expires_at: wanted.now.checked_add(ttl).unwrap_or(Timestamp::MAX),
    }
}

/// What stands once a lease was given back.
pub(super) fn given_back(lease: &Lease) -> Standing {
    Standing { owner: None, epoch: lease.epoch, expires_at: Timestamp::UNIX_EPOCH }
}
