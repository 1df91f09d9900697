//! The names that are shown beside ids: one read of each kind for a page, however long, and no call to ConnectWise.

use std::collections::BTreeMap;

use futures::try_join;
use jiff::civil::Date;
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::error::StoreError;
use shared::http::{Language, Problem, PsaProductShown};
use shared::store::{KnownPsaProduct, Store};
use shared::table::Table;

use crate::{Time, World};

/// What the rows of a page are shown with.
pub(crate) struct Display {
    pub(crate) names: Names,
    pub(crate) today: Date,
    pub(crate) language: Language,
}

impl Display {
    pub(crate) async fn read<T: Table, Q, C: Time, I>(
        world: &World<T, Q, C, I>,
        partner: PartnerId,
        language: Language,
    ) -> Result<Self, Problem> {
        let (names, today) = (Names::read(&world.store, partner).await?, world.today(partner).await?);
        Ok(Self { names, today, language })
    }
}

/// What products are called.
#[derive(Default)]
pub(crate) struct Names {
    sophos: BTreeMap<ProductCode, String>,
    psa: BTreeMap<PsaProductId, KnownPsaProduct>,
}

impl Names {
    pub(crate) async fn read(store: &Store<impl Table>, partner: PartnerId) -> Result<Self, StoreError> {
        let (seen, psa) = try_join!(store.list_seen_products(partner), store.list_psa_products(partner))?;
        let sophos = seen.into_iter().map(|seen| (seen.product.code, seen.product.description)).collect();
        Ok(Self { sophos, psa })
    }

    /// What Sophos calls a product; none where no usage has named it.
    pub(crate) fn sophos(&self, code: &ProductCode) -> Option<&str> {
        self.sophos.get(code).map(String::as_str)
    }

    /// What Sophos calls some products, in their order; empty where no usage has named one.
    pub(crate) fn all_sophos<'a>(&self, codes: impl IntoIterator<Item = &'a ProductCode>) -> Vec<String> {
        codes.into_iter().map(|code| self.sophos(code).unwrap_or_default().to_owned()).collect()
    }

    /// The codes of all Sophos products that usage has named.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &ProductCode> {
        self.sophos.keys()
    }

    /// A ConnectWise product as it was last seen.
    pub(crate) fn psa(&self, product: PsaProductId) -> Option<PsaProductShown> {
        self.psa.get(&product).map(PsaProductShown::from)
    }

    /// The ConnectWise product itself, for its price.
    pub(crate) fn psa_product(&self, product: PsaProductId) -> Option<&KnownPsaProduct> {
        self.psa.get(&product)
    }
}
