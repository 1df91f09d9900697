//! Decisions on the wire: the verdicts, the reasons, and the rules for another quantity than the usage.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Decision, OtherQuantity, StandingHold, Verdict};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Would};
use shared::domain::quantity_override::{DecisionReason, Overridden, QuantityOverride, QuantityRule, TakesQuantity};
use shared::domain::usage::Reading;
use shared::http::{Language, Text};
use utoipa::ToSchema;

use crate::change::decimal;
use crate::readings::ReadingName;

/// The most characters of a note.
pub(crate) const MAX_WHY: usize = 500;
/// How many months after its usage month another quantity can be decided for.
const MOST_MONTHS: usize = 36;
/// More units than any addition has.
const MOST_UNITS: i64 = 1_000_000;

/// What is to be done with a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum VerdictShown {
    /// Write the usage.
    Release,
    /// Keep what ConnectWise has for this usage month.
    Reject,
    /// Write another quantity than the usage.
    UseQuantity,
    /// Take the decision back; it waits again.
    TakeBack,
}

/// Why it is decided otherwise than the usage says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ReasonName {
    /// It is agreed with the customer.
    CustomerAgreed,
    /// Sophos reports the wrong quantity.
    SophosIsWrong,
    /// An exception that will not come again.
    OneOff,
    /// Anything else.
    Other,
}

/// How a billed quantity follows from the usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RuleName {
    /// This quantity, whatever is used.
    Fixed,
    /// The usage, but at least this quantity.
    Minimum,
    /// The usage and this quantity more.
    Plus,
    /// The usage and this quantity less, never below 0.
    Minus,
}

/// Another quantity than the usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuantityNamed {
    /// How it follows from the usage.
    pub(crate) rule: RuleName,
    /// The number of the rule: 0 to 1,000,000, with two decimals at most.
    #[schema(example = "10", max_length = 20)]
    pub(crate) value: String,
}

/// What is used, and what is billed in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverriddenShown {
    /// What the usage asks for; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) used: Option<String>,
    /// What is billed.
    pub(crate) billed: String,
    /// By which rule.
    pub(crate) quantity: QuantityNamed,
    /// The last usage month for which it counts.
    #[schema(example = "2027-03")]
    until: String,
    /// Why.
    reason: ReasonName,
    /// More about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// Who decided.
    who: String,
    /// The same in words.
    #[schema(example = "7 used, 10 billed (minimum)")]
    pub(crate) what: String,
}

/// A decision that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Write the usage, by this reading, with this cancelled date of lines elsewhere.
    Release { reading: Option<Reading>, moves: Option<Date> },
    /// Keep what ConnectWise has.
    Reject,
    /// Write another quantity until the end of that month.
    UseQuantity { rule: QuantityRule, until: Option<UsageMonth> },
    /// Take the decision back.
    TakeBack,
}

/// What a request says besides the hold: the parts of a decision that depend on one another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) verdict: VerdictShown,
    pub(crate) reading: Option<ReadingName>,
    pub(crate) moves: Option<Date>,
    pub(crate) quantity: Option<&'a QuantityNamed>,
    pub(crate) until: Option<&'a str>,
    pub(crate) why: Option<&'a str>,
}

impl VerdictShown {
    pub(crate) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Release => Self::Release,
            Verdict::Reject => Self::Reject,
            Verdict::UseQuantity(_) => Self::UseQuantity,
        }
    }
}

impl ReasonName {
    pub(crate) const fn reason(self) -> DecisionReason {
        match self {
            Self::CustomerAgreed => DecisionReason::CustomerAgreed,
            Self::SophosIsWrong => DecisionReason::SophosIsWrong,
            Self::OneOff => DecisionReason::OneOff,
            Self::Other => DecisionReason::Other,
        }
    }

    pub(crate) const fn of(reason: DecisionReason) -> Self {
        match reason {
            DecisionReason::CustomerAgreed => Self::CustomerAgreed,
            DecisionReason::SophosIsWrong => Self::SophosIsWrong,
            DecisionReason::OneOff => Self::OneOff,
            DecisionReason::Other => Self::Other,
        }
    }
}

