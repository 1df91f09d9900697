//! One addition that is billed and no longer synced, and why.

use serde::{Deserialize, Serialize};
use shared::domain::departure::Departure;
use shared::domain::ending::{EndBy, Ending};
use shared::domain::id::{AgreementId, PsaProductId};
use shared::domain::mapping::ProductMappings;
use shared::domain::still_billed::StillBilled;
use shared::http::{AgreementShown, Language, Problem, PsaProductShown, version_of_content};
use utoipa::ToSchema;

use super::BilledCustomer;
use crate::change::decimal;
use crate::change::per_month;
use crate::names::Display;

/// An addition that is billed and no longer synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StillBilling {
    /// The agreement.
    agreement_id: u32,
    /// Its name, as it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<String>,
    /// Its company's name, as it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// How it bills.
    #[serde(flatten)]
    agreement_facts: AgreementShown,
    /// The addition.
    addition_id: u32,
    /// The ConnectWise product.
    psa_product_id: u32,
    /// Its names and its price, as they were last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa_product: Option<PsaProductShown>,
    /// The Sophos products that it was made up of.
    products: Vec<String>,
    /// What Sophos calls them, in the same order.
    descriptions: Vec<String>,
    /// Sophos' id of the customer that it was written for.
    customer_id: String,
    /// Its name, where Sophos still lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// The quantity that ConnectWise bills.
    quantity: String,
    /// For which usage month a sync set it last.
    month: String,
    /// Its unit price; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<String>,
    /// What one invoice bills for it, without the units that the agreement includes and in the agreement's currency; absent
    /// where no price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// The same for one month; absent where the agreement's billing cycle is not one of months, or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_per_month: Option<String>,
    /// The day from which ConnectWise ends it, where somebody has set one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    cancelled_date: Option<String>,
    /// What a person decided; the next run that writes carries it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<EndingShown>,
    /// What a decision is about: send it with the decision.
    version: String,
    /// Why it is no longer synced.
    reason: StillBillingReason,
    /// The same in words.
    what: String,
    /// What to do next.
    advice: &'static str,
}

/// What is to be done about an addition that is no longer synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EndChoice {
    /// Set its quantity to 0 in ConnectWise.
    SetToZero,
    /// Set its cancelled date in ConnectWise.
    CancelOn,
    /// Leave it as it is; takes back what was decided before.
    Leave,
}

/// A decision to end an addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndingShown {
    /// What is to be done.
    choice: EndChoice,
    /// Of `cancelOn`: the cancelled date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    date: Option<String>,
    /// Who decided.
    who: String,
    /// Why.
    why: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

impl EndingShown {
    fn of(ending: &Ending) -> Self {
        let (choice, date) = match ending.by {
            EndBy::SetToZero => (EndChoice::SetToZero, None),
            EndBy::CancelOn { day } => (EndChoice::CancelOn, Some(day.to_string())),
        };
        Self { choice, date, who: ending.who.clone(), why: ending.why.clone(), at: ending.at.to_string() }
    }
}

/// Why an addition is no longer synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StillBillingReason {
    /// The customer is billed on another agreement now.
    CustomerMoved,
    /// Sophos no longer lists the customer: it was unlinked or deleted.
    NoLongerListed,
    /// Sophos no longer bills the customer by monthly usage.
    LeftMonthlyBilling,
    /// The customer is not mapped any more.
    CustomerUnmapped,
    /// The customer's sync is off.
    CustomerOff,
    /// No Sophos product is mapped to the ConnectWise product any more.
    ProductUnmapped,
    /// The sync of the Sophos products mapped to it is off.
    ProductOff,
    /// It is a firewall product, which syncs with the Sophos monthly invoice alone.
    FirewallFrozen,
}

/// Why nothing of a customer is synced on an agreement; none where it is.
pub(super) fn reason_of_customer(agreement: AgreementId, customer: &BilledCustomer) -> Option<StillBillingReason> {
    let mapping = customer.mapping.as_ref();
    match (mapping, &customer.departure) {
        (Some(mapping), _) if mapping.agreement != agreement => Some(StillBillingReason::CustomerMoved),
        (_, Some(Departure::NotListed)) => Some(StillBillingReason::NoLongerListed),
        (_, Some(Departure::OtherBilling { .. })) => Some(StillBillingReason::LeftMonthlyBilling),
        (None, None) => Some(StillBillingReason::CustomerUnmapped),
        (Some(mapping), None) if !mapping.sync => Some(StillBillingReason::CustomerOff),
        (Some(_), None) => None,
    }
}

/// Why a ConnectWise product is not synced; none where it is.
pub(super) fn reason_of_product(
    product: PsaProductId,
    mappings: &ProductMappings,
    invoice_mode: bool,
) -> Option<StillBillingReason> {
    let mut parts = mappings.parts_of(product).peekable();
    if parts.peek().is_none() {
        let off = mappings.mapped_to(product).next().is_some();
        return Some(if off { StillBillingReason::ProductOff } else { StillBillingReason::ProductUnmapped });
    }
    let frozen = !invoice_mode && parts.all(|part| part.firewall);
    frozen.then_some(StillBillingReason::FirewallFrozen)
}

