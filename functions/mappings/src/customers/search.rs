//! Which customers a list shows.

use serde::{Deserialize, Serialize};
use shared::domain::id::CustomerId;
use shared::domain::search::fold;
use shared::domain::sync_status::CustomerSyncStatus;
use shared::http::{FieldError, Problem, ProblemCode, Text};
use utoipa::{IntoParams, ToSchema};

use super::read::Read;
use super::row::can_sync;

/// The most characters of a text to look for.
const MAX_TEXT: usize = 100;

/// Which customers are listed; all of them where nothing is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct CustomerFilter {
    /// Only these; all by default.
    #[serde(default)]
    #[param(inline)]
    pub(super) show: Option<Shown>,
    /// Only those whose name, company, agreement or id contains this text, in either case.
    #[serde(default)]
    #[param(max_length = 100)]
    pub(super) text: Option<String>,
    /// How many rows a page has at most, 1 to 500; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    pub(super) page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    pub(super) page_from_key: Option<String>,
}

/// Which customers are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Shown {
    /// Every one.
    All,
    /// Those whose usage sync is available: MSP Flex customers.
    Available,
    /// Those whose last sync succeeded.
    Succeeded,
    /// Those of whose last sync something failed.
    Failed,
    /// Those that have a company and an agreement.
    Mapped,
    /// Those that have none.
    Unmapped,
    /// Those whose usage sync is on.
    On,
    /// Those whose usage sync is off, or that are not mapped.
    Off,
}

/// A filter as it is applied.
pub(super) struct Sieve {
    show: Shown,
    text: String,
}

impl CustomerFilter {
    /// The filter as it is applied.
    ///
    /// # Errors
    /// A text that is too long.
    pub(super) fn sieve(&self) -> Result<Sieve, Problem> {
        let text = self.text.as_deref().unwrap_or_default().trim();
        if text.chars().count() > MAX_TEXT {
            let detail =
                Text::new(format!("At most {MAX_TEXT} characters."), format!("Al massimo {MAX_TEXT} caratteri."));
            let error = FieldError::parameter("text", ProblemCode::Invalid, detail);
            return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
        }
        Ok(Sieve { show: self.show.unwrap_or(Shown::All), text: fold(text) })
    }
}

impl Sieve {
    /// Whether it lets everything through.
    pub(super) fn is_open(&self) -> bool {
        self.show == Shown::All && self.text.is_empty()
    }

    /// Whether it asks how the last sync ended.
    pub(super) fn asks_for_status(&self) -> bool {
        matches!(self.show, Shown::Succeeded | Shown::Failed)
    }

    /// Whether a customer passes all but what [`Self::passes_by_status`] asks.
    pub(super) fn passes(&self, id: CustomerId, read: &Read) -> bool {
        let mapping = read.mapped.as_ref().map(|(mapping, _)| mapping);
        let is_on = mapping.is_some_and(|mapping| mapping.sync);
        let shown = match self.show {
            Shown::All | Shown::Succeeded | Shown::Failed => true,
            Shown::Available => can_sync(read.customer.as_ref()),
            Shown::Mapped => mapping.is_some(),
            Shown::Unmapped => mapping.is_none(),
            Shown::On => is_on,
            Shown::Off => !is_on,
        };
        shown && self.has_text(id, read)
    }

    /// Whether a customer passes by how its last sync ended.
    pub(super) fn passes_by_status(&self, stamp: Option<&CustomerSyncStatus>) -> bool {
        match self.show {
            Shown::Succeeded => stamp.is_some_and(CustomerSyncStatus::succeeded),
            Shown::Failed => stamp.is_some_and(|stamp| !stamp.succeeded()),
            Shown::All | Shown::Available | Shown::Mapped | Shown::Unmapped | Shown::On | Shown::Off => true,
        }
    }

    fn has_text(&self, id: CustomerId, read: &Read) -> bool {
        let contains = |name: &str| fold(name).contains(&self.text);
        let names = read.mapped.as_ref().and_then(|(_, names)| names.as_ref());
        self.text.is_empty()
            || read.customer.as_ref().is_some_and(|customer| contains(&customer.name))
            || names.is_some_and(|names| contains(&names.company) || contains(&names.agreement))
            || contains(&id.to_string())
    }
}
