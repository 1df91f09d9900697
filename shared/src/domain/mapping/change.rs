//! What a Save makes of the product mappings: all rows judged together, because the parts of a combined product must agree.

use std::collections::{BTreeMap, BTreeSet};

use super::{Combine, NotMapped, ProductMapping, ProductMappings, ProductState};
use crate::domain::id::{ProductCode, PsaProductId};
use crate::domain::usage::Readings;

/// What a person wants of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedState {
    /// Map it to this ConnectWise product; that switches its sync on unless the change says otherwise.
    MapTo(PsaProductId),
    /// Remove its mapping; that switches its sync off.
    Unmap,
    /// Do not bill it, for this reason.
    Exclude(String),
}

/// One row of a Save. What it does not name stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductChange {
    /// The Sophos product.
    pub code: ProductCode,
    /// What becomes of it.
    pub state: Option<WantedState>,
    /// Whether its usage is carried over.
    pub sync: Option<bool>,
    /// The rule for the ConnectWise product that it is or will be mapped to, if that is a combined product.
    pub combine: Option<Combine>,
    /// Whether it is a Sophos Firewall product.
    pub firewall: Option<bool>,
    /// How its usage lines are read that say more than one thing, in place of all that was answered before.
    pub readings: Option<Readings>,
}

/// A mapping that a Save changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub before: ProductMapping,
    /// As it is to be, at the version of before.
    pub after: ProductMapping,
}

/// Why a row of a Save is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeFault {
    Twice(ProductCode),
    /// Something is switched on that is not mapped.
    NotMapped(NotMapped),
    /// A rule for what is not mapped.
    RuleWithoutMapping(ProductCode),
    /// Several parts and no rule.
    RuleMissing {
        /// The ConnectWise product.
        product: PsaProductId,
        parts: Vec<ProductCode>,
    },
    /// The parts have different rules.
    RulesDiffer {
        /// The ConnectWise product.
        product: PsaProductId,
        /// The parts with another rule.
        parts: Vec<ProductCode>,
    },
}

/// The mappings that the changes make differ, in the order of their codes. A product that nobody knows is mapped ahead of its
/// first usage. The rule of a combined product goes over to those of its parts that had none; they are among the changed.
///
/// # Errors
/// Everything that is wrong, each with the number of its change.
pub fn apply_changes(
    mappings: &ProductMappings,
    changes: &[ProductChange],
) -> Result<Vec<Changed>, Vec<(usize, ChangeFault)>> {
    let mut faults = Vec::new();
    let mut after: BTreeMap<ProductCode, ProductMapping> = BTreeMap::new();
    for (number, change) in changes.iter().enumerate() {
        if after.contains_key(&change.code) {
            faults.push((number, ChangeFault::Twice(change.code.clone())));
            continue;
        }
        match apply(before(mappings, &change.code), change) {
            Ok(mapping) => drop(after.insert(change.code.clone(), mapping)),
            Err(fault) => faults.push((number, fault)),
        }
    }
    if faults.is_empty() {
        faults = agree(mappings, changes, &mut after);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let changed = after.into_values().map(|after| Changed { before: before(mappings, &after.code), after });
    Ok(changed.filter(|changed| changed.before != changed.after).collect())
}

fn before(mappings: &ProductMappings, code: &ProductCode) -> ProductMapping {
    mappings.find(code).cloned().unwrap_or_else(|| ProductMapping::discovered(code.clone(), false))
}

fn apply(before: ProductMapping, change: &ProductChange) -> Result<ProductMapping, ChangeFault> {
    // The rule belongs to the ConnectWise product: it does not follow the Sophos product to another one.
    let kept = |product| match before.state {
        ProductState::Mapped { product: now, combine, .. } if now == product => combine,
        ProductState::Mapped { .. }
        | ProductState::Unmapped
        | ProductState::Removed
        | ProductState::Excluded { .. } => None,
    };
    let mut mapping = match &change.state {
        None => before,
        Some(WantedState::MapTo(product)) => {
            let rule = change.combine.or_else(|| kept(*product));
            before.map_to(*product, rule)
        }
        Some(WantedState::Unmap) => before.unmap(),
        Some(WantedState::Exclude(reason)) => before.exclude(reason.clone()),
    };
    if let Some(on) = change.sync {
        mapping = mapping.switch(on).map_err(ChangeFault::NotMapped)?;
    }
    match (change.combine, &mut mapping.state) {
        (Some(rule), ProductState::Mapped { combine, .. }) => *combine = Some(rule),
        (Some(_), ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. }) => {
            return Err(ChangeFault::RuleWithoutMapping(mapping.code));
        }
        (None, _) => {}
    }
    mapping.firewall = change.firewall.unwrap_or(mapping.firewall);
    mapping.readings = change.readings.unwrap_or(mapping.readings);
    Ok(mapping)
}

