//! On which ConnectWise invoice a line of a ledger and the release of a hold go.

use jiff::civil::Date;

use super::{AgreementLanding, Landing, after};
use crate::domain::decision::{HoldDue, StandingHold};
use crate::domain::ledger::{CustomerLedger, Line};
use crate::domain::outcome::{Outcome, Waiting, Would};

impl CustomerLedger {
    /// On which ConnectWise invoice a line's quantity goes; none where that is not known, and of what is not synced or has
    /// nothing to bill.
    #[must_use]
    pub fn landing(&self, line: &Line) -> Option<Landing> {
        let AgreementLanding { open, made } = self.landing?;
        let billed = line.billed.as_ref()?;
        let open = Landing { starts: open, made: false };
        match &line.outcome {
            Outcome::Unchanged if billed.addition.is_none() => None,
            Outcome::Unchanged => Some(made.map_or(open, |starts| Landing { starts, made: true })),
            Outcome::Created | Outcome::Updated | Outcome::Adopted => Some(open.of_release(billed.would, &self.facts)),
            Outcome::Waiting(Waiting::NewMonth { awaits_invoice, .. }) => {
                // The invoice that it waits for bills the month before.
                let starts = if *awaits_invoice { after(open.starts, &self.facts) } else { open.starts };
                Some(Landing { starts, ..open })
            }
            Outcome::Waiting(Waiting::NextRun { would }) => Some(open.of_release(*would, &self.facts)),
            // The invoice was made without it.
            Outcome::Held(_) if made.is_some() => None,
            Outcome::Held(_) => Some(open.of_release(billed.waiting.unwrap_or(Would::Nothing), &self.facts)),
            Outcome::Skipped(_) | Outcome::Failed(_) => None,
        }
    }
}

impl StandingHold {
    /// On which ConnectWise invoice what a release writes goes; none where ConnectWise does not say, or has made the
    /// invoice without it.
    #[must_use]
    pub fn landing(&self, today: Date) -> Option<Landing> {
        let facts = &self.facts.names.facts;
        let is_missed = self.due(today) == HoldDue::Missed;
        let open = Landing::of(self.key.month, self.next_invoice.filter(|_| !is_missed)?, facts)?;
        Some(open.of_release(self.basis.release, facts))
    }
}
