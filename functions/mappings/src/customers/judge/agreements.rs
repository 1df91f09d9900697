//! Whether agreements can be used, as ConnectWise says at this moment.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use shared::domain::id::{CompanyId, PartnerId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::CustomerNames;
use shared::domain::psa::{Agreement, AgreementStatus};
use shared::http::{Language, Problem, ProblemCode};
use shared::ports::{Listed, PsaCatalogue};

use crate::Link;
use crate::customers::ends_soon;
use crate::customers::report::{CustomerNote, Faults, NoteCode, Origin};

/// Calls of ConnectWise side by side: a person waits, and runs want their share.
const IN_FLIGHT: usize = 6;

/// A row whose agreement is looked at.
pub(super) struct ToCheck {
    pub(super) at: usize,
    pub(super) mapping: CustomerMapping,
    /// Whether an agreement that does not bill monthly still has to be confirmed.
    pub(super) asks_of_cycle: bool,
}

/// Refuses the rows whose agreement is not the company's or not active; returns the names by row. Asks ConnectWise once a
/// company, and not at all where there is nothing to check.
pub(super) async fn check_agreements(
    (connections, partner, language): (&impl Link, PartnerId, Language),
    today: Date,
    (origin, rows): (&Origin, &[ToCheck]),
    (faults, notes): (&mut Faults, &mut Vec<CustomerNote>),
) -> Result<BTreeMap<usize, CustomerNames>, Problem> {
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let psa = connections.psa(partner).await?;
    let companies = rows.iter().map(|row| row.mapping.company);
    let agreements = agreements_of(&psa, companies.collect()).await?;
    let mut names = BTreeMap::new();
    for ToCheck { at, mapping, asks_of_cycle } in rows {
        let listed = agreements.get(&mapping.company);
        match usable(mapping, listed) {
            Err(why) => faults.add(origin, *at, "agreementId", ProblemCode::AgreementUnusable, &why),
            Ok(agreement) if *asks_of_cycle && agreement.facts().is_not_monthly() => {
                let detail = ask_of_cycle(agreement, language);
                faults.add(origin, *at, "confirmCycle", ProblemCode::CycleNotConfirmed, &detail);
            }
            Ok(agreement) => {
                notes.extend(notes_on(mapping, agreement, today));
                let others = listed.map(|listed| listed.rows.as_slice()).unwrap_or_default();
                notes.extend(note_on_others(mapping, others));
                names.insert(*at, agreement.names());
            }
        }
    }
    Ok(names)
}

/// The agreements of each company: one call a company.
pub(in crate::customers) async fn agreements_of(
    psa: &impl PsaCatalogue,
    companies: BTreeSet<CompanyId>,
) -> Result<BTreeMap<CompanyId, Listed<Agreement>>, Problem> {
    let asked = companies.into_iter().map(|company| async move {
        let listed = psa.list_agreements_of(company).await.map_err(Problem::from)?;
        Ok::<_, Problem>((company, listed))
    });
    stream::iter(asked).buffer_unordered(IN_FLIGHT).try_collect().await
}

fn usable<'a>(mapping: &CustomerMapping, listed: Option<&'a Listed<Agreement>>) -> Result<&'a Agreement, String> {
    let (company, id) = (mapping.company, mapping.agreement);
    let found = listed.and_then(|listed| listed.rows.iter().find(|agreement| agreement.id == id));
    if let Some(agreement) = found.filter(|agreement| agreement.company == company) {
        if agreement.status == AgreementStatus::Active && !agreement.facts().never_recurs() {
            return Ok(agreement);
        }
        if agreement.status == AgreementStatus::Active {
            let cycle = agreement.billing_cycle.as_deref().unwrap_or_default();
            return Err(format!(
                "Agreement {:?} (id {id}) bills by the cycle {cycle:?}: not month after month.",
                agreement.name
            ));
        }
        return Err(format!("Agreement {:?} (id {id}) is {}.", agreement.name, in_words(agreement.status)));
    }
    let unreadable = listed.and_then(|listed| listed.unreadable.iter().find(|row| row.id == i64::from(id.get())));
    Err(unreadable.map_or_else(
        || format!("Company {company} has no agreement with the id {id}."),
        |row| format!("Agreement {id} cannot be read: {}.", row.why),
    ))
}

