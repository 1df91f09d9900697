//! What ConnectWise's invoices say of a world at rest: no day is billed twice by a line of ours, no period is left out, and
//! nothing that we wrote is billed without anybody knowing.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId};
use shared::domain::ledger::Line;
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::still_billed::StillBilled;
use shared::ports::Clock;

use super::SimulationError;
use super::books::{Books, Seen, addition_id};
use super::verdict::Told;
use super::world::{World, agreement_of};
use simulators::connectwise::invoices::judge::{BilledTwice, billed_twice, left_out};
use simulators::connectwise::invoices::{Invoice, Period};

/// The invoices that are made once all is at rest: what is synced by then is on them.
pub(super) struct LastInvoices(BTreeMap<AgreementId, Period>);

impl LastInvoices {
    /// Makes them: of all that is due by the month after the world's, and one of each agreement at least.
    pub(super) fn make(world: &World, books: &mut Books) -> Self {
        let next = |books: &Books| books.invoicing.terms.iter().map(|(id, terms)| (*id, terms.next)).collect();
        let first: BTreeMap<AgreementId, Period> = next(books);
        books.invoice_until(world.month.next().first_day());
        let after: BTreeMap<AgreementId, Period> = next(books);
        let until = |id: &AgreementId| after.get(id).and_then(|next| next.first.yesterday().ok());
        let made = first.iter().filter_map(|(id, first)| Some((*id, Period::of(first.first, until(id)?)?)));
        Self(made.collect())
    }

    /// That an addition which we created is on all of them from its month on, but for days that another line of its
    /// product may have billed.
    pub(super) fn judge(&self, world: &World, books: &Books, ours: &Seen) -> Result<(), String> {
        let (addition, month) = (&ours.addition, world.month.first_day());
        let Some(terms) = books.invoicing.terms.get(&ours.agreement) else { return Ok(()) };
        let made = self.0.get(&ours.agreement).copied();
        let Some(within) = made.and_then(|made| Period::of(made.first.max(month), made.last)) else { return Ok(()) };
        let of_company = |invoice: &&Invoice| invoice.company == terms.company;
        let invoices = books.invoicing.made.iter().filter(of_company);
        let company = |on: &AgreementId| books.invoicing.terms.get(on).map(|terms| terms.company);
        // A line of ours for another product may have billed the same Sophos product before it was mapped to this one: one
        // that we wrote, or took over as it was.
        let counts = |seen: &&Seen| seen.addition.product == addition.product || seen.ours || world.remapped;
        let same_company = |seen: &&Seen| company(&seen.agreement) == Some(terms.company);
        // A date that a person sets back later leaves days out that it had covered when ours was created.
        let dates = |seen: &Seen| seen.addition.cancelled.into_iter().chain(seen.ended_before);
        let ended = books.additions.values().filter(same_company).filter(counts).flat_map(dates);
        let product = (terms.company, addition.product.get());
        // A line on another agreement of the company has billed by its own terms.
        let prorated = books.invoicing.terms.values().filter(|on| on.company == terms.company).all(|on| on.prorated);
        let rest = left_out(invoices, product, within, (ended, prorated));
        match rest.first() {
            None => Ok(()),
            Some(days) => Err(format!(
                "not billed from {} to {}, though addition {} is synced",
                days.first, days.last, addition.id
            )),
        }
    }
}

/// Days that two additions bill of which we created one, though the other one was there to be seen, or was ours too. How
/// often people wanted it so is counted.
pub(super) fn judge_days(books: &Books, wrongs: &mut Vec<String>) -> u64 {
    let mut on_purpose = 0;
    for found in billed_twice(&books.invoicing.made) {
        if let Some(ours) = created_beside(books, &found) {
            if books.on_purpose.contains(&(ours.agreement, ours.addition.product)) {
                on_purpose += 1;
                continue;
            }
            let ours = ours.addition.id;
            let BilledTwice { product, days, additions, .. } = found;
            let which: Vec<String> = additions.iter().map(|(on, id)| format!("{id} on {on}")).collect();
            let (which, first, last) = (which.join(", "), days.first, days.last);
            wrongs.push(format!(
                "duplicate: product {product} is billed twice from {first} to {last}, by {which}: we created {ours}"
            ));
        }
    }
    on_purpose
}

