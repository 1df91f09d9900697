//! Whether agreements can be used, as ConnectWise says at this moment.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use shared::domain::id::{CompanyId, PartnerId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::CustomerNames;
use shared::domain::psa::{Agreement, AgreementStatus};
use shared::http::{Language, Problem, ProblemCode, Text};
use shared::ports::{Listed, PsaCatalogue};

use super::Findings;
use crate::Link;
use crate::customers::ends_soon;
use crate::customers::report::{CustomerNote, NoteCode};

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
    connections: &impl Link,
    partner: PartnerId,
    language: Language,
    today: Date,
    rows: &[ToCheck],
    Findings { faults, notes }: &mut Findings<'_>,
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
            Err(why) => faults.add(*at, "agreementId", ProblemCode::AgreementUnusable, why),
            Ok(agreement) if *asks_of_cycle && agreement.facts().is_not_monthly() => {
                let detail = ask_of_cycle(agreement);
                faults.add(*at, "confirmCycle", ProblemCode::CycleNotConfirmed, detail);
            }
            Ok(agreement) => {
                notes.extend(notes_on(mapping, agreement, today, language));
                let others = listed.map(|listed| listed.rows.as_slice()).unwrap_or_default();
                notes.extend(note_on_others(mapping, others, language));
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

fn usable<'a>(mapping: &CustomerMapping, listed: Option<&'a Listed<Agreement>>) -> Result<&'a Agreement, Text> {
    let (company, id) = (mapping.company, mapping.agreement);
    let found = listed.and_then(|listed| listed.rows.iter().find(|agreement| agreement.id == id));
    if let Some(agreement) = found.filter(|agreement| agreement.company == company) {
        if agreement.status == AgreementStatus::Active && !agreement.facts().never_recurs() {
            return Ok(agreement);
        }
        if agreement.status == AgreementStatus::Active {
            let cycle = agreement.billing_cycle.as_deref().unwrap_or_default();
            let name = &agreement.name;
            return Err(Text::new(
                format!("Agreement {name:?} (id {id}) bills by the cycle {cycle:?}: not month after month."),
                format!("L'Agreement «{name}» (ID {id}) fattura con il ciclo «{cycle}»: non mese per mese."),
            ));
        }
        let (name, status) = (&agreement.name, agreement.status);
        let status = |language| in_words(status, language);
        return Err(Text::new(
            format!("Agreement {name:?} (id {id}) is {}.", status(Language::English)),
            format!("L'Agreement «{name}» (ID {id}) è {}.", status(Language::Italian)),
        ));
    }
    let unreadable = listed.and_then(|listed| listed.unreadable.iter().find(|row| row.id == i64::from(id.get())));
    Err(unreadable.map_or_else(
        || {
            Text::new(
                format!("Company {company} has no agreement with the id {id}."),
                format!("L'azienda {company} non ha un Agreement con l'ID {id}."),
            )
        },
        |row| {
            Text::new(
                format!("Agreement {id} cannot be read: {}.", row.why),
                format!("L'Agreement {id} non è leggibile: {}.", row.why),
            )
        },
    ))
}

/// What a person confirms of an agreement that does not bill monthly.
fn ask_of_cycle(agreement: &Agreement) -> Text {
    let Agreement { name, billing_cycle, next_invoice, .. } = agreement;
    let cycle = billing_cycle.as_deref().unwrap_or_default();
    let (on, del) = next_invoice.map_or_else(
        || {
            (
                "the day of its next ConnectWise invoice".to_owned(),
                "nel giorno della prossima fattura ConnectWise".to_owned(),
            )
        },
        |day| (day.to_string(), format!("del {}", day.strftime("%d/%m/%Y"))),
    );
    Text::new(
        format!("Agreement {name:?} bills by the cycle {cycle:?}. Confirm that only the quantity on {on} counts."),
        format!("L'Agreement «{name}» fattura con il ciclo «{cycle}». Confermare che conta solo la quantità {del}."),
    )
}

