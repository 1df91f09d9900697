//! What a change of mappings does to what ConnectWise bills, named before it is saved.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;
use shared::domain::id::{AgreementId, PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::change::Changed;
use shared::domain::mapping::{Combine, ProductMapping, ProductMappings, ProductState};
use shared::domain::snapshot::{Parts, Snapshot, Written};
use shared::error::StoreError;
use shared::http::Language;
use shared::store::Store;
use shared::table::Table;
use utoipa::ToSchema;

/// How many agreements one read of the table takes: some tens of kilobytes each at worst.
const AGREEMENTS_A_READ: u32 = 200;
/// How many agreements are looked through: the largest partner's, within the time that the gateway waits.
const MOST_AGREEMENTS: usize = 5_000;
/// How many sums are shown one by one.
const SUMS_SHOWN: usize = 20;

/// What happens to the additions of a ConnectWise product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EffectKind {
    /// ConnectWise goes on billing them, and nothing updates them any more.
    StillBilled,
    /// They lose a part; the next write of each is held for a decision, whatever its size.
    SumChanges,
}

/// What can be done about additions that go on being billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EffectChoice {
    /// Leave them: this is what Save does.
    Leave,
    /// Set their quantity to 0 in ConnectWise.
    SetToZero,
    /// Set a cancelled date in ConnectWise.
    SetCancelledDate,
}

/// A quantity that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SumChange {
    /// The agreement.
    agreement_id: u32,
    /// What ConnectWise bills now.
    #[schema(value_type = String, example = "15")]
    from: Decimal,
    /// What the parts that stay came to in the month last written.
    #[schema(value_type = String, example = "10")]
    to: Decimal,
}

/// What a save does to the additions of one ConnectWise product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductEffect {
    /// What happens to them.
    kind: EffectKind,
    /// The ConnectWise product.
    psa_product_id: u32,
    /// The Sophos products that leave it.
    #[schema(value_type = Vec<String>)]
    codes: Vec<ProductCode>,
    /// How many additions that are billed above 0.
    additions: u64,
    /// Their units together.
    #[schema(value_type = String, example = "340")]
    units: Decimal,
    /// Whether all agreements were looked through; otherwise there may be more.
    complete: bool,
    /// The same in words.
    text: String,
    /// What can be done about it; empty where nothing need be.
    choices: Vec<EffectChoice>,
    /// The quantities that change, at most 20 of them.
    sums: Vec<SumChange>,
}

/// A ConnectWise product that Sophos products leave, and what was found of it.
struct Leaving {
    codes: Vec<ProductCode>,
    stays: BTreeSet<ProductCode>,
    rule: Option<Combine>,
    additions: u64,
    units: Decimal,
    sums: Vec<SumChange>,
}

/// The effects of a save on what was written so far; empty where nothing leaves a ConnectWise product.
pub(super) async fn effects(
    store: &Store<impl Table>,
    partner: PartnerId,
    mappings: &ProductMappings,
    changed: &[Changed],
    language: Language,
) -> Result<Vec<ProductEffect>, StoreError> {
    let mut leaving = leaving(mappings, changed);
    let mut complete = true;
    let (mut after, mut seen) = (None, 0);
    while !leaving.is_empty() {
        let page = store.list_snapshots(partner, after, AGREEMENTS_A_READ).await?;
        seen += page.len();
        page.iter().for_each(|(agreement, snapshot)| count(&mut leaving, *agreement, snapshot));
        after = page.last().map(|(agreement, _)| *agreement);
        if page.len() < AGREEMENTS_A_READ as usize {
            break;
        }
        if seen >= MOST_AGREEMENTS {
            complete = false;
            break;
        }
    }
    let billed = leaving.into_iter().filter(|(_, found)| found.additions > 0);
    Ok(billed.map(|(product, found)| found.into_effect(product, complete, language)).collect())
}

