//! The demo partner's side of the table: settings, mappings, and what a run of the month before had written.

use std::collections::BTreeMap;

use futures::{TryStreamExt, stream};
use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, CompanyId, IdError, ProductCode, PsaProductId};
use shared::domain::mapping::{Combine, CustomerMapping, ProductMapping};
use shared::domain::month::UsageMonth;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneError, TimeZoneName};
use shared::domain::snapshot::{Snapshot, Surplus, Written};
use shared::error::StoreError;
use shared::store::{Change, Store};
use shared::table::Table;

use super::catalogue::{EXCLUDED_BECAUSE, Role};
use super::spec::{HistoryMonth, Mapped, Spec};
use super::{Demo, PlantedPsa};

/// How many customer mappings are being stored at a time.
const MAPPINGS_IN_FLIGHT: usize = 8;

/// The demo partner could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A simulator gave an id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The demo's time zone is not built in.
    #[error(transparent)]
    Zone(#[from] TimeZoneError),
    /// Somebody else works on the partner.
    #[error("another worker is at the demo partner")]
    Leased,
}

impl Demo {
    /// The demo partner's settings: nightly, writes on. The wait for a new month is off, so that the awkward cases end
    /// the same on any day.
    ///
    /// # Errors
    /// The time zone is not built in.
    pub fn settings(&self) -> Result<Settings, TimeZoneError> {
        let time_zone = TimeZoneName::parse("Europe/Rome")?;
        let mut guards = Guards::default();
        if self.is_awkward() {
            guards.new_month_days = 0;
        }
        Ok(Settings { time_zone, frequency: Frequency::Nightly, writes: true, guards })
    }

    /// Stores what the partner decided, and what was written for the month before `month`.
    ///
    /// # Errors
    /// [`PlantError`].
    pub async fn fill_store<T>(
        &self,
        store: &Store<T>,
        planted: &PlantedPsa,
        month: UsageMonth,
        now: Timestamp,
    ) -> Result<(), PlantError>
    where
        T: Table,
    {
        store.put_settings(self.partner(), &self.settings()?).await?;
        for number in 0..self.size.products {
            if let Some(mapping) = self.product_mapping(number, planted)? {
                store.put_product_mapping(self.partner(), &mapping).await?;
            }
        }
        let customers = stream::iter((0..self.size.customers).map(Ok));
        let save = async |number| match self.customer_mapping(number, planted)? {
            Some(mapping) => Ok::<_, PlantError>(store.put_customer_mapping(self.partner(), &mapping).await?),
            None => Ok(()),
        };
        customers.try_for_each_concurrent(MAPPINGS_IN_FLIGHT, save).await?;
        self.fill_history(store, planted, month, now).await
    }

    fn customer_mapping(&self, number: usize, planted: &PlantedPsa) -> Result<Option<CustomerMapping>, IdError> {
        let mapped = self.spec(number).map_or(Mapped::On, |spec| spec.mapped);
        if mapped == Mapped::Not {
            return Ok(None);
        }
        let company = CompanyId::try_from(i64::from(planted.companies[number]))?;
        let agreement = AgreementId::try_from(i64::from(planted.agreements[number]))?;
        let mapping = CustomerMapping::new(self.customer(number), company, agreement);
        let former = planted.former.get(&number).map(|former| AgreementId::try_from(i64::from(*former))).transpose()?;
        Ok(Some(CustomerMapping { sync: mapped == Mapped::On, applied: former, ..mapping }))
    }

    fn product_mapping(&self, number: usize, planted: &PlantedPsa) -> Result<Option<ProductMapping>, IdError> {
        let code = self.code(number);
        let target = |of: &str| PsaProductId::try_from(i64::from(planted.products[of]));
        let own = target(code.as_str())?;
        let role = self.role(number);
        let product = ProductMapping::discovered(code, role == Role::Firewall);
        Ok(match role {
            Role::Unmapped => None,
            Role::Ordinary
            | Role::Firewall
            | Role::ZeroPrice
            | Role::InactiveInPsa
            | Role::BundleInPsa
            | Role::DeletedInPsa => Some(product.map_to(own, None)),
            Role::Off => Some(product.map_to(own, None).switch(false).unwrap_or_else(|e| unreachable!("{e}"))),
            Role::Excluded => Some(product.exclude(EXCLUDED_BECAUSE.into())),
            Role::Removed => Some(product.map_to(own, None).unmap()),
            Role::AddUp(first) => Some(product.map_to(target(first)?, Some(Combine::AddUp))),
            Role::TakeLargest(first) => Some(product.map_to(target(first)?, Some(Combine::TakeLargest))),
        })
    }

    async fn fill_history<T: Table>(
        &self,
        store: &Store<T>,
        planted: &PlantedPsa,
        month: UsageMonth,
        now: Timestamp,
    ) -> Result<(), PlantError> {
        let mut changes = Vec::new();
        for number in 0..self.size.customers {
            let Some(spec) = self.spec(number).filter(|spec| !spec.history.is_empty()) else { continue };
            let written_on = planted.former.get(&number).copied().unwrap_or(planted.agreements[number]);
            let agreement = AgreementId::try_from(i64::from(written_on))?;
            changes.push(Change::PutSnapshot(agreement, self.history(spec, number, planted, month)?));
        }
        if changes.is_empty() {
            return Ok(());
        }
        let lease = store.acquire_lease(self.partner(), "demo", now, 60).await?.map_err(|_| PlantError::Leased)?;
        let lease = store.commit(&lease, lease.expires_at, changes).await?;
        Ok(store.release_lease(&lease).await?)
    }

    /// What an earlier run wrote for one customer: all parts on the addition of the first one's product.
    fn history(
        &self,
        spec: &Spec,
        number: usize,
        planted: &PlantedPsa,
        month: UsageMonth,
    ) -> Result<Snapshot, IdError> {
        let parts: BTreeMap<ProductCode, u64> = spec
            .history
            .iter()
            .map(|(code, units)| ProductCode::parse(code).map(|code| (code, u64::from(*units))))
            .collect::<Result<_, _>>()?;
        let first = spec.history[0].0;
        let confirmed = Decimal::from(parts.values().sum::<u64>());
        let additions = planted.additions[&(number, first.to_owned())].iter();
        let additions = additions.map(|id| AdditionId::try_from(i64::from(*id))).collect::<Result<Vec<_>, _>>()?;
        let product = PsaProductId::try_from(i64::from(planted.products[first]))?;
        let written_for = match spec.history_month {
            HistoryMonth::Before => month.previous(),
            HistoryMonth::After => month.next(),
        };
        let kept = if spec.doubled { additions[0] } else { additions[additions.len() - 1] };
        let mut written = Written::new(kept, confirmed, written_for, parts);
        if spec.doubled {
            let doubled = additions[1..].iter().map(|addition| Surplus {
                addition: *addition,
                quantity: confirmed,
                sent: None,
                cleared: false,
            });
            written.surplus.extend(doubled);
        }
        Ok(Snapshot { written: BTreeMap::from([(product, written)]), ..Snapshot::default() })
    }
}
