//! Taking over a ConnectWise database whose owner has stopped working with it.

use jiff::{SignedDuration, Timestamp};
use shared::client::address::PsaAddress;
use shared::client::probe::report::ConnectWiseVerdict;
use shared::domain::id::PartnerId;
use shared::http::{Problem, ProblemCode};
use shared::store::{Author, PsaDatabase, PsaHolder};
use shared::table::Table;

use crate::{Sealer, Time, World};

/// A database is nobody else's as long as its owner has worked with it within this time: two weeks.
const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(14 * 24);

impl<T: Table, K: Sealer, C: Time> World<T, K, C> {
    /// Who loses the database to a partner whose own test has passed: none where it is nobody's, or the partner's.
    ///
    /// # Errors
    /// `psaTaken`: its owner works with it, or its keys are still good.
    pub(crate) async fn lapsed_owner(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
    ) -> Result<Option<PsaHolder>, Problem> {
        let holder = self.store.find_psa_holder(database).await?.filter(|holder| holder.partner != partner);
        let Some(holder) = holder else { return Ok(None) };
        let lapsed = |at: Timestamp| self.clock.now().duration_since(at) > LAPSES_AFTER;
        // An owner without any known work has never worked: it must not keep the database for ever.
        if holder.worked_at.is_none_or(lapsed) && self.cannot_work(holder.partner, database).await? {
            return Ok(Some(holder));
        }
        Err(Problem::new(ProblemCode::PsaTaken))
    }

    /// Whether ConnectWise refuses the keys that the owner has saved for the database, now, or there are none.
    async fn cannot_work(&self, owner: PartnerId, database: &PsaDatabase) -> Result<bool, Problem> {
        let Some(saved) = self.store.find_connections(owner).await?.value else { return Ok(true) };
        // What cannot be opened may be good.
        let Some(credentials) = self.open(owner, &saved).await? else { return Ok(false) };
        let Some(credentials) = credentials.connectwise else { return Ok(true) };
        let address = PsaAddress::parse(&credentials.site, &self.options.connectwise.addresses);
        let leads_here =
            address.is_ok_and(|address| PsaDatabase::new(&address.host(), &credentials.company) == *database);
        Ok(!leads_here || self.probe().test_connectwise(&credentials).await.verdict == ConnectWiseVerdict::WrongKeys)
    }

    /// The owner before writes no more. Its next run ends with the reason, which is alerted.
    pub(crate) async fn stop_owner(&self, owner: PartnerId, at: Timestamp) -> Result<(), Problem> {
        // The message does not say who took it over.
        let note = Some("Another account has taken over this ConnectWise database.".to_owned());
        self.switch_writes_off(owner, &Author { who: "usage sync".to_owned(), at, note }).await
    }
}
