//! What a save of customers comes to: each row against what is stored, against the other rows, and against ConnectWise.

mod agreements;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use shared::domain::customer::Customer;
use shared::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::CustomerNames;
use shared::http::{Language, Problem, ProblemCode, Text};
use shared::store::{CustomerConflict, CustomerEdit, Store};
use shared::table::Table;

use self::agreements::{ToCheck, check_agreements};
pub(super) use self::agreements::{agreements_of, in_words};
use super::read::{self, Read};
use super::report::{CustomerChange, CustomerNote, Faults, NoteCode, Origin};
use super::row::{CustomerRow, CustomerTarget, can_sync};
use crate::Link;

/// What a person wants of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) customer: CustomerId,
    /// The version that the wish is based on; none for whatever there is.
    pub(super) version: Option<u64>,
    pub(super) wish: Wish,
}

/// The rows of one save, and where they come from.
pub(super) struct WantedRows {
    pub(super) origin: Origin,
    pub(super) rows: Vec<Wanted>,
}

/// What is wrong with the rows of a save, and what to know of them.
pub(super) struct Findings<'o> {
    faults: Faults<'o>,
    notes: Vec<CustomerNote>,
}

/// What becomes of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// It goes to this company and agreement; without a word its sync stays as it is, and is on where it is new.
    /// `confirms` says that a person knows of an agreement that does not bill monthly.
    Map { company: CompanyId, agreement: AgreementId, sync: Option<bool>, confirms: bool },
    /// Its sync goes on or off.
    Switch(bool),
    /// It is removed.
    Unmap,
}

/// A save that may be made.
pub(super) struct Judged {
    /// What the store is asked for: one for each change.
    pub(super) edits: Vec<CustomerEdit>,
    pub(super) changes: Vec<CustomerChange>,
    pub(super) notes: Vec<CustomerNote>,
    /// What ConnectWise calls the companies and agreements that are mapped.
    pub(super) seen: Vec<(CustomerId, AgreementId, CustomerNames)>,
    rows: Vec<usize>,
    names: BTreeMap<CustomerId, String>,
}

/// What a row comes to.
enum Step {
    /// It is as it is wanted already, or something is wrong with it.
    Nothing,
    Put(CustomerMapping),
    Remove {
        version: u64,
    },
}

