//! A request for decisions: what its rows say, whether they can be decided so, and whether the holds are those that the
//! person saw.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{HoldKey, StandingHold};
use shared::domain::id::{CustomerId, PsaProductId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Would};
use shared::domain::quantity_override::DecisionReason;
use shared::domain::usage::Reading;
use shared::http::{FieldError, Language, Problem, ProblemCode, Text};
use utoipa::ToSchema;

use crate::holds::{HoldRow, version_of};
use crate::names::Display;
use crate::readings::{ReadingName, in_words};
use crate::verdict::{QuantityNamed, ReasonName, Said, VerdictShown, Wanted, not_by_quantity, say_reason};

/// The most decisions of one request.
const MOST: usize = 100;

/// Decisions on what waits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Decisions {
    /// Each about another hold.
    #[schema(min_items = 1, max_items = 100)]
    pub(super) decisions: Vec<HoldDecision>,
}

/// A decision on one hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HoldDecision {
    /// The hold's usage month.
    #[schema(example = "2026-11")]
    month: String,
    /// Its customer.
    customer_id: String,
    /// Its ConnectWise product.
    psa_product_id: i64,
    /// Its `version`, as it was listed: what the person saw.
    version: String,
    /// What is to be done.
    verdict: VerdictShown,
    /// For the release of a hold that offers `readings` alone: the one that is right. It is remembered for the Sophos
    /// product, and used for its other customers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reading: Option<ReadingName>,
    /// For the release of a hold `billedElsewhere` alone: the product moves here. The lines elsewhere get this cancelled
    /// date, and the new addition begins on the day after, or with the next billing period. Not after the usage month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-11-30")]
    move_on: Option<String>,
    /// For `useQuantity` alone: what is billed in place of the usage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<QuantityNamed>,
    /// For `useQuantity` alone: the last usage month for which it counts; this one alone where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-03")]
    until: Option<String>,
    /// Why it is otherwise than the usage says: for `useQuantity`, and for `reject` unless it is billed elsewhere or by
    /// hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reason: Option<ReasonName>,
    /// More about it, in your words; kept with who and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    why: Option<String>,
}

/// A decision that was read, with the hold that it is about.
pub(super) struct Asked {
    pub(super) key: HoldKey,
    pub(super) version: String,
    pub(super) wanted: Wanted,
    pub(super) reason: Option<DecisionReason>,
    pub(super) why: String,
}

impl HoldDecision {
    /// The cancelled date of the lines elsewhere; none that can be read counts as none.
    fn moves(&self) -> Option<Date> {
        self.move_on.as_deref()?.parse().ok()
    }
}

pub(super) fn moved_on(language: Language, name: &str) -> String {
    match language {
        Language::English => format!("What waits of {name} is no longer what you saw."),
        Language::Italian => format!("Ciò che attende di {name} non è più quello che è stato mostrato."),
    }
}

/// What the rows ask for; everything that is wrong with them at once.
pub(super) fn read(decisions: &[HoldDecision]) -> Result<Vec<Asked>, Problem> {
    let refused = |errors: Vec<FieldError>| Problem::new(ProblemCode::InvalidRequest).errors(errors);
    if !(1..=MOST).contains(&decisions.len()) {
        let detail = Text::new(
            format!("Send 1 to {MOST} decisions at a time."),
            format!("Inviare da 1 a {MOST} decisioni alla volta."),
        );
        return Err(refused(vec![FieldError::body("/decisions", ProblemCode::Invalid, detail)]));
    }
    let (mut asked, mut errors, mut met) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (n, row) in decisions.iter().enumerate() {
        let mut wrong = |field: &str, detail: Text| {
            errors.push(FieldError::body(format!("/decisions/{n}/{field}"), ProblemCode::Invalid, detail));
        };
        let month = UsageMonth::parse(&row.month).map_err(|error| wrong("month", error.into())).ok();
        let customer = CustomerId::parse(&row.customer_id).map_err(|error| wrong("customerId", error.into())).ok();
        let product = PsaProductId::try_from(row.psa_product_id);
        let product = product.map_err(|error| wrong("psaProductId", error.into())).ok();
        if let Some(detail) = row.wrong_day(month) {
            wrong("moveOn", detail);
        }
        let (wanted, why) = row.said().read(month, &mut wrong);
        let (Some(month), Some(customer), Some(product)) = (month, customer, product) else { continue };
        let key = HoldKey { month, customer, product };
        if !met.insert(key) {
            let detail = ("This hold is decided in an earlier row.", "Una riga precedente decide già questa voce.");
            wrong("psaProductId", Text::new(detail.0, detail.1));
        }
        let (version, reason) = (row.version.clone(), row.reason.map(ReasonName::reason));
        asked.push(Asked { key, version, wanted, reason, why });
    }
    if errors.is_empty() { Ok(asked) } else { Err(refused(errors)) }
}