/// A status in a sentence.
pub(in crate::customers) const fn in_words(status: AgreementStatus, language: Language) -> &'static str {
    match (language, status) {
        (Language::English, AgreementStatus::Active) => "active",
        (Language::English, AgreementStatus::Cancelled) => "cancelled",
        (Language::English, AgreementStatus::Expired) => "expired",
        (Language::English, AgreementStatus::Inactive) => "not active",
        (Language::Italian, AgreementStatus::Active) => "attivo",
        (Language::Italian, AgreementStatus::Cancelled) => "annullato",
        (Language::Italian, AgreementStatus::Expired) => "scaduto",
        (Language::Italian, AgreementStatus::Inactive) => "non attivo",
    }
}

fn notes_on(mapping: &CustomerMapping, agreement: &Agreement, today: Date, language: Language) -> Vec<CustomerNote> {
    let mut notes = Vec::new();
    let mut note = |code, text: Text| {
        notes.push(CustomerNote { customer_id: mapping.customer, code, text: text.in_language(language).to_owned() });
    };
    let (name, id) = (&agreement.name, agreement.id);
    if let Some(cycle) =
        agreement.billing_cycle.as_deref().filter(|cycle| !cycle.trim().eq_ignore_ascii_case("monthly"))
    {
        let (on, del) = agreement.next_invoice.map_or_else(
            || {
                (
                    "on the day of its next ConnectWise invoice".to_owned(),
                    "nel giorno della prossima fattura".to_owned(),
                )
            },
            |day| (format!("on {day}, when it is next billed,"), format!("del {}", day.strftime("%d/%m/%Y"))),
        );
        let text = Text::new(
            format!(
                "Agreement {name:?} (id {id}) bills by the cycle {cycle:?}, not monthly: only the quantity {on} counts."
            ),
            format!(
                "L'Agreement «{name}» (ID {id}) fattura con il ciclo «{cycle}», non ogni mese: conta solo la quantità {del}."
            ),
        );
        note(NoteCode::NotMonthly, text);
    }
    if let Some((parent, of)) = &agreement.parent {
        let text = Text::new(
            format!(
                "Agreement {name:?} (id {id}) is a child of {of:?} (id {parent}): its ConnectWise invoice date and the \
                 company that is billed come from there."
            ),
            format!(
                "L'Agreement «{name}» (ID {id}) dipende da «{of}» (ID {parent}): la data della fattura ConnectWise e \
                 l'azienda fatturata sono quelle di quest'ultimo."
            ),
        );
        note(NoteCode::ChildAgreement, text);
    }
    if ends_soon(agreement.end, today) {
        let end = |format: &str| agreement.end.map(|end| end.strftime(format).to_string()).unwrap_or_default();
        let text = Text::new(
            format!("Agreement {name:?} (id {id}) ends on {}.", end("%Y-%m-%d")),
            format!("L'Agreement «{name}» (ID {id}) termina il {}.", end("%d/%m/%Y")),
        );
        note(NoteCode::EndsSoon, text);
    }
    notes
}

/// The company's other agreements that may bill the same products already.
fn note_on_others(mapping: &CustomerMapping, of_company: &[Agreement], language: Language) -> Option<CustomerNote> {
    let is_other =
        |agreement: &&Agreement| agreement.id != mapping.agreement && agreement.status == AgreementStatus::Active;
    let others = of_company.iter().filter(is_other).map(|other| format!("{:?} (id {})", other.name, other.id));
    let others: Vec<String> = others.collect();
    let listed = others.join(", ");
    let text = Text::new(
        format!(
            "The company has other active agreements: {listed}. What one of them bills already is not created on this one \
             before you have decided it."
        ),
        format!(
            "L'azienda ha altri Agreement attivi: {listed}. Quello che uno di essi fattura già non viene creato su questo \
             prima di una decisione."
        ),
    );
    (!others.is_empty()).then(|| CustomerNote {
        customer_id: mapping.customer,
        code: NoteCode::OtherAgreements,
        text: text.in_language(language).to_owned(),
    })
}