impl QuantityNamed {
    pub(crate) fn of(rule: QuantityRule) -> Self {
        let name = match rule {
            QuantityRule::Fixed(_) => RuleName::Fixed,
            QuantityRule::Minimum(_) => RuleName::Minimum,
            QuantityRule::Plus(_) => RuleName::Plus,
            QuantityRule::Minus(_) => RuleName::Minus,
        };
        Self { rule: name, value: decimal(rule.value()) }
    }

    /// The rule; none where the value is no number that a quantity can have, or changes nothing.
    fn read(&self) -> Option<QuantityRule> {
        let value = Decimal::from_str_exact(self.value.trim()).ok()?.normalize();
        let is_quantity = value.scale() <= 2 && value >= Decimal::ZERO && value <= Decimal::from(MOST_UNITS);
        let rule = match self.rule {
            RuleName::Fixed => QuantityRule::Fixed(value),
            RuleName::Minimum => QuantityRule::Minimum(value),
            RuleName::Plus => QuantityRule::Plus(value),
            RuleName::Minus => QuantityRule::Minus(value),
        };
        Some(rule).filter(|rule| is_quantity && (rule.is_fixed() || !value.is_zero()))
    }
}

impl OverriddenShown {
    pub(crate) fn of(overridden: &Overridden, language: Language) -> Self {
        let QuantityOverride { rule, until, reason, note, who, .. } = &overridden.by;
        Self {
            used: overridden.used.map(decimal),
            billed: decimal(overridden.billed),
            quantity: QuantityNamed::of(*rule),
            until: until.to_string(),
            reason: ReasonName::of(*reason),
            why: note.clone(),
            who: who.clone(),
            what: language.overridden(overridden),
        }
    }
}

impl Wanted {
    /// What this decision on a hold is stored as; none for one that is taken back, or cannot be decided so.
    pub(crate) fn verdict_on(self, hold: &StandingHold) -> Option<Verdict> {
        match self {
            Self::Release { .. } => Some(Verdict::Release),
            Self::Reject => Some(Verdict::Reject),
            Self::UseQuantity { rule, until } => {
                let until = until.unwrap_or(hold.key.month);
                hold.billed_by(rule).map(|billed| Verdict::UseQuantity(OtherQuantity { rule, until, billed }))
            }
            Self::TakeBack => None,
        }
    }

    /// What it writes.
    pub(crate) fn written(self, hold: &StandingHold) -> Would {
        match self {
            Self::Release { reading, .. } => hold.basis.released(reading),
            Self::Reject => hold.basis.released(None),
            Self::UseQuantity { rule, .. } => hold.written_by(rule),
            Self::TakeBack => Would::Nothing,
        }
    }

    pub(crate) const fn reading(self) -> Option<Reading> {
        match self {
            Self::Release { reading, .. } => reading,
            Self::Reject | Self::UseQuantity { .. } | Self::TakeBack => None,
        }
    }

    pub(crate) const fn moves(self) -> Option<Date> {
        match self {
            Self::Release { moves, .. } => moves,
            Self::Reject | Self::UseQuantity { .. } | Self::TakeBack => None,
        }
    }

    /// Whether it is otherwise than the usage says, so that people ask why. What is billed by hand or elsewhere is billed.
    pub(crate) const fn needs_reason(self, hold: &StandingHold) -> bool {
        match self {
            Self::UseQuantity { .. } => true,
            Self::Reject => !matches!(hold.hold, Hold::Late { .. } | Hold::BilledElsewhere { .. }),
            Self::Release { .. } | Self::TakeBack => false,
        }
    }

    /// Whether this is what was decided already.
    pub(crate) fn is(self, decision: &Decision) -> bool {
        let same = match (self, decision.verdict) {
            (Self::Release { .. }, Verdict::Release) | (Self::Reject, Verdict::Reject) => true,
            (Self::UseQuantity { rule, until }, Verdict::UseQuantity(other)) => {
                rule == other.rule && until.is_none_or(|until| until == other.until)
            }
            (Self::Release { .. } | Self::Reject | Self::UseQuantity { .. } | Self::TakeBack, _) => false,
        };
        same && decision.reading == self.reading() && decision.moves == self.moves()
    }
}

