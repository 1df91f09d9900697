//! Judges the rows of a save: versions, the rules of mappings, and what ConnectWise says of the products mapped to. Nothing is
//! written here, so that what is shown before Save is what Save would do.

use std::collections::BTreeMap;
use std::slice;

use serde::Serialize;
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::ProductMapping;
use shared::domain::mapping::change::{ChangeFault, Changed, ProductChange, WantedState, apply_changes};
use shared::domain::psa::PsaProduct;
use shared::http::{FieldError, Problem, ProblemCode, Text};
use shared::ports::Psa;
use shared::store::KnownPsaProduct;
use shared::table::Table;
use utoipa::ToSchema;

use super::known::Known;
use super::row::ProductRow;
use super::words::change_fault;
use crate::{Link, World};

/// What ConnectWise is asked for in one call.
const IDS_A_CALL: usize = 100;

/// A row as it was asked for.
pub(super) struct Wanted {
    pub(super) change: ProductChange,
    /// At which version it was read; none takes it as it is.
    pub(super) version: Option<u64>,
    /// Whether it is a line of a sheet, which may be imported again after an interruption.
    pub(super) in_sheet: bool,
    /// Where it stands in the request, as a JSON pointer.
    pub(super) at: String,
}

/// What the rows come to.
pub(super) struct Judged {
    pub(super) known: Known,
    pub(super) changed: Vec<Changed>,
    /// The ConnectWise products that something is mapped to, as they are now.
    pub(super) targets: Vec<KnownPsaProduct>,
}

/// What rows are now that somebody else changed meanwhile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresentProducts {
    /// Each of them.
    rows: Vec<ProductRow>,
}

/// An error at a place of the request, with its code.
pub(super) struct Fault {
    code: ProblemCode,
    error: FieldError,
}

impl Fault {
    pub(super) fn new(pointer: String, code: ProblemCode, detail: impl Into<Text>) -> Self {
        Self { code, error: FieldError::body(pointer, code, detail) }
    }
}

/// The problem of all faults: a request that cannot be read comes before one that cannot be done.
pub(super) fn problem_of(faults: Vec<Fault>) -> Problem {
    let unreadable = faults.iter().any(|fault| fault.code.status() == ProblemCode::InvalidRequest.status());
    let first = faults.first().map_or(ProblemCode::InvalidRequest, |fault| fault.code);
    let code = if unreadable { ProblemCode::InvalidRequest } else { first };
    Problem::new(code).errors(faults.into_iter().map(|fault| fault.error))
}

/// Judges rows by what is stored now.
///
/// # Errors
/// `versionMismatch` with what the rows are now; otherwise everything that is wrong, at once.
pub(super) async fn judge<T: Table, N: Link, C: Sync, I: Sync>(
    world: &World<T, N, C, I>,
    partner: PartnerId,
    wanted: &[Wanted],
) -> Result<Judged, Problem> {
    let mut known = Known::read(&world.store, partner).await?;
    check_versions(&known, wanted)?;
    let changes: Vec<ProductChange> = wanted.iter().map(|row| row.change.clone()).collect();
    let (changed, mut faults) = match apply_changes(&known.mappings, &changes) {
        Ok(changed) => (changed, Vec::new()),
        Err(faults) => {
            (Vec::new(), faults.iter().map(|(number, fault)| fault_of(&wanted[*number].at, fault)).collect())
        }
    };
    let targets = match find_targets(&world.connections, partner, wanted).await {
        Ok(targets) => targets,
        // What is wrong in itself is wrong whether or not ConnectWise answers.
        Err(_) if !faults.is_empty() => return Err(problem_of(faults)),
        Err(problem) => return Err(problem),
    };
    faults.extend(wanted.iter().filter_map(|row| unavailable(row, &targets)));
    if !faults.is_empty() {
        return Err(problem_of(faults));
    }
    let targets: Vec<KnownPsaProduct> =
        targets.into_values().map(|product| KnownPsaProduct { product, gone: false }).collect();
    known.psa.extend(targets.iter().map(|target| (target.product.id, target.clone())));
    Ok(Judged { known, changed, targets })
}

