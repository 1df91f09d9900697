//! Setting a cancelled date: like a quantity it is absolute, so that sending it twice does no harm.
//!
//! The decision itself keeps when it was sent. Until the settle time is over, what a listing does not show may still come.

use jiff::civil::Date;
use shared::domain::ending::Ending;
use shared::domain::outcome::{Failure, Outcome};
use shared::error::PsaError;
use shared::ports::{Clock, Psa};
use shared::store::Change;

use super::Writer;
use super::answer::too_late;
use crate::trouble::of_write;
use crate::worker::{WorkError, World};

impl<W: World> Writer<'_, W> {
    /// Sets the cancelled date that a person chose. `Updated` once ConnectWise has confirmed it, or in a run that may not
    /// write.
    pub(in crate::slice) async fn cancel(&mut self, ending: &Ending, day: Date) -> Result<Outcome, WorkError> {
        if !self.run.writes {
            return Ok(Outcome::Updated);
        }
        let now = self.stages.world.clock().now();
        if ending.sent.is_some_and(|at| now.duration_since(at).as_secs() < self.stages.settle_s()) {
            return Ok(Outcome::Failed(Failure::Unsettled));
        }
        let _places = self.stages.places_to_write(1).await;
        self.stages.turns_to_write(1).await?;
        let at = self.stages.world.clock().now();
        // What was seen of the agreement is out of date from here on.
        self.settlement.snapshot.seen = None;
        let sent = Ending { sent: Some(at), ..ending.clone() };
        let lease = self.flush(vec![Change::PutEnding(Box::new(sent))]).await?;
        let addition = ending.key.addition;
        let answer = if self.may_send(&lease, at) {
            self.stages.has_progressed();
            self.stages.psa.set_cancelled_date(self.agreement, addition, day).await
        } else {
            Err(too_late())
        };
        if let Ok(answer) = &answer {
            self.learn_member(answer);
        }
        match answer {
            Ok(answer) if answer.id == addition && answer.cancelled == Some(day) => Ok(Outcome::Updated),
            Ok(answer) => {
                let answer = match answer.cancelled {
                    Some(there) => format!("addition {} has the cancelled date {there}", answer.id),
                    None => format!("addition {} has no cancelled date", answer.id),
                };
                Ok(Outcome::Failed(Failure::WrongAnswer { answer }))
            }
            Err(error) => {
                self.forget_sent(ending, &error).await?;
                Ok(Outcome::Failed(of_write(self.agreement, &error)))
            }
        }
    }

    /// What is known to have had no effect was not sent; what was sent before it may have been.
    async fn forget_sent(&mut self, ending: &Ending, error: &PsaError) -> Result<(), WorkError> {
        if !error.may_have_taken_effect() {
            self.flush(vec![Change::PutEnding(Box::new(ending.clone()))]).await?;
        }
        Ok(())
    }
}