/// Judges rows; `today` is the partner's day.
///
/// # Errors
/// All that is wrong with all rows, in one problem; those of the store; those of ConnectWise, where it must be asked.
pub(super) async fn judge(
    store: &Store<impl Table>,
    connections: &impl Link,
    partner: PartnerId,
    language: Language,
    today: Date,
    rows: &WantedRows,
) -> Result<Judged, Problem> {
    let WantedRows { origin, rows: wanted } = rows;
    let read = read::each(store, partner, wanted.iter().map(|row| row.customer)).await?;
    let mut findings = Findings { faults: Faults::of(origin), notes: Vec::new() };
    let steps: Vec<Step> = (wanted.iter().enumerate())
        .map(|(at, row)| step(origin, at, wanted, read.get(&row.customer), language, &mut findings))
        .collect();
    let names = refuse_taken_companies(store, partner, wanted, &steps, &read, &mut findings.faults).await?;
    let before = |customer: CustomerId| read.get(&customer).and_then(|read| read.mapped.as_ref());
    let to_check: Vec<ToCheck> = (steps.iter().enumerate())
        .filter_map(|(at, step)| match step {
            Step::Put(mapping) if !findings.faults.has(at) => Some((at, mapping.clone())),
            Step::Put(_) | Step::Remove { .. } | Step::Nothing => None,
        })
        .filter_map(|(at, next)| {
            let same = before(next.customer).is_some_and(|(now, _)| is_same_place(now, &next));
            let confirmed = matches!(wanted[at].wish, Wish::Map { confirms: true, .. });
            // What is only switched off needs nobody's leave.
            (!same || next.sync).then_some(ToCheck { at, asks_of_cycle: !same && !confirmed, mapping: next })
        })
        .collect();
    let found = check_agreements(connections, partner, language, today, &to_check, &mut findings).await?;
    let Findings { faults, notes } = findings;
    if !faults.is_empty() {
        let present = |at: usize| {
            let id = wanted[at].customer;
            let read = read.get(&id);
            let customer = read.and_then(|read| read.customer.as_ref());
            CustomerRow::of(id, customer, read.and_then(|read| read.mapped.as_ref()), None, Language::default())
        };
        let rows: BTreeSet<usize> = faults.changed().collect();
        let present: Vec<CustomerRow> = rows.into_iter().map(present).collect();
        let problem = faults.into_problem();
        return Err(if present.is_empty() { problem } else { problem.present(&present) });
    }
    let mut judged =
        Judged { edits: Vec::new(), changes: Vec::new(), notes, rows: Vec::new(), names, seen: Vec::new() };
    for (at, (row, step)) in wanted.iter().zip(steps).enumerate() {
        let now = before(row.customer);
        let (edit, after) = match step {
            Step::Nothing => continue,
            Step::Remove { version } => (CustomerEdit::Remove { customer: row.customer, version }, None),
            Step::Put(mapping) => {
                let names = found.get(&at).cloned();
                judged.seen.extend(names.clone().map(|names| (mapping.customer, mapping.agreement, names)));
                let names = names.or_else(|| now.filter(|(now, _)| is_same_place(now, &mapping))?.1.clone());
                (CustomerEdit::Put(mapping.clone()), Some(CustomerTarget::of(&(mapping, names))))
            }
        };
        judged.edits.push(edit);
        judged.rows.push(at);
        judged.changes.push(CustomerChange {
            customer_id: row.customer,
            name: read.get(&row.customer).map_or_else(|| row.customer.to_string(), |read| read.name(row.customer)),
            before: now.map(CustomerTarget::of),
            after,
            version: now.map_or(0, |(now, _)| now.version),
        });
    }
    Ok(judged)
}

impl Judged {
    /// The changes as they were saved.
    pub(super) fn saved(&self, mappings: &[CustomerMapping]) -> Vec<CustomerChange> {
        let mut changes = self.changes.clone();
        for change in &mut changes {
            let saved = mappings.iter().find(|mapping| mapping.customer == change.customer_id);
            change.version = saved.map_or(0, |mapping| mapping.version);
            if let (Some(saved), Some(after)) = (saved, &mut change.after) {
                after.applied = saved.is_applied();
            }
        }
        changes
    }

    /// What the store said of rows that were changed between the judgement and the save.
    pub(super) fn refused(&self, origin: &Origin, conflicts: &[CustomerConflict]) -> Problem {
        let mut faults = Faults::of(origin);
        let row_of = |customer: CustomerId| {
            let edit = self.edits.iter().position(|edit| edit.customer() == customer);
            edit.and_then(|edit| self.rows.get(edit)).copied().unwrap_or_default()
        };
        let mut present = Vec::new();
        for conflict in conflicts {
            match conflict {
                CustomerConflict::Changed { customer, now } => {
                    let mapped = now.clone().map(|now| (now, None));
                    present.push(CustomerRow::of(*customer, None, mapped.as_ref(), None, Language::default()));
                    let version = now.as_ref().map_or(0, |now| now.version);
                    faults.add(row_of(*customer), "version", ProblemCode::VersionMismatch, moved_on(version));
                }
                CustomerConflict::CompanyTaken { customer, company, holder } => {
                    let name = self.names.get(holder).cloned().unwrap_or_else(|| holder.to_string());
                    let detail = taken(*company, &name);
                    faults.add(row_of(*customer), "companyId", ProblemCode::CompanyTaken, detail);
                }
            }
        }
        let problem = faults.into_problem();
        if present.is_empty() { problem } else { problem.present(&present) }
    }
}

fn twice() -> Text {
    Text::new("The customer is there twice.", "Il cliente c'è due volte.")
}

fn moved_on(version: u64) -> Text {
    Text::new(
        format!("Somebody changed it meanwhile; its version is {version} now."),
        format!("Qualcuno l'ha modificato nel frattempo; ora la versione è {version}."),
    )
}