/// The addition that we should not have created.
fn created_beside<'a>(books: &'a Books, found: &BilledTwice) -> Option<&'a Seen> {
    let of_day: Vec<&'a Seen> =
        found.additions.iter().filter_map(|(_, id)| books.additions.get(&addition_id(u64::from(*id)))).collect();
    // A date that a person set back behind an invoice: ConnectWise does not say so to anybody who looks afterwards.
    let set_back = |seen: &Seen| {
        let prorated = books.invoicing.terms.get(&seen.agreement).is_some_and(|terms| terms.prorated);
        let until = seen.addition.cancelled.filter(|_| seen.ended);
        until.is_some_and(|until| (if prorated { until } else { until.last_of_month() }) < found.days.first)
    };
    let beside = |ours: &&Seen| {
        let known = |other: &&Seen| match other.request {
            _ if set_back(other) => false,
            // ConnectWise itself took one request twice; what comes of that is a hold.
            Some(_) if other.request == ours.request => false,
            Some(_) => true,
            None => usize::try_from(other.addition.id.get()).is_ok_and(|id| id <= ours.knew),
        };
        ours.request.is_some() && of_day.iter().any(|other| other.addition.id != ours.addition.id && known(other))
    };
    of_day.iter().copied().find(beside)
}

/// Everything of ours that goes on being billed is synced, held, or listed as still billing.
pub(super) async fn listed(world: &World) -> Result<BTreeSet<AdditionId>, SimulationError> {
    let store = &world.table.memory;
    let marks = store.list_billed_on(world.partner, "").await?;
    let agreements: Vec<AgreementId> = marks.into_values().flatten().collect();
    let snapshots = store.find_snapshots(world.partner, &agreements).await?;
    let today = world.environment.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let listed = snapshots.values().flat_map(|snapshot| StillBilled::of(snapshot, today));
    Ok(listed.map(|billed| billed.addition).collect())
}

/// What we wrote and is billed for the month after, and neither in the newest ledger nor listed.
pub(super) fn judge_known(
    world: &World,
    books: &Books,
    (last, listed): (&Told, &BTreeSet<AdditionId>),
    wrongs: &mut Vec<String>,
) {
    let goes_on = |seen: &&Seen| {
        let addition = &seen.addition;
        let open = addition.cancelled.is_none_or(|day| day > world.month.last_day());
        books.is_as_written(seen) && open && addition.quantity > Decimal::ZERO && !listed.contains(&addition.id)
    };
    for seen in books.additions.values().filter(goes_on) {
        let owner = world.sophos.customers.iter().enumerate();
        let mut owner = owner.filter(|(number, _)| agreement_of(*number).is_ok_and(|own| own == seen.agreement));
        let owner = owner.next().map(|(_, customer)| customer.id);
        let entries = last.ledger.iter().filter(|entry| entry.customer.is_some() && entry.customer == owner);
        let is_told = |line: &Line| {
            let here = line.billed.as_ref().is_some_and(|billed| billed.product == seen.addition.product);
            here && match &line.outcome {
                Outcome::Skipped(skip) => matches!(skip, Skip::Rejected { .. }),
                Outcome::Failed(_) => false,
                Outcome::Unchanged
                | Outcome::Created
                | Outcome::Updated
                | Outcome::Adopted
                | Outcome::Waiting(_)
                | Outcome::Held(_) => true,
            }
        };
        if !entries.flat_map(|entry| &entry.lines).any(is_told) {
            let (id, quantity) = (seen.addition.id, seen.addition.quantity);
            wrongs.push(format!("addition {id} bills {quantity} that we wrote, and nobody is told of it"));
        }
    }
}
