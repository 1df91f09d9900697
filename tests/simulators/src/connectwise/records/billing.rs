//! The fields of the setup tables that say how agreements are billed.

use super::field::{Field, choice, elsewhere, flag, long_text, text, whole};

pub(super) const BILLING_CYCLE: &[Field] = &[
    text("identifier", 5).required(),
    text("name", 50).required(),
    flag("defaultFlag"),
    choice(
        "billingOptions",
        &["BiMonthly", "BiWeekly", "Monthly", "NotRecurring", "Quarterly", "SemiAnnual", "Weekly", "Yearly"],
    )
    .required(),
];

pub(super) const BILLING_TERM: &[Field] =
    &[text("name", 50).required(), flag("defaultFlag"), whole("dueDays").required(), text("termsXref", 50)];

pub(super) const CURRENCY: &[Field] = &[
    text("currencyIdentifier", 10).required(),
    text("name", 50).required(),
    text("symbol", 10),
    flag("displayIdFlag"),
    flag("displaySymbolFlag"),
    elsewhere("currencyCode"),
    text("thousandsSeparator", 1),
    text("decimalSeparator", 1),
    flag("negativeParenthesesFlag"),
    flag("rightAlign"),
    whole("numberOfDecimals"),
    long_text("reportFormat"),
];
