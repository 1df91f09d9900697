//! Changes the saved connections: opened, changed by half, sealed again, and saved over exactly what was read.

use secrecy::ExposeSecret;
use shared::client::credentials::Credentials;
use shared::domain::id::PartnerId;
use shared::http::{Problem, ProblemCode, Text};
use shared::store::{
    Author, ConnectionsSaved, Databases, PsaHolder, SavedConnections, ShownConnectWise, ShownConnections,
};
use shared::table::Table;

use crate::{Sealer, Time, World};

/// How often another save may come between before whoever asks has to come again.
const ATTEMPTS: usize = 5;

/// The connections while they are changed.
pub(crate) struct Draft {
    /// What is sealed.
    pub(crate) credentials: Credentials,
    /// What was shown before: also of a half that is lost because its credentials cannot be opened any more.
    pub(crate) before: ShownConnections,
    /// What may be shown.
    pub(crate) shown: ShownConnections,
    /// The version that this save makes.
    pub(crate) version: u64,
}

impl<T: Table, K: Sealer, C: Time> World<T, K, C> {
    /// What may be shown of the saved connections.
    pub(crate) async fn shown(&self, partner: PartnerId) -> Result<ShownConnections, Problem> {
        Ok(self.store.find_connections(partner).await?.value.map(|saved| saved.shown).unwrap_or_default())
    }

    /// Lets `act` change the connections and saves them; returns what may be shown of them now. `act` is called again on
    /// what stands there where another save came between, and refuses there what it would have refused here. The database
    /// that ConnectWise's half leads to is the partner's in the same transaction, and the one before is given up.
    pub(crate) async fn change(
        &self,
        partner: PartnerId,
        author: &Author,
        act: impl Fn(&mut Draft) -> Result<(), Problem> + Send + Sync,
    ) -> Result<ShownConnections, Problem> {
        self.change_taking(partner, author, None, act).await
    }

    /// The same, taking the database from the partner that has it.
    pub(crate) async fn change_taking(
        &self,
        partner: PartnerId,
        author: &Author,
        taken_from: Option<PsaHolder>,
        act: impl Fn(&mut Draft) -> Result<(), Problem> + Send + Sync,
    ) -> Result<ShownConnections, Problem> {
        let database = |shown: &ShownConnections| shown.connectwise.as_ref().and_then(ShownConnectWise::database);
        for _ in 0..ATTEMPTS {
            let read = self.store.find_connections(partner).await?;
            let (credentials, shown) = match &read.value {
                None => Default::default(),
                Some(saved) => match self.open(partner, saved).await? {
                    Some(credentials) => (credentials, saved.shown.clone()),
                    // The other half is lost with it: it must not be shown as if it were there.
                    None => Default::default(),
                },
            };
            let before = read.value.as_ref().map(|saved| saved.shown.clone()).unwrap_or_default();
            let mut draft =
                Draft { credentials, before: before.clone(), shown, version: read.version.saturating_add(1) };
            act(&mut draft)?;
            let sealed = self.seal.seal(partner, draft.credentials.to_json().expose_secret()).await?;
            let next = SavedConnections { sealed, shown: draft.shown };
            let (was, is) = (database(&before), database(&next.shown));
            let saved = |shown: &ShownConnections| shown.connectwise.as_ref().map(|half| half.saved.clone());
            // Saved anew, it is claimed anew, also where it stays; the other half has nothing to do with it.
            let taken = is.as_ref().filter(|_| saved(&before) != saved(&next.shown));
            let databases = Databases { taken, taken_from, left: was.as_ref().filter(|_| was != is) };
            match self.store.save_connections_moving(partner, author, &read, &next, databases).await? {
                ConnectionsSaved::Saved => return Ok(next.shown),
                ConnectionsSaved::HeldByAnother => return Err(Problem::new(ProblemCode::PsaTaken)),
                ConnectionsSaved::ChangedMeanwhile => {}
            }
        }
        Err(Problem::new(ProblemCode::ChangedMeanwhile))
    }

    /// The saved credentials; none where they cannot be opened any more, which only saving them again mends.
    pub(crate) async fn open(
        &self,
        partner: PartnerId,
        saved: &SavedConnections,
    ) -> Result<Option<Credentials>, Problem> {
        let opened = match self.seal.open(partner, &saved.sealed).await {
            Ok(opened) => Credentials::parse(&opened).map_err(|error| error.to_string()),
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = &opened {
            tracing::warn!(%partner, error, "the saved credentials cannot be opened");
        }
        Ok(opened.ok())
    }

    /// The credentials that are saved.
    ///
    /// # Errors
    /// `connectionMissing`, `connectionUnusable`.
    pub(crate) async fn saved(&self, partner: PartnerId) -> Result<Credentials, Problem> {
        let read = self.store.find_connections(partner).await?;
        let saved = read.value.ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
        let opened = self.open(partner, &saved).await?;
        opened.ok_or_else(|| {
            Problem::new(ProblemCode::ConnectionUnusable).detail(Text::new(
                "The saved credentials cannot be opened any more.",
                "Le credenziali salvate non si possono più aprire.",
            ))
        })
    }

    /// Has `note` note what a test of a saved half found; false from it leaves all alone.
    pub(crate) async fn note_test(
        &self,
        partner: PartnerId,
        author: &Author,
        note: impl Fn(&mut ShownConnections) -> bool + Send + Sync,
    ) -> Result<(), Problem> {
        for _ in 0..ATTEMPTS {
            let read = self.store.find_connections(partner).await?;
            let Some(mut next) = read.value.clone() else { return Ok(()) };
            if !note(&mut next.shown) {
                return Ok(());
            }
            if self.store.save_connections(partner, author, &read, &next).await? {
                return Ok(());
            }
        }
        Err(Problem::new(ProblemCode::ChangedMeanwhile))
    }
}