fn check_versions(known: &Known, wanted: &[Wanted]) -> Result<(), Problem> {
    let now = |row: &Wanted| known.mappings.find(&row.change.code).map_or(0, |mapping| mapping.version);
    // A sheet that is taken up again finds what it wants already; so it does where an earlier chunk of it has moved the
    // rule of a combined product to a line of a later one.
    let is_there =
        |row: &&Wanted| row.in_sheet && apply_changes(&known.mappings, slice::from_ref(&row.change)) == Ok(Vec::new());
    let moved = wanted.iter().filter(|row| row.version.is_some_and(|read| read != now(row)));
    let moved: Vec<&Wanted> = moved.filter(|row| !is_there(row)).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let codes = moved.iter().map(|row| row.change.code.clone());
    let errors = moved.iter().map(|row| {
        let (code, version) = (&row.change.code, now(row));
        let detail = Text::new(
            format!("{code} was changed meanwhile; its present version is {version}."),
            format!("{code} è stato modificato nel frattempo; la versione attuale è {version}."),
        );
        FieldError::body(format!("{}/version", row.at), ProblemCode::VersionMismatch, detail)
    });
    Err(changed_meanwhile(known, codes).errors(errors))
}

/// The problem of rows that somebody else changed, with what they are now.
pub(super) fn changed_meanwhile(known: &Known, codes: impl IntoIterator<Item = ProductCode>) -> Problem {
    let present = |code: ProductCode| {
        let mapping = known.mappings.find(&code).cloned();
        known.row(&mapping.unwrap_or_else(|| ProductMapping::discovered(code, false)))
    };
    let rows: Vec<ProductRow> = codes.into_iter().map(present).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let names = names.join(", ");
    let detail = Text::new(
        format!("Changed meanwhile: {names}. Nothing of the request was stored."),
        format!("Modificati nel frattempo: {names}. Della richiesta non è stato salvato nulla."),
    );
    Problem::new(ProblemCode::VersionMismatch).detail(detail).present(&PresentProducts { rows })
}

fn fault_of(at: &str, fault: &ChangeFault) -> Fault {
    let (field, code) = match fault {
        ChangeFault::Twice(_) => ("code", ProblemCode::Invalid),
        ChangeFault::NotMapped(_) => ("sync", ProblemCode::NotMapped),
        ChangeFault::RuleWithoutMapping(_) => ("combine", ProblemCode::NotMapped),
        ChangeFault::RuleMissing { .. } | ChangeFault::RulesDiffer { .. } => {
            ("combine", ProblemCode::CombineRuleMissing)
        }
    };
    Fault::new(format!("{at}/{field}"), code, change_fault(fault))
}

const fn target(row: &Wanted) -> Option<PsaProductId> {
    match row.change.state {
        Some(WantedState::MapTo(product)) => Some(product),
        Some(WantedState::Unmap | WantedState::Exclude(_)) | None => None,
    }
}

/// The products mapped to that ConnectWise has; it is not asked where nothing is mapped.
async fn find_targets(
    connections: &impl Link,
    partner: PartnerId,
    wanted: &[Wanted],
) -> Result<BTreeMap<PsaProductId, PsaProduct>, Problem> {
    let mut ids: Vec<PsaProductId> = wanted.iter().filter_map(target).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let psa = connections.psa(partner).await?;
    for some in ids.chunks(IDS_A_CALL) {
        found.extend(psa.list_products(some).await?.into_iter().map(|product| (product.id, product)));
    }
    Ok(found)
}

fn unavailable(row: &Wanted, found: &BTreeMap<PsaProductId, PsaProduct>) -> Option<Fault> {
    let id = target(row)?;
    let why = match found.get(&id) {
        Some(product) if product.is_available() => return None,
        Some(product) if product.bundle => {
            let identifier = &product.identifier;
            Text::new(
                format!("{identifier} is of class Bundle; no addition can have it."),
                format!("{identifier} è di classe Bundle: nessuna addition può averlo."),
            )
        }
        Some(PsaProduct { identifier, .. }) => Text::new(
            format!("{identifier} is inactive in ConnectWise."),
            format!("{identifier} è inattivo in ConnectWise."),
        ),
        None => Text::new(format!("ConnectWise has no product {id}."), format!("ConnectWise non ha il prodotto {id}.")),
    };
    Some(Fault::new(format!("{}/mapTo", row.at), ProblemCode::ProductUnavailable, why))
}
