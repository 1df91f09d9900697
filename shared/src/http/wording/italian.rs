//! The Italian sentences. ConnectWise's own terms stay English, as in Sophos' Italian help: *Agreement*, *addition*
//! (feminine).

mod failure;
mod hold;
mod hold_advice;
mod landing;
mod quantity;
mod run;
mod skip;
mod vendor_sync;
mod waiting;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::departure::Departure;
use crate::domain::month::UsageMonth;
use crate::domain::outcome::{LineElsewhere, Outcome, Place, Would};
use crate::domain::usage::Unreadable;

pub(super) use self::hold::hold;
pub(super) use self::landing::landing;
pub(super) use self::quantity::{decision_reason, overridden, override_ended};
pub(super) use self::run::{question, run_advice, run_failure};
pub(super) use self::vendor_sync::{ADVICE as VENDOR_SYNC_ADVICE, vendor_sync};

pub(super) fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Unchanged | Outcome::Created | Outcome::Updated | Outcome::Adopted => String::new(),
        Outcome::Waiting(why) => waiting::waiting(why),
        Outcome::Held(why) => hold(why),
        Outcome::Skipped(why) => skip::skip(why),
        Outcome::Failed(why) => failure::failure(why),
    }
}

pub(super) fn advice(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Unchanged | Outcome::Created | Outcome::Updated | Outcome::Adopted => String::new(),
        Outcome::Waiting(why) => waiting::advice(why),
        Outcome::Held(why) => hold_advice::advice(why).to_owned(),
        Outcome::Skipped(why) => skip::advice(why).to_owned(),
        Outcome::Failed(why) => failure::advice(why),
    }
}

pub(super) fn departure(departure: &Departure) -> String {
    match departure {
        Departure::NotListed => "il cliente non è più nell'elenco di Sophos".to_owned(),
        Departure::OtherBilling { billing } if billing.trim().is_empty() => {
            "il cliente non è più a fatturazione mensile presso Sophos (nessun tipo di fatturazione indicato)"
                .to_owned()
        }
        Departure::OtherBilling { billing } => {
            format!("il cliente non è più a fatturazione mensile presso Sophos (tipo di fatturazione: {billing})")
        }
    }
}

/// What is in place of a quantity.
pub(super) fn unreadable(found: &Unreadable) -> String {
    match found {
        Unreadable::Missing => "nessuna quantità".to_owned(),
        Unreadable::NotANumber(text) => format!("{text}, che non è un numero"),
        Unreadable::Negative(text) => format!("{text}, che è minore di zero"),
        Unreadable::Fractional(text) => format!("{text}, che non è un numero intero"),
        Unreadable::TooLarge(text) => format!("{text}, più di quanto una riga possa avere"),
    }
}

/// Usage lines that bill something elsewhere.
fn elsewhere(lines: &[LineElsewhere]) -> String {
    let line = |line: &LineElsewhere| {
        let LineElsewhere { addition, place, product, identifier, quantity } = line;
        let product =
            if identifier.is_empty() { format!("prodotto ConnectWise {product}") } else { identifier.clone() };
        let line = format!("addition {addition} ({} di {product})", number(*quantity));
        match place {
            Place::MappedAgreement => line,
            Place::OtherAgreement { agreement, name } => format!("{line} su «{name}» (Agreement {agreement})"),
        }
    };
    lines.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// What would be done, for the end of a sentence.
fn would(would: Would) -> String {
    match would {
        Would::Create { to, begins: None } => format!("creare una addition di {}", number(to)),
        Would::Create { to, begins: Some(begins) } => {
            format!("creare una addition di {} dal {}", number(to), day(begins))
        }
        Would::Update { from, to } => format!("cambiare {} → {}", number(from), number(to)),
        Would::Adopt { at } => format!("prendere in carico la addition di {}", number(at)),
        Would::Keep { at } => format!("continuare a fatturare {}", number(at)),
        Would::End { at, on } => format!("terminare la addition di {} al {}", number(at), day(on)),
        Would::Nothing => "non cambiare nulla".to_owned(),
    }
}

/// A quantity or a price, with a decimal comma.
fn number(number: Decimal) -> String {
    number.normalize().to_string().replace('.', ",")
}

/// An amount of money: `1204,00`.
fn money(amount: Decimal) -> String {
    format!("{amount:.2}").replace('.', ",")
}

/// A day in the Italian form.
pub(super) fn day(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// `novembre 2026`.
pub(super) fn month(month: UsageMonth) -> String {
    const NAMES: [&str; 12] = [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ];
    let name = usize::try_from(month.month() - 1).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or_default();
    format!("{name} {}", month.year())
}

fn list<T: ToString>(things: &[T]) -> String {
    things.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
