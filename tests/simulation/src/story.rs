//! What the printed schedule of one seed says besides the events: decisions, additions and outcomes in words.

use shared::domain::decision::{Decision, StandingHold};
use shared::domain::ledger::Line;
use shared::domain::run::Run;

use super::SimulationError;
use super::books::Seen;
use super::environment::locked;
use super::world::World;

impl World {
    /// Prints how a run ended for each pair, and what each agreement has afterwards.
    pub(super) async fn print_run(&self, run: &Run) -> Result<(), SimulationError> {
        if !self.environment.prints() {
            return Ok(());
        }
        let page = self.table.memory.list_ledger(self.partner, &run.id, "", None).await?;
        for entry in page.entries {
            for line in &entry.lines {
                self.environment.say(|| format!("  {}: {}", entry.name, line_in_words(line)));
            }
        }
        self.print_additions();
        Ok(())
    }

    /// Prints each addition with its terms, and the next invoice of each agreement.
    pub(super) fn print_additions(&self) {
        let books = locked(&self.books);
        for agreement in &books.agreements {
            let terms = books.invoicing.terms.get(&agreement.id);
            let shown = agreement.next_invoice;
            self.environment
                .say(|| format!("  agreement {}: next invoice shown as {shown:?}, {terms:?}", agreement.id));
            for seen in books.of(agreement.id) {
                self.environment.say(|| addition_in_words(seen));
            }
        }
    }

    /// Prints what a person decides.
    pub(super) fn print_decision(&self, hold: &StandingHold, decision: &Decision) {
        self.environment.say(|| format!("  {:?} {}: {:?}", decision.verdict, hold.hold, hold.basis));
    }
}

fn line_in_words(line: &Line) -> String {
    let code = line.code.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{code} {:?}", line.outcome)
}

fn addition_in_words(seen: &Seen) -> String {
    let addition = &seen.addition;
    let (from, until) = (addition.effective, addition.cancelled);
    let by = match seen.request {
        Some(request) => format!("ours, request {request}, knew {}", seen.knew),
        None => "typed in".to_owned(),
    };
    let marks = [(seen.edit.is_some(), ", edited"), (seen.ended, ", ended by hand"), (seen.strange, ", strange")];
    let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
    format!(
        "    addition {}: product {}, {} {} from {from:?} until {until:?}, {by}{marks}",
        addition.id, addition.product, addition.quantity, addition.bill_customer
    )
}
