//! Setting a cancelled date: like a quantity it is absolute, so that sending it twice does no harm.
//!
//! The decision itself keeps when it was sent. Until the settle time is over, what a listing does not show may still
//! come.

use jiff::civil::Date;
use shared::domain::ending::Ending;
use shared::domain::outcome::{Failure, Outcome};
use shared::error::PsaError;
use shared::ports::{Clock, Psa};
use shared::store::Change;

use super::permits::{acquire_slots, reserve_permits};
use super::response::too_late;
use super::writer::Writer;
use crate::errors::{WorkError, of_write};
use crate::world::World;

impl<W: World> Writer<'_, W> {
    /// Sets the cancelled date that a person chose. `Updated` once ConnectWise has confirmed it, or in a run that may
    /// not write.
    pub(crate) async fn cancel(&mut self, ending: &Ending, day: Date) -> Result<Outcome, WorkError> {
        if !self.run.writes {
            return Ok(Outcome::Updated);
        }
        let (slice, agreement) = (self.slice, self.target.agreement);
        let context = slice.context;
        let now = context.world.clock().now();
        if ending.sent.is_some_and(|at| now.duration_since(at).as_secs() < context.settle_s()) {
            return Ok(Outcome::Failed(Failure::Unsettled));
        }
        let _slots = acquire_slots(context, 1).await;
        reserve_permits(slice, 1).await?;
        let at = context.world.clock().now();
        // What was seen of the agreement is out of date from here on.
        self.basis.settlement.snapshot.seen = None;
        let sent = Ending { sent: Some(at), ..ending.clone() };
        let lease = self.flush(vec![Change::PutEnding(Box::new(sent))]).await?;
        let addition = ending.key.addition;
        let response = if self.may_send(&lease, at) {
            context.mark_progressed();
            slice.psa.set_cancelled_date(agreement, addition, day).await
        } else {
            Err(too_late())
        };
        if let Ok(response) = &response {
            self.learn_member(response);
        }
        match response {
            Ok(response) if response.id == addition && response.cancelled == Some(day) => Ok(Outcome::Updated),
            Ok(response) => {
                let answer = match response.cancelled {
                    Some(there) => format!("addition {} has the cancelled date {there}", response.id),
                    None => format!("addition {} has no cancelled date", response.id),
                };
                Ok(Outcome::Failed(Failure::WrongAnswer { answer }))
            }
            Err(error) => {
                self.forget_sent(ending, &error).await?;
                Ok(Outcome::Failed(of_write(agreement, &error)))
            }
        }
    }

    /// Restores the earlier `sent` if the request had no effect.
    async fn forget_sent(&mut self, ending: &Ending, error: &PsaError) -> Result<(), WorkError> {
        if !error.may_have_taken_effect() {
            self.flush(vec![Change::PutEnding(Box::new(ending.clone()))]).await?;
        }
        Ok(())
    }
}
