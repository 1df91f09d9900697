//! One line as it is shown.

use serde::Serialize;
use shared::domain::ledger::{Billed, CustomerLedger, EndedLine, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Outcome, Would};
use shared::http::{AgreementShown, Language, PsaProductShown};
use utoipa::ToSchema;

use super::{ENDED, OutcomeShown, SET_TO_ZERO};
use crate::change::QuantityChange;
use crate::change::decimal;
use crate::names::Display;
use crate::verdict::OverriddenShown;

/// What became of a pair of customer and Sophos product; in a preview, what would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunLine {
    /// Sophos' id of the customer; absent for usage without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer_id: Option<String>,
    /// Its name as Sophos had it.
    pub(super) customer: String,
    /// Whether its account at Sophos is suspended; what Sophos bills for it all the same is synced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) suspended: bool,
    /// The ConnectWise company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company_id: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company: Option<String>,
    /// The agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agreement_id: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agreement: Option<String>,
    /// How it bills.
    #[serde(flatten)]
    pub(super) agreement_facts: AgreementShown,
    /// The agreement's next ConnectWise invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub(super) next_invoice: Option<String>,
    /// The ConnectWise invoice on which the quantity goes, by the first day of the period that it bills; absent where it
    /// is not known, and of what is not synced or came after its invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-12-01")]
    pub(super) lands_on: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "usage of November 2026 → on the ConnectWise invoice for December 2026")]
    pub(super) landing: Option<String>,
    /// The Sophos product's code; absent for usage without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<String>,
    /// What Sophos calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    /// Its units in the month's usage.
    pub(super) units: u64,
    /// The usage lines that they add up from.
    pub(super) usage_lines: u32,
    /// How it ended.
    pub(super) outcome: OutcomeShown,
    /// Why, in one word for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) what: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
    /// Where it is billed, if it got that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) billed: Option<BilledShown>,
}

/// The addition that a pair is billed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BilledShown {
    /// The ConnectWise product.
    pub(super) psa_product_id: u32,
    /// Its names and its price, as they were last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) psa_product: Option<PsaProductShown>,
    /// The addition; absent where there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) addition_id: Option<u32>,
    /// The quantity that the usage of all its Sophos products asks for, or that a person has put in its place.
    pub(super) quantity: String,
    /// Where a person has put another quantity in place of the usage: what is used and what is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) overridden: Option<OverriddenShown>,
    /// That another quantity than the usage has ended, so that the usage is billed again. One run says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the minimum of 10 ended with February 2027; the usage is billed again")]
    pub(super) override_ended: Option<String>,
    /// Its unit price; absent where ConnectWise tells none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit_price: Option<String>,
    /// What one invoice bills for that quantity, in the agreement's currency; absent where ConnectWise tells no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<String>,
    /// The Sophos product under which the change below is shown, where several share the addition; absent where it is this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shared_with: Option<String>,
    /// What was done; in a preview, what would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<QuantityChange>,
    /// What is done once it no longer waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<QuantityChange>,
}

/// The reason of a line, in one word for programs. One that was set to 0 has a word of its own: small ones are
/// written without a question, and are what a person should look at first.
pub(super) fn reason_of(line: &Line) -> Option<String> {
    let code = line.outcome.code();
    let reason = code.split_once('.').map(|(_, reason)| reason.to_owned());
    reason.or_else(|| is_set_to_zero(line).then(|| SET_TO_ZERO.to_owned()))
}

/// Whether its addition was set to 0; in a preview, whether it would be.
fn is_set_to_zero(line: &Line) -> bool {
    let would = line.billed.as_ref().map(|billed| billed.would);
    matches!((&line.outcome, would), (Outcome::Updated, Some(Would::Update { to, .. })) if to.is_zero())
}