impl HoldDecision {
    fn said(&self) -> Said<'_> {
        Said {
            verdict: self.verdict,
            reading: self.reading,
            moves: self.moves(),
            quantity: self.quantity.as_ref(),
            until: self.until.as_deref(),
            why: self.why.as_deref(),
        }
    }

    /// What is wrong with the day on which the product moves here.
    fn wrong_day(&self, month: Option<UsageMonth>) -> Option<Text> {
        let detail = match (&self.move_on, self.moves()) {
            (Some(_), None) => ("Expected a day such as 2026-11-30.", "Indicare un giorno come 2026-11-30."),
            (_, Some(day)) if month.is_some_and(|month| day > month.last_day()) => (
                "Choose a day that is not after the usage month.",
                "Scegliere un giorno che non sia dopo il mese di utilizzo.",
            ),
            (_, Some(_) | None) => return None,
        };
        Some(Text::new(detail.0, detail.1))
    }
}

impl Asked {
    /// Whether this is what the same person has decided already: a repetition of a request that died in between.
    fn is_decided(&self, hold: &StandingHold, who: &str) -> bool {
        match &hold.decision {
            None => self.wanted == Wanted::TakeBack,
            Some(decision) => {
                self.wanted.is(decision)
                    && decision.who == who
                    && decision.why == self.why
                    && decision.reason == self.reason
                    && decision.basis == hold.basis
            }
        }
    }
}

/// The holds as the person saw them. One that has moved, was decided by somebody else, is gone or cannot be released stops
/// all of them.
pub(super) fn seen(
    asked: &[Asked],
    standing: Vec<Option<StandingHold>>,
    who: &str,
    display: &Display,
) -> Result<Vec<StandingHold>, Problem> {
    let (mut moved, mut stuck, mut unsaid, mut holds) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, (asked, found)) in asked.iter().zip(standing).enumerate() {
        let pointer = |field: &str| format!("/decisions/{n}/{field}");
        let Some(hold) = found else {
            let detail = Text::new(
                "It no longer waits: a later run has settled it.",
                "Non è più in attesa: una sincronizzazione successiva l'ha risolta.",
            );
            moved.push(FieldError::body(pointer("version"), ProblemCode::NotFound, detail));
            continue;
        };
        if version_of(&hold)? != asked.version && !asked.is_decided(&hold, who) {
            let detail = Text::in_each(|language| moved_on(language, &hold.name));
            moved.push(FieldError::body(pointer("version"), ProblemCode::VersionMismatch, detail));
        } else {
            let found = cannot_be(asked.wanted, &hold);
            stuck.extend(
                found.map(|(field, detail)| FieldError::body(pointer(field), ProblemCode::NotReleasable, detail)),
            );
            if asked.reason.is_none() && asked.wanted.needs_reason(&hold) {
                unsaid.push(FieldError::body(pointer("reason"), ProblemCode::Invalid, say_reason()));
            }
        }
        holds.push(hold);
    }
    if !moved.is_empty() {
        let present: Vec<HoldRow> = holds.iter().map(|hold| HoldRow::of(hold, display)).collect::<Result<_, _>>()?;
        return Err(Problem::new(ProblemCode::VersionMismatch).errors(moved).present(&present));
    }
    if !unsaid.is_empty() {
        return Err(Problem::new(ProblemCode::InvalidRequest).errors(unsaid));
    }
    if !stuck.is_empty() {
        return Err(Problem::new(ProblemCode::NotReleasable).errors(stuck));
    }
    Ok(holds)
}

/// Why a hold cannot be decided as it was asked for: the field and the sentence.
fn cannot_be(wanted: Wanted, hold: &StandingHold) -> Option<(&'static str, Text)> {
    match wanted {
        Wanted::Release { reading, moves } => not_releasable(reading, moves, hold),
        Wanted::UseQuantity { rule, .. } if hold.billed_by(rule).is_none() => Some(not_by_quantity(hold)),
        Wanted::UseQuantity { .. } | Wanted::Reject | Wanted::TakeBack => None,
    }
}

/// Why a hold cannot be released.
fn not_releasable(reading: Option<Reading>, moves: Option<Date>, hold: &StandingHold) -> Option<(&'static str, Text)> {
    if moves.is_some() && !matches!(hold.hold, Hold::BilledElsewhere { .. }) {
        let name = &hold.name;
        let detail = Text::new(
            format!("{name}: it is not billed elsewhere; leave the day out."),
            format!("{name}: non è fatturato altrove; il giorno va lasciato fuori."),
        );
        return Some(("moveOn", detail));
    }
    if hold.basis.released(reading) != Would::Nothing {
        return None;
    }
    let offered = in_words(&hold.basis);
    Some(match (reading, offered.is_empty()) {
        (_, false) => {
            let detail = Text::in_each(|language| {
                let choose = language.pick("Choose how they are read", "Scegliere come vanno lette");
                format!("{}: {}. {choose}: {offered}.", hold.name, language.hold(&hold.hold))
            });
            ("reading", detail)
        }
        (Some(_), true) if hold.basis.release != Would::Nothing => {
            let name = &hold.name;
            let detail = Text::new(
                format!("{name}: its usage lines are not in doubt; leave the reading out."),
                format!("{name}: le sue righe di utilizzo non sono in dubbio; la lettura va lasciata fuori."),
            );
            ("reading", detail)
        }
        (Some(_) | None, true) => {
            ("verdict", Text::in_each(|language| format!("{}: {}", hold.name, language.hold(&hold.hold))))
        }
    })
}
