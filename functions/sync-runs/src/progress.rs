//! How far a run is, in words and in numbers.

use serde::Serialize;
use shared::domain::run::{Run, Stage};
use shared::http::Language;
use utoipa::ToSchema;

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunProgress {
    /// What it is at: `customers`, `usage`, `agreements`, `products`, `check`, `sync`, `settle`, `ended`.
    stage: &'static str,
    /// The same in words.
    what: String,
    /// How many of `of` are done in this stage, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<u64>,
    /// How many there are in this stage, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
}

impl RunProgress {
    pub(crate) fn of(run: &Run, language: Language) -> Self {
        let text = |english: &str, italian: &str| language.pick(english, italian).to_owned();
        let pages = |page: u32, prints: &[u64]| (Some(u64::from(page)), Some(prints.len() as u64));
        let (stage, what, (done, of)) = match &run.stage {
            Stage::Preview => {
                ("usage", text("Taking over the preview's usage", "Ripresa dell'utilizzo dell'anteprima"), (None, None))
            }
            Stage::Customers { listed, total, .. } => (
                "customers",
                text("Reading Sophos' customers", "Lettura dei clienti da Sophos"),
                (Some(*listed), *total),
            ),
            Stage::CustomersAgain { page, prints, .. } => (
                "customers",
                text(
                    "Reading Sophos' customers once more, to be sure of them",
                    "Seconda lettura dei clienti, per conferma",
                ),
                pages(*page, prints),
            ),
            Stage::Usage { lines, total, .. } => (
                "usage",
                text("Reading the month's usage from Sophos", "Lettura dell'utilizzo del mese da Sophos"),
                (Some(*lines), *total),
            ),
            Stage::UsageAgain { page, prints, .. } => (
                "usage",
                text(
                    "Reading the month's usage once more, to be sure of it",
                    "Seconda lettura dell'utilizzo, per conferma",
                ),
                pages(*page, prints),
            ),
            Stage::Agreements { .. } => (
                "agreements",
                text("Reading ConnectWise's agreements", "Lettura degli Agreement da ConnectWise"),
                (None, None),
            ),
            Stage::Products => (
                "products",
                text("Reading ConnectWise's products", "Lettura dei prodotti da ConnectWise"),
                (None, None),
            ),
            Stage::Check => {
                ("check", text("Comparing with the month before", "Confronto con il mese precedente"), (None, None))
            }
            Stage::Sync { .. } => {
                let done = run.tally.counts.customers;
                let what = match language {
                    Language::English if run.writes => format!("Comparing and writing: {done} customers done"),
                    Language::English => format!("Comparing, nothing is written: {done} customers done"),
                    Language::Italian if run.writes => format!("Confronto e scrittura: {done} clienti completati"),
                    Language::Italian => format!("Confronto, senza scrivere: {done} clienti completati"),
                };
                ("sync", what, (Some(done), None))
            }
            Stage::Settle { .. } => {
                let left = run.set_aside.len();
                let what = match language {
                    Language::English => {
                        format!("Waiting to try again what ConnectWise did not answer or put off, for {left} customers")
                    }
                    Language::Italian => format!(
                        "In attesa di riprovare ciò che ConnectWise ha rimandato o lasciato senza risposta, per {left} clienti"
                    ),
                };
                ("settle", what, (None, None))
            }
            Stage::Ended => ("ended", text("Over", "Terminata"), (None, None)),
        };
        Self { stage, what, done, of }
    }
}