impl RunLine {
    pub(super) fn of(entry: &CustomerLedger, line: &Line, month: UsageMonth, display: &Display) -> Self {
        let reason = reason_of(line);
        let to_zero = || match display.language {
            Language::English => "set to 0".to_owned(),
            Language::Italian => "portata a 0".to_owned(),
        };
        let landing = entry.landing(line);
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let (company_id, company) = entry.company.clone().map(|(id, name)| (id.get(), name)).unzip();
        let (agreement_id, agreement) = entry.agreement.clone().map(|(id, name)| (id.get(), name)).unzip();
        Self {
            customer_id: entry.customer.map(|id| id.to_string()),
            customer: entry.name.clone(),
            suspended: entry.suspended,
            company_id,
            company,
            agreement_id,
            agreement,
            agreement_facts: (&entry.facts).into(),
            next_invoice: entry.next_invoice.map(|day| day.to_string()),
            lands_on: landing.map(|landing| landing.starts.to_string()),
            landing: landing.map(|landing| display.language.landing(month, landing, &entry.facts)),
            product: line.code.as_ref().map(ToString::to_string),
            description: line.code.as_ref().and_then(|code| display.names.sophos(code)).map(str::to_owned),
            units: line.units,
            usage_lines: line.usage_lines,
            outcome: OutcomeShown::of(line.outcome.kind()),
            what: said(display.language.reason(&line.outcome)).or_else(|| is_set_to_zero(line).then(to_zero)),
            reason,
            advice: said(display.language.advice(&line.outcome)),
            billed: line.billed.as_ref().map(|billed| BilledShown::of(entry, line, billed, display)),
        }
    }
}

impl RunLine {
    /// The line of an addition that a person decided to end.
    pub(super) fn of_ended(entry: &CustomerLedger, ended: &EndedLine, month: UsageMonth, display: &Display) -> Self {
        let EndedLine { agreement, who, why, line, .. } = ended;
        // By itself: its change is not that of a pair on the same product, and it is no quantity of the usage month.
        let alone = CustomerLedger { lines: vec![line.clone()], landing: None, ..entry.clone() };
        let shown = Self::of(&alone, line, month, display);
        let here = entry.agreement.as_ref().is_some_and(|(id, _)| id == agreement);
        let failed = matches!(line.outcome, Outcome::Failed(_));
        Self {
            agreement_id: Some(agreement.get()),
            agreement: shown.agreement.filter(|_| here),
            agreement_facts: if here { shown.agreement_facts } else { AgreementShown::default() },
            reason: shown.reason.filter(|reason| reason != SET_TO_ZERO).or_else(|| Some(ENDED.to_owned())),
            what: if failed {
                shown.what
            } else {
                Some(match display.language {
                    Language::English => format!("{who} ended this addition: {why}"),
                    Language::Italian => format!("{who} ha terminato questa addition: {why}"),
                })
            },
            ..shown
        }
    }
}

impl BilledShown {
    fn of(entry: &CustomerLedger, line: &Line, billed: &Billed, display: &Display) -> Self {
        let on_same = |other: &&Line| other.billed.as_ref().is_some_and(|other| other.product == billed.product);
        // A change is shown once, so that a sheet's sum is right.
        let first = entry.lines.iter().find(on_same).and_then(|line| line.code.as_ref());
        let shared_with = first.filter(|first| Some(*first) != line.code.as_ref()).map(ToString::to_string);
        let change = |would: Would| {
            QuantityChange::of(would, billed.terms.as_ref(), &entry.facts).filter(|_| shared_with.is_none())
        };
        let done = match line.outcome {
            // What failed or waits was not done, but for what had been done before.
            Outcome::Waiting(_) | Outcome::Failed(_) | Outcome::Skipped(_) => billed.did.unwrap_or(Would::Nothing),
            Outcome::Unchanged | Outcome::Created | Outcome::Updated | Outcome::Adopted | Outcome::Held(_) => {
                billed.would
            }
        };
        Self {
            psa_product_id: billed.product.get(),
            psa_product: display.names.psa(billed.product),
            addition_id: billed.addition.map(|id| id.get()),
            quantity: decimal(billed.target),
            overridden: billed.overridden.as_deref().map(|found| OverriddenShown::of(found, display.language)),
            override_ended: billed.ended.as_deref().map(|ended| display.language.override_ended(ended)),
            unit_price: billed.terms.as_ref().and_then(|terms| terms.unit_price).map(decimal),
            amount: billed.terms.as_ref().and_then(|terms| terms.amount(billed.target)).map(decimal),
            change: change(done),
            waiting: billed.waiting.and_then(change),
            shared_with,
        }
    }
}