/// What a person confirms of an agreement that does not bill monthly.
fn ask_of_cycle(agreement: &Agreement, language: Language) -> String {
    let Agreement { name, billing_cycle, next_invoice, .. } = agreement;
    let cycle = billing_cycle.as_deref().unwrap_or_default();
    match (language, next_invoice) {
        (Language::English, Some(day)) => {
            format!("Agreement {name:?} bills by the cycle {cycle:?}. Confirm that only the quantity on {day} counts.")
        }
        (Language::English, None) => format!(
            "Agreement {name:?} bills by the cycle {cycle:?}. Confirm that only the quantity on the day of its next \
             ConnectWise invoice counts."
        ),
        (Language::Italian, Some(day)) => {
            let day = day.strftime("%d/%m/%Y");
            format!(
                "L'Agreement «{name}» fattura con il ciclo «{cycle}». Confermare che conta solo la quantità del {day}."
            )
        }
        (Language::Italian, None) => format!(
            "L'Agreement «{name}» fattura con il ciclo «{cycle}». Confermare che conta solo la quantità nel giorno della \
             prossima fattura ConnectWise."
        ),
    }
}

/// A status in a sentence.
pub(in crate::customers) const fn in_words(status: AgreementStatus) -> &'static str {
    match status {
        AgreementStatus::Active => "active",
        AgreementStatus::Cancelled => "cancelled",
        AgreementStatus::Expired => "expired",
        AgreementStatus::Inactive => "not active",
    }
}

fn notes_on(mapping: &CustomerMapping, agreement: &Agreement, today: Date) -> Vec<CustomerNote> {
    let mut notes = Vec::new();
    let mut note = |code, text| notes.push(CustomerNote { customer_id: mapping.customer, code, text });
    if let Some(cycle) =
        agreement.billing_cycle.as_deref().filter(|cycle| !cycle.trim().eq_ignore_ascii_case("monthly"))
    {
        let on = agreement.next_invoice.map_or_else(
            || "on the day of its next ConnectWise invoice".to_owned(),
            |day| format!("on {day}, when it is next billed,"),
        );
        let text = format!(
            "Agreement {:?} (id {}) bills by the cycle {cycle:?}, not monthly: only the quantity {on} counts.",
            agreement.name, agreement.id
        );
        note(NoteCode::NotMonthly, text);
    }
    if let Some((parent, name)) = &agreement.parent {
        let text = format!(
            "Agreement {:?} (id {}) is a child of {name:?} (id {parent}): its ConnectWise invoice date and the company that is \
             billed come from there.",
            agreement.name, agreement.id
        );
        note(NoteCode::ChildAgreement, text);
    }
    if ends_soon(agreement.end, today) {
        let end = agreement.end.map(|end| end.to_string()).unwrap_or_default();
        note(NoteCode::EndsSoon, format!("Agreement {:?} (id {}) ends on {end}.", agreement.name, agreement.id));
    }
    notes
}

/// The company's other agreements that may bill the same products already.
fn note_on_others(mapping: &CustomerMapping, of_company: &[Agreement]) -> Option<CustomerNote> {
    let is_other =
        |agreement: &&Agreement| agreement.id != mapping.agreement && agreement.status == AgreementStatus::Active;
    let others = of_company.iter().filter(is_other).map(|other| format!("{:?} (id {})", other.name, other.id));
    let others: Vec<String> = others.collect();
    (!others.is_empty()).then(|| CustomerNote {
        customer_id: mapping.customer,
        code: NoteCode::OtherAgreements,
        text: format!(
            "The company has other active agreements: {}. What one of them bills already is not created on this one before \
             you have decided it.",
            others.join(", ")
        ),
    })
}
