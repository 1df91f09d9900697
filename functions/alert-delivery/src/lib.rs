//! Sends alerts to partners: to their webhooks and mail addresses, with retries.
//!
//! A run only stores its alert. This function works from a queue of its own, one partner a message, so that a webhook that
//! is slow, down or hostile holds up nobody but its owner. Each attempt is stored before it is made: two deliveries at once
//! send nothing twice, and one that died has used its attempt up. A receiver whose answer was lost gets the alert again,
//! with the same id.
//!
//! - [`work_off`]: what the queue delivers.
//! - `deliver`: one partner's alerts, channel by channel.
//! - `message`: what an alert says, in the language of the partner.
//! - `watch`: what comes to pass without any run.

mod batch;
mod deliver;
mod message;
mod watch;

use jiff::{SignedDuration, Timestamp};
use shared::client::address::AddressPolicy;
use shared::client::webhook::Webhooks;
use shared::domain::follow_up::FollowUp;
use shared::error::StoreError;
use shared::ports::{AlertMessage, Clock, Mailer, Seal};
use shared::store::Store;
use shared::table::Table;

pub use batch::work_off;

/// So long before the deadline no further attempt is begun: the longest one and what is stored after it fit in.
const RESERVE: SignedDuration = SignedDuration::from_secs(15);
/// If something is already due, the follow-up is scheduled this much later.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// What deliveries need of the world.
#[derive(Clone, Debug)]
pub struct World<T, K, M, C> {
    /// Where alerts, and what they tell of, are kept.
    pub store: Store<T>,
    /// Opens the webhooks' addresses and secrets.
    pub seal: K,
    /// Calls webhooks.
    pub webhooks: Webhooks,
    /// Which addresses a webhook may have.
    pub policy: AddressPolicy,
    /// Sends mail; none where this service sends none.
    pub mailer: Option<M>,
    /// What time it is.
    pub clock: C,
}

/// Why a message was not worked off. It is delivered again, and so is what was left.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<T: Table, K: Seal, M: Mailer, C: Clock> World<T, K, M, C> {
    /// Delivers one partner's alerts until `deadline` is near, and schedules the next follow-up.
    ///
    /// # Errors
    /// [`WorkError`]. A receiver that failed is none.
    pub async fn see_to(&self, message: &AlertMessage, deadline: Timestamp) -> Result<(), WorkError> {
        let AlertMessage { partner, follow_up, due_at } = *message;
        let next = match follow_up {
            FollowUp::DeliverAlerts => self.deliver_all(partner, deadline).await?,
            FollowUp::CheckSilence => self.watch(partner).await?,
            // Nobody sends them here.
            FollowUp::ResumeStalledRun | FollowUp::RetryFailedRun => return Ok(()),
        };
        match next {
            Some(next) => {
                let now = self.clock.now();
                let soon = now.saturating_add(SOON).unwrap_or(now);
                self.store.move_follow_up(partner, follow_up, due_at, next.max(soon)).await?;
            }
            None => self.store.end_follow_up(partner, follow_up, due_at).await?,
        }
        Ok(())
    }

    fn is_near(&self, deadline: Timestamp) -> bool {
        self.clock.now().saturating_add(RESERVE).is_ok_and(|soon| soon >= deadline)
    }
}