/// Makes the parts of each combined product that a change puts something into agree on one rule.
fn agree(
    mappings: &ProductMappings,
    changes: &[ProductChange],
    after: &mut BTreeMap<ProductCode, ProductMapping>,
) -> Vec<(usize, ChangeFault)> {
    let mut faults = Vec::new();
    let mut agreed = BTreeSet::new();
    for (number, change) in changes.iter().enumerate() {
        let combines = matches!(change.state, Some(WantedState::MapTo(_)))
            || change.combine.is_some()
            || change.sync == Some(true);
        let product = after.get(&change.code).and_then(ProductMapping::product);
        let Some(product) = product.filter(|product| combines && agreed.insert(*product)) else { continue };
        let others = mappings.mapped_to(product).filter(|mapping| !after.contains_key(&mapping.code)).cloned();
        let mut parts: Vec<ProductMapping> = others.collect();
        parts.extend(after.values().filter(|mapping| mapping.product() == Some(product)).cloned());
        if parts.len() < 2 {
            continue;
        }
        // A rule that this Save gives is what the person wants; else the one that the parts have already.
        let given =
            changes.iter().filter(|other| after.get(&other.code).and_then(ProductMapping::product) == Some(product));
        let given = given.filter_map(|other| other.combine).next();
        let Some(rule) = given.or_else(|| parts.iter().find_map(rule_of)) else {
            let mut parts: Vec<ProductCode> = parts.into_iter().map(|part| part.code).collect();
            parts.sort();
            faults.push((number, ChangeFault::RuleMissing { product, parts }));
            continue;
        };
        // Mapping a second part asks for the rule: what the first one happens to have is no answer to that.
        let joins = mappings.find(&change.code).and_then(ProductMapping::product) != Some(product);
        let differ: Vec<ProductCode> = parts
            .iter()
            .filter(|part| rule_of(part).is_some_and(|own| own != rule))
            .map(|part| part.code.clone())
            .collect();
        if joins && given.is_none() {
            let mut parts: Vec<ProductCode> = parts.into_iter().map(|part| part.code).collect();
            parts.sort();
            faults.push((number, ChangeFault::RuleMissing { product, parts }));
        } else if differ.is_empty() {
            for mut part in parts {
                if let ProductState::Mapped { combine, .. } = &mut part.state {
                    *combine = Some(rule);
                }
                after.insert(part.code.clone(), part);
            }
        } else {
            faults.push((number, ChangeFault::RulesDiffer { product, parts: differ }));
        }
    }
    faults
}

const fn rule_of(mapping: &ProductMapping) -> Option<Combine> {
    match mapping.state {
        ProductState::Mapped { combine, .. } => combine,
        ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> ProductCode {
        ProductCode::parse(text).unwrap()
    }

    fn psa(id: i64) -> PsaProductId {
        PsaProductId::try_from(id).unwrap()
    }

    fn nothing(name: &str) -> ProductChange {
        ProductChange { code: code(name), state: None, sync: None, combine: None, firewall: None, readings: None }
    }

    fn map(name: &str, to: i64, combine: Option<Combine>) -> ProductChange {
        ProductChange { state: Some(WantedState::MapTo(psa(to))), combine, ..nothing(name) }
    }

    fn mapped(name: &str, to: i64, combine: Option<Combine>) -> ProductMapping {
        ProductMapping::discovered(code(name), false).map_to(psa(to), combine)
    }

    fn mappings(list: &[ProductMapping]) -> ProductMappings {
        list.iter().cloned().collect()
    }

    fn after(changed: &[Changed]) -> Vec<&ProductMapping> {
        changed.iter().map(|changed| &changed.after).collect()
    }

    #[test]
    fn mapping_a_second_part_asks_for_a_rule_and_there_is_no_default() {
        for known in [None, Some(Combine::AddUp)] {
            let now = mappings(&[mapped("A", 7, known)]);
            let faults = apply_changes(&now, &[map("B", 7, None)]).unwrap_err();
            let parts = vec![code("A"), code("B")];
            assert_eq!(faults, [(0, ChangeFault::RuleMissing { product: psa(7), parts })]);
        }
    }

    #[test]
    fn the_rule_goes_over_to_parts_that_had_none() {
        let now = mappings(&[mapped("A", 7, None)]);
        let changed = apply_changes(&now, &[map("B", 7, Some(Combine::TakeLargest))]).unwrap();
        let rule = Some(Combine::TakeLargest);
        assert_eq!(after(&changed), [&mapped("A", 7, rule), &mapped("B", 7, rule)]);
    }

    #[test]
    fn parts_that_disagree_are_named() {
        let now = mappings(&[mapped("A", 7, Some(Combine::AddUp))]);
        let faults = apply_changes(&now, &[map("B", 7, Some(Combine::TakeLargest))]).unwrap_err();
        assert_eq!(faults, [(0, ChangeFault::RulesDiffer { product: psa(7), parts: vec![code("A")] })]);
        let both = [
            map("B", 7, Some(Combine::TakeLargest)),
            ProductChange { combine: Some(Combine::TakeLargest), ..nothing("A") },
        ];
        assert_eq!(apply_changes(&now, &both).unwrap().len(), 2);
    }

    #[test]
    fn a_rule_does_not_follow_a_product_to_another_connectwise_product() {
        let now = mappings(&[mapped("A", 7, Some(Combine::AddUp))]);
        let changed = apply_changes(&now, &[map("A", 8, None)]).unwrap();
        assert_eq!(after(&changed), [&mapped("A", 8, None)]);
    }

    #[test]
    fn all_faults_are_reported_at_once_and_what_stays_the_same_is_no_change() {
        let now = mappings(&[mapped("A", 7, None)]);
        let on = |name| ProductChange { sync: Some(true), ..nothing(name) };
        let faults = apply_changes(&now, &[on("X"), nothing("A"), nothing("A"), on("Y")]).unwrap_err();
        assert_eq!(faults.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 2, 3]);
        assert_eq!(apply_changes(&now, &[map("A", 7, None), nothing("Z")]).unwrap(), []);
    }
}