fn taken(company: CompanyId, holder: &str) -> Text {
    Text::new(
        format!("Company {company} is already mapped to {holder}."),
        format!("L'azienda {company} è già mappata su {holder}."),
    )
}

fn is_same_place(one: &CustomerMapping, other: &CustomerMapping) -> bool {
    (one.company, one.agreement) == (other.company, other.agreement)
}

/// What one row comes to by itself.
fn step(
    origin: &Origin,
    at: usize,
    all: &[Wanted],
    read: Option<&Read>,
    language: Language,
    Findings { faults, notes }: &mut Findings<'_>,
) -> Step {
    let row = &all[at];
    let id = row.customer;
    if all[..at].iter().any(|other| other.customer == id) {
        faults.add(at, "customerId", ProblemCode::Invalid, twice());
        return Step::Nothing;
    }
    let Some(read) = read else {
        let detail = Text::new(
            format!("No customer {id} is known. One that is new in Sophos is known after the next run or preview."),
            format!(
                "Non si conosce nessun cliente {id}. Uno nuovo in Sophos è noto dopo la prossima sincronizzazione o \
                 anteprima."
            ),
        );
        faults.add(at, "customerId", ProblemCode::Invalid, detail);
        return Step::Nothing;
    };
    let now = read.mapped.as_ref().map(|(mapping, _)| mapping);
    let version = now.map_or(0, |now| now.version);
    let available = can_sync(read.customer.as_ref());
    let name = read.name(id);
    let is_whole = !matches!(row.wish, Wish::Switch(_));
    // A switch is about the mapping that was read: what it has become comes before whether it can be switched.
    if !is_whole && row.version.is_some_and(|read| read != version) {
        faults.add(at, "version", ProblemCode::VersionMismatch, moved_on(version));
        return Step::Nothing;
    }
    let mut note = |code, text: Text| {
        notes.push(CustomerNote { customer_id: id, code, text: text.in_language(language).to_owned() });
    };
    let next = match (row.wish, now) {
        (Wish::Unmap, _) => None,
        (Wish::Switch(sync), Some(now)) => Some(CustomerMapping { sync, ..now.clone() }),
        (Wish::Switch(false), None) => None,
        (Wish::Switch(true), None) => {
            let detail = Text::new(
                format!("{name} is not mapped, so its sync cannot be switched on."),
                format!("{name} è senza mapping: la sincronizzazione non si può attivare."),
            );
            faults.add(at, "sync", ProblemCode::CustomerNotMapped, detail);
            return Step::Nothing;
        }
        (Wish::Map { company, agreement, sync, .. }, now) => {
            let fresh = CustomerMapping { sync: available, ..CustomerMapping::new(id, company, agreement) };
            let base = now.cloned().unwrap_or(fresh);
            Some(CustomerMapping { company, agreement, sync: sync.unwrap_or(base.sync), ..base })
        }
    };
    // A repetition finds what it wants already; so does a file that is imported again from its start.
    let is_there = next.as_ref() == now;
    let repeats = is_there && is_whole && (origin.is_file() || row.version.is_none_or(|read| read + 1 >= version));
    if row.version.is_some_and(|read| read != version) && !repeats {
        faults.add(at, "version", ProblemCode::VersionMismatch, moved_on(version));
        return Step::Nothing;
    }
    if is_there {
        return Step::Nothing;
    }
    let was_on = now.is_some_and(|now| now.sync);
    let Some(next) = next else {
        let text = Text::new(
            format!("{name}: ConnectWise goes on billing the additions that are there."),
            format!("{name}: ConnectWise continua a fatturare le addition esistenti."),
        );
        note(NoteCode::StillBilled, text);
        return Step::Remove { version };
    };
    if next.sync && !available && !(was_on && now.is_some_and(|now| is_same_place(now, &next))) {
        let detail = match &read.customer {
            None => Text::new(
                format!("{name}'s usage sync cannot be on: Sophos no longer lists it."),
                format!("La sincronizzazione di {name} non si può attivare: Sophos non lo elenca più."),
            ),
            Some(Customer { billing, .. }) => Text::new(
                format!("{name}'s usage sync cannot be on: Sophos bills it by {billing:?}, not by usage."),
                format!(
                    "La sincronizzazione di {name} non si può attivare: Sophos lo fattura come «{billing}», non a utilizzo."
                ),
            ),
        };
        faults.add(at, "sync", ProblemCode::UsageSyncUnavailable, detail);
        return Step::Nothing;
    }
    if now.is_none() && !available {
        let text = Text::new(
            format!("{name} is mapped with its sync off: it is not an MSP Flex customer."),
            format!("{name} viene mappato con la sincronizzazione disattivata: non è un cliente MSP Flex."),
        );
        note(NoteCode::SyncLeftOff, text);
    }
    if was_on && !next.sync {
        let text = Text::new(
            format!("{name}: ConnectWise goes on billing the last quantities."),
            format!("{name}: ConnectWise continua a fatturare le ultime quantità."),
        );
        note(NoteCode::StillBilled, text);
    }
    if next.sync && !next.is_applied() && now.is_none_or(|now| !is_same_place(now, &next)) {
        let agreement = next.agreement;
        let text = Text::new(
            format!("{name}: the next run is a preview; apply it to let it write to agreement {agreement}."),
            format!(
                "{name}: la prossima sincronizzazione è un'anteprima; applicarla per scrivere sull'Agreement {agreement}."
            ),
        );
        note(NoteCode::PreviewFirst, text);
    }
    Step::Put(next)
}