impl Said<'_> {
    /// The decision on a hold of `month`, and its note; what is wrong with it goes to `wrong`, field by field.
    pub(crate) fn read(&self, month: Option<UsageMonth>, mut wrong: impl FnMut(&str, Text)) -> (Wanted, String) {
        let why = self.why.unwrap_or_default().trim();
        if why.chars().count() > MAX_WHY {
            wrong("why", too_long());
        }
        if self.verdict != VerdictShown::Release && self.reading.is_some() {
            let detail = (
                "Only a release has a reading; leave it out.",
                "Solo chi scrive sceglie una lettura; va lasciata fuori.",
            );
            wrong("reading", Text::new(detail.0, detail.1));
        }
        if self.verdict != VerdictShown::Release && self.moves.is_some() {
            let detail = (
                "Only what is released can move here; leave the day out.",
                "Solo ciò che viene scritto può spostarsi qui; il giorno va lasciato fuori.",
            );
            wrong("moveOn", Text::new(detail.0, detail.1));
        }
        if self.verdict != VerdictShown::UseQuantity {
            let named = [("quantity", self.quantity.is_some()), ("until", self.until.is_some())];
            for (field, _) in named.into_iter().filter(|(_, named)| *named) {
                let detail = ("Only for useQuantity; leave it out.", "Solo per useQuantity; va lasciato fuori.");
                wrong(field, Text::new(detail.0, detail.1));
            }
        }
        let wanted = match self.verdict {
            VerdictShown::Release => {
                Wanted::Release { reading: self.reading.map(ReadingName::reading), moves: self.moves }
            }
            VerdictShown::Reject => Wanted::Reject,
            VerdictShown::TakeBack => Wanted::TakeBack,
            VerdictShown::UseQuantity => {
                let rule = self.quantity.and_then(QuantityNamed::read);
                if rule.is_none() {
                    wrong("quantity", no_quantity());
                }
                let until = self.until.map(UsageMonth::parse).transpose();
                let until = until.map_err(|error| wrong("until", error.into())).ok().flatten().or(month);
                if until.zip(month).is_some_and(|(until, month)| !is_in_reach(month, until)) {
                    wrong("until", not_in_reach());
                }
                rule.map_or(Wanted::Reject, |rule| Wanted::UseQuantity { rule, until })
            }
        };
        (wanted, why.to_owned())
    }
}

fn is_in_reach(month: UsageMonth, until: UsageMonth) -> bool {
    std::iter::successors(Some(month), |month| Some(month.next())).take(MOST_MONTHS + 1).any(|one| one == until)
}

fn not_in_reach() -> Text {
    Text::new(
        format!("Choose the usage month or one of the {MOST_MONTHS} after it."),
        format!("Scegliere il mese di utilizzo o uno dei {MOST_MONTHS} successivi."),
    )
}

fn no_quantity() -> Text {
    Text::new(
        format!(
            "Name a rule (fixed, minimum, plus or minus) and a value up to {MOST_UNITS} with two decimals at most; only a \
             fixed quantity can be 0."
        ),
        format!(
            "Indicare una regola (fixed, minimum, plus o minus) e un valore fino a {MOST_UNITS} con al massimo due \
             decimali; solo una quantità fissa può essere 0."
        ),
    )
}

pub(crate) fn too_long() -> Text {
    Text::new(format!("At most {MAX_WHY} characters."), format!("Al massimo {MAX_WHY} caratteri."))
}

/// What is said to whoever gives no reason from the list.
pub(crate) fn say_reason() -> Text {
    Text::new(
        "Say why: customerAgreed, sophosIsWrong, oneOff or other.",
        "Indicare il motivo: customerAgreed, sophosIsWrong, oneOff o other.",
    )
}

/// Why a hold cannot be decided by a rule for another quantity.
pub(crate) fn not_by_quantity(hold: &StandingHold) -> (&'static str, Text) {
    match hold.hold.takes_quantity() {
        TakesQuantity::FixedOnly | TakesQuantity::Any if hold.used().is_none() => {
            let name = &hold.name;
            let detail = Text::new(
                format!("{name}: its usage is not known, so only a fixed quantity can be billed."),
                format!("{name}: il suo utilizzo non è noto, quindi si può fatturare solo una quantità fissa."),
            );
            ("quantity", detail)
        }
        TakesQuantity::FixedOnly | TakesQuantity::Any | TakesQuantity::Nothing => {
            ("verdict", Text::in_each(|language| format!("{}: {}", hold.name, language.hold(&hold.hold))))
        }
    }
}
