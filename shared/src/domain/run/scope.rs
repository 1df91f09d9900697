//! What a run is about: everything that the partner has, or what a person chose of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::id::{CustomerId, RunId};

/// The most customers that can be chosen for one run: they travel with each of its messages.
pub const MOST_CHOSEN: usize = 100;

/// Whose usage a run looks at. Of all others it reads nothing, writes nothing and has no line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "whose", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CustomerFilter {
    /// All customers, and the usage without one.
    #[default]
    Everyone,
    /// These, at most [`MOST_CHOSEN`].
    Chosen { customers: BTreeSet<CustomerId> },
    /// Those with a failed line in another run.
    FailedIn { run: RunId },
}

/// What a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunScope {
    /// Whose usage.
    #[serde(flatten)]
    pub customers: CustomerFilter,
    /// Treats every sync switch as on, to show what would be done if it were. For previews alone: what is switched off
    /// is never written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_switches: bool,
    /// The month was named: while Sophos has no usage of it, the month before does not stand for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub month_alone: bool,
    /// Writes the usage to the additions of other hands that the applied preview showed at another quantity. For applies
    /// alone: without it, each of them waits for a decision of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopts: bool,
    /// Writes what people have decided and nothing else. For syncs now alone: what it leaves waits for the next one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decided_alone: bool,
}

impl CustomerFilter {
    /// Whether this is about nobody else than `other` is about.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Everyone) => true,
            (Self::Chosen { customers }, Self::Chosen { customers: others }) => customers.is_subset(others),
            (Self::FailedIn { run }, Self::FailedIn { run: other }) => run == other,
            (Self::Everyone | Self::Chosen { .. } | Self::FailedIn { .. }, _) => false,
        }
    }
}

impl RunScope {
    /// Whether a run about this does what a preview about `shown` showed, or a part of it.
    #[must_use]
    pub fn applies(&self, shown: &Self) -> bool {
        let same = Self { customers: shown.customers.clone(), adopts: shown.adopts, ..self.clone() } == *shown;
        same && self.customers.is_within(&shown.customers)
    }

    /// Whether it is everything as it stands.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apply_reached_customers_that_its_preview_did_not_show() {
        let customer = |n: u128| CustomerId::from_uuid(uuid::Uuid::from_u128(n));
        let chosen = |ids: &[u128]| CustomerFilter::Chosen { customers: ids.iter().map(|n| customer(*n)).collect() };
        let scope = |customers: CustomerFilter| RunScope { customers, ..RunScope::default() };
        let everyone = scope(CustomerFilter::Everyone);
        assert!(scope(chosen(&[1])).applies(&everyone) && everyone.applies(&everyone));
        assert!(scope(chosen(&[1])).applies(&scope(chosen(&[1, 2]))));
        assert!(!scope(chosen(&[1, 3])).applies(&scope(chosen(&[1, 2]))));
        assert!(!everyone.applies(&scope(chosen(&[1]))));
        let adopts = RunScope { adopts: true, ..everyone.clone() };
        assert!(adopts.applies(&everyone));
        let switched_on = RunScope { ignores_switches: true, ..everyone.clone() };
        assert!(!everyone.applies(&switched_on));
    }
}