/// Refuses companies that another customer has and keeps, or that two rows want; returns the names of customers.
async fn refuse_taken_companies(
    store: &Store<impl Table>,
    partner: PartnerId,
    wanted: &[Wanted],
    steps: &[Step],
    read: &BTreeMap<CustomerId, Read>,
    faults: &mut Faults<'_>,
) -> Result<BTreeMap<CustomerId, String>, Problem> {
    let company_after = |customer: CustomerId| {
        let at = wanted.iter().position(|row| row.customer == customer)?;
        match &steps[at] {
            Step::Put(mapping) => Some(Some(mapping.company)),
            Step::Remove { .. } => Some(None),
            Step::Nothing => None,
        }
    };
    let puts: Vec<(usize, &CustomerMapping)> = (steps.iter().enumerate())
        .filter_map(|(at, step)| match step {
            Step::Put(mapping) => Some((at, mapping)),
            Step::Remove { .. } | Step::Nothing => None,
        })
        .collect();
    let companies: BTreeSet<CompanyId> = puts.iter().map(|(_, mapping)| mapping.company).collect();
    let companies: Vec<CompanyId> = companies.into_iter().collect();
    let holders = store.list_company_holders(partner, &companies).await?;
    let strangers = read::each(store, partner, holders.values().copied().filter(|id| !read.contains_key(id))).await?;
    let names: BTreeMap<CustomerId, String> =
        read.iter().chain(&strangers).map(|(id, read)| (*id, read.name(*id))).collect();
    let name = |id: CustomerId| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
    for (at, mapping) in &puts {
        let holder = holders.get(&mapping.company).copied().filter(|holder| *holder != mapping.customer);
        let keeps = |holder: &CustomerId| company_after(*holder).is_none_or(|after| after == Some(mapping.company));
        let rival = puts.iter().map(|(_, other)| *other);
        let mut rival = rival.filter(|other| other.customer != mapping.customer && other.company == mapping.company);
        let rival = rival.next().map(|other| other.customer);
        if let Some(holder) = holder.filter(keeps) {
            faults.add(*at, "companyId", ProblemCode::CompanyTaken, taken(mapping.company, &name(holder)));
        } else if let Some(rival) = rival {
            let (rival, company) = (name(rival), mapping.company);
            let detail = Text::new(
                format!("{rival} wants company {company} in the same save."),
                format!("Nello stesso salvataggio anche {rival} vuole l'azienda {company}."),
            );
            faults.add(*at, "companyId", ProblemCode::CompanyTaken, detail);
        }
    }
    Ok(names)
}