fn leaving(mappings: &ProductMappings, changed: &[Changed]) -> BTreeMap<PsaProductId, Leaving> {
    let next: ProductMappings =
        mappings.iter().cloned().chain(changed.iter().map(|changed| changed.after.clone())).collect();
    let mut leaving: BTreeMap<PsaProductId, Leaving> = BTreeMap::new();
    for Changed { before, after } in changed {
        let Some(product) = before.product() else { continue };
        // Switched off already, and mapped as before: nothing new happens.
        let leaves = after.product() != Some(product) || (before.syncs_to().is_some() && after.syncs_to().is_none());
        if leaves {
            let new = || Leaving::new(&next, product);
            leaving.entry(product).or_insert_with(new).codes.push(before.code.clone());
        }
    }
    leaving
}

fn count(leaving: &mut BTreeMap<PsaProductId, Leaving>, agreement: AgreementId, snapshot: &Snapshot) {
    for (product, found) in leaving {
        if let Some(written) = snapshot.written.get(product).filter(|written| !written.confirmed.is_zero()) {
            found.add(agreement, written);
        }
    }
}

impl Leaving {
    fn new(next: &ProductMappings, product: PsaProductId) -> Self {
        let rule = |part: &ProductMapping| match part.state {
            ProductState::Mapped { combine, .. } => combine,
            ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. } => None,
        };
        Self {
            codes: Vec::new(),
            stays: next.parts_of(product).map(|part| part.code.clone()).collect(),
            rule: next.parts_of(product).find_map(rule),
            additions: 0,
            units: Decimal::ZERO,
            sums: Vec::new(),
        }
    }

    fn add(&mut self, agreement: AgreementId, written: &Written) {
        if self.stays.is_empty() {
            self.additions += 1;
            self.units += written.confirmed;
            return;
        }
        let to = self.sum(&written.parts);
        if self.codes.iter().any(|code| written.parts.contains_key(code)) && to != written.confirmed {
            self.additions += 1;
            self.units += written.confirmed;
            if self.sums.len() < SUMS_SHOWN {
                self.sums.push(SumChange { agreement_id: agreement.get(), from: written.confirmed, to });
            }
        }
    }

    fn sum(&self, parts: &Parts) -> Decimal {
        let stay = parts.iter().filter(|(code, _)| self.stays.contains(*code)).map(|(_, units)| Decimal::from(*units));
        match self.rule {
            Some(Combine::TakeLargest) => stay.max().unwrap_or_default(),
            Some(Combine::AddUp) | None => stay.sum(),
        }
    }

    fn into_effect(self, product: PsaProductId, complete: bool, language: Language) -> ProductEffect {
        let (additions, units) = (self.additions, self.units.normalize());
        let still = self.stays.is_empty();
        let at_least = match (complete, language) {
            (true, _) => "",
            (false, Language::English) => "At least ",
            (false, Language::Italian) => "Almeno ",
        };
        let text = match (still, language) {
            (true, Language::English) => format!(
                "{at_least}{additions} additions of ConnectWise product {product}, {units} units, will go on being billed: \
                 leave them, set them to 0, or set a cancelled date."
            ),
            (true, Language::Italian) => format!(
                "{at_least}{additions} addition del prodotto ConnectWise {product}, {units} unità, resteranno fatturate: \
                 lasciarle, portarle a 0 o impostare una data di fine."
            ),
            (false, Language::English) => format!(
                "{at_least}{additions} additions of ConnectWise product {product}, {units} units, lose a part. The next \
                 write of each waits for your decision."
            ),
            (false, Language::Italian) => format!(
                "{at_least}{additions} addition del prodotto ConnectWise {product}, {units} unità, perdono una parte. La \
                 prossima scrittura di ciascuna attende una decisione."
            ),
        };
        ProductEffect {
            kind: if still { EffectKind::StillBilled } else { EffectKind::SumChanges },
            psa_product_id: product.get(),
            codes: self.codes,
            additions,
            units,
            complete,
            text,
            choices: if still {
                vec![EffectChoice::Leave, EffectChoice::SetToZero, EffectChoice::SetCancelledDate]
            } else {
                Vec::new()
            },
            sums: self.sums,
        }
    }
}