impl StillBilling {
    pub(super) fn of(
        agreement: AgreementId,
        customer: &BilledCustomer,
        billed: &StillBilled<'_>,
        reason: StillBillingReason,
        ending: Option<&Ending>,
        display: &Display,
    ) -> Result<Self, Problem> {
        let seen = customer.names_on(agreement, billed);
        let (company, agreement_name) = seen.cloned().map(|names| (names.company, names.agreement)).unzip();
        let facts = seen.map(|names| names.facts.clone()).unwrap_or_default();
        let name = customer.name.clone().or_else(|| company.clone()).unwrap_or_else(|| customer.id.to_string());
        let quantity = decimal(billed.quantity);
        let why = reason.why(customer.departure.as_ref(), display.language);
        let version = version_of_content(&(agreement, billed.addition, &quantity))?;
        Ok(Self {
            agreement_id: agreement.get(),
            agreement: agreement_name,
            company,
            agreement_facts: (&facts).into(),
            addition_id: billed.addition.get(),
            psa_product_id: billed.product.get(),
            psa_product: display.names.psa(billed.product),
            products: billed.written.parts.keys().map(ToString::to_string).collect(),
            descriptions: display.names.all_sophos(billed.written.parts.keys()),
            customer_id: customer.id.to_string(),
            customer: customer.name.clone(),
            what: match display.language {
                Language::English => format!("ConnectWise goes on billing {quantity} for {name}: {why}."),
                Language::Italian => {
                    format!("ConnectWise continua a fatturare {} per {name}: {why}.", quantity.replace('.', ","))
                }
            },
            quantity,
            month: billed.written.month.to_string(),
            unit_price: billed.terms.as_ref().and_then(|terms| terms.unit_price).map(decimal),
            amount: billed.amount().map(decimal),
            amount_per_month: billed.amount().and_then(|amount| per_month(amount, &facts)).map(decimal),
            cancelled_date: billed.cancelled.map(|day| day.to_string()),
            ending: ending.map(EndingShown::of),
            version: format!("{version:016x}"),
            reason,
            advice: reason.advice(display.language),
        })
    }

    /// What a decision is about.
    pub(super) fn version(&self) -> &str {
        &self.version
    }
}

impl StillBillingReason {
    fn why(self, departure: Option<&Departure>, language: Language) -> String {
        match (self, departure) {
            (Self::NoLongerListed | Self::LeftMonthlyBilling, Some(departure)) => language.departure(departure),
            (reason, _) => reason.words(language).to_owned(),
        }
    }

    const fn words(self, language: Language) -> &'static str {
        let (english, italian) = match self {
            Self::CustomerMoved => {
                ("the customer is billed on another agreement now", "il cliente ora è fatturato su un altro Agreement")
            }
            Self::NoLongerListed => ("no longer listed by Sophos", "il cliente non è più nell'elenco di Sophos"),
            Self::LeftMonthlyBilling => {
                ("no longer on monthly billing at Sophos", "il cliente non è più a fatturazione mensile presso Sophos")
            }
            Self::CustomerUnmapped => ("the customer is not mapped any more", "il cliente è ora senza mapping"),
            Self::CustomerOff => ("the customer's sync is off", "la sincronizzazione del cliente è disattivata"),
            Self::ProductUnmapped => {
                ("no Sophos product is mapped to it any more", "nessun prodotto Sophos è più mappato a questo prodotto")
            }
            Self::ProductOff => ("the product's sync is off", "la sincronizzazione del prodotto è disattivata"),
            Self::FirewallFrozen => (
                "firewall products sync with the Sophos monthly invoice alone",
                "i prodotti firewall si sincronizzano solo con la fattura mensile Sophos",
            ),
        };
        language.pick(english, italian)
    }

    const fn advice(self, language: Language) -> &'static str {
        let (english, italian) = match self {
            Self::CustomerMoved | Self::CustomerUnmapped | Self::ProductUnmapped => (
                "End the addition, or map and switch on again what is to go on.",
                "Terminare la addition, oppure mappare e attivare di nuovo ciò che deve continuare.",
            ),
            Self::NoLongerListed | Self::LeftMonthlyBilling => (
                "Decide on the usage that waits, if any does. Then end the addition, or map the customer again.",
                "Decidere sull'utilizzo in attesa, se ce n'è. Poi terminare la addition, oppure mappare di nuovo il cliente.",
            ),
            Self::CustomerOff => (
                "End the addition, or switch the sync on.",
                "Terminare la addition, oppure attivare la sincronizzazione.",
            ),
            Self::ProductOff => (
                "End the addition, or switch the product's sync on.",
                "Terminare la addition, oppure attivare la sincronizzazione del prodotto.",
            ),
            Self::FirewallFrozen => (
                "Choose the Sophos monthly invoice as the frequency, or keep the addition up to date by hand.",
                "Scegliere la frequenza con la fattura mensile Sophos, oppure aggiornare la addition a mano.",
            ),
        };
        language.pick(english, italian)
    }
}
