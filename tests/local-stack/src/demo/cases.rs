//! The awkward customers, one case each: its usage, its agreement, its history, and what it must end in.

use super::spec::{AdditionSpec, AgreementSpec, HistoryMonth, Mapped, PLAIN, Spec, UsageSpec, line};
use UsageSpec::{Again, Days, NoCode, Text, Units};
use simulators::sophos::BillingType;

/// Customer 0, 1, 2, … of an awkward demo.
pub(super) const CASES: &[Spec] = &[
    Spec {
        name: "customer off, with a product written before",
        usage: &[Units("CEP", 9)],
        additions: &[line("CIXA", 4)],
        history: &[("CIXA", 4)],
        mapped: Mapped::Off,
        ends: &[("CEP", "skipped.customerOff"), ("CIXA", "skipped.customerOff")],
        ..PLAIN
    },
    Spec {
        name: "unmapped customer",
        usage: &[Units("CEP", 4)],
        mapped: Mapped::Not,
        ends: &[("CEP", "skipped.customerUnmapped")],
        ..PLAIN
    },
    Spec {
        name: "customer not on MSP Flex",
        usage: &[Units("CEP", 6)],
        billing: BillingType::Term,
        ends: &[("CEP", "skipped.notFlex")],
        ..PLAIN
    },
    Spec {
        name: "cancelled agreement",
        usage: &[Units("CIXA", 25)],
        agreement: AgreementSpec::Cancelled,
        ends: &[("CIXA", "failed.agreementNotActive")],
        ..PLAIN
    },
    Spec {
        name: "agreement that ConnectWise denies",
        usage: &[Units("CIXA", 14)],
        agreement: AgreementSpec::Denied,
        ends: &[("CIXA", "failed.agreementForbidden")],
        ..PLAIN
    },
    Spec {
        name: "addition to adopt at an equal quantity",
        usage: &[Units("CIXE", 12)],
        additions: &[line("CIXE", 12)],
        ends: &[("CIXE", "adopted")],
        ..PLAIN
    },
    Spec {
        name: "addition to adopt at another quantity",
        usage: &[Units("CIXE", 12)],
        additions: &[line("CIXE", 8)],
        ends: &[("CIXE", "held.adopt")],
        ..PLAIN
    },
    Spec {
        name: "two additions in force",
        usage: &[Units("CIXE", 10)],
        additions: &[line("CIXE", 5), line("CIXE", 5)],
        ends: &[("CIXE", "held.ambiguous")],
        ..PLAIN
    },
    Spec {
        name: "dated price change",
        usage: &[Units("CIXAXDR", 30)],
        additions: &[
            AdditionSpec { code: "CIXAXDR", quantity: 28, cancelled: 10, effective: 0 },
            AdditionSpec { code: "CIXAXDR", quantity: 30, cancelled: 0, effective: 10 },
        ],
        ends: &[("CIXAXDR", "adopted")],
        ..PLAIN
    },
    Spec {
        name: "usage reported as 0, billed until now",
        usage: &[Units("SVRC", 0)],
        additions: &[line("SVRC", 5)],
        history: &[("SVRC", 5)],
        ends: &[("SVRC", "held.toZero")],
        ..PLAIN
    },
    Spec {
        name: "usage reported as 0, never billed",
        usage: &[Units("SVRC", 0)],
        ends: &[("SVRC", "unchanged")],
        ..PLAIN
    },
    Spec {
        name: "vanished product",
        usage: &[Units("CEP", 7)],
        additions: &[line("CIXA-MSP", 12)],
        history: &[("CIXA-MSP", 12)],
        ends: &[("CIXA-MSP", "held.vanished"), ("CEP", "created")],
        ..PLAIN
    },
    Spec {
        name: "billed without usage, never written by us",
        usage: &[Units("CEP", 3)],
        additions: &[line("CIXA-MSP", 6)],
        ends: &[("CIXA-MSP", "held.vanished"), ("CEP", "created")],
        ..PLAIN
    },
    Spec {
        name: "several lines of one product",
        usage: &[Units("CIXA", 20), Units("CIXA", 3), Units("CIXA", 2)],
        ends: &[("CIXA", "created")],
        ..PLAIN
    },
    Spec {
        name: "combined product, added up",
        usage: &[Units("CEMA", 10), Units("CEME", 5)],
        ends: &[("CEMA", "created"), ("CEME", "created")],
        ..PLAIN
    },
    Spec {
        name: "combined product, largest part",
        usage: &[Units("CMBS", 10), Units("CMBX", 16)],
        ends: &[("CMBS", "created"), ("CMBX", "created")],
        ..PLAIN
    },
    Spec {
        name: "combined product with a missing part",
        usage: &[Units("CEMA", 11)],
        additions: &[line("CEMA", 15)],
        history: &[("CEMA", 10), ("CEME", 5)],
        ends: &[("CEMA", "held.part"), ("CEME", "held.part")],
        ..PLAIN
    },
    Spec {
        name: "combined product with an unreadable part",
        usage: &[Units("CEMA", 11), Text("CEME", "NaN")],
        ends: &[("CEMA", "held.part"), ("CEME", "held.part")],
        ..PLAIN
    },
    Spec {
        name: "quantity that is no number",
        usage: &[Text("CIXE", "\"abc\""), Units("CEP", 2)],
        ends: &[("CIXE", "held.unreadable"), ("CEP", "created")],
        ..PLAIN
    },
    Spec { name: "negative quantity", usage: &[Text("CIXE", "-3")], ends: &[("CIXE", "held.unreadable")], ..PLAIN },
    Spec { name: "fractional quantity", usage: &[Text("CIXE", "2.5")], ends: &[("CIXE", "held.unreadable")], ..PLAIN },
    Spec { name: "huge quantity", usage: &[Text("CIXE", "1e400")], ends: &[("CIXE", "held.unreadable")], ..PLAIN },
    Spec {
        name: "line without a product code",
        usage: &[NoCode(3), Units("CEP", 5)],
        ends: &[("", "skipped.noProductCode"), ("CEP", "created")],
        ..PLAIN
    },
    Spec {
        name: "changed by hand in ConnectWise",
        usage: &[Units("SRVCIXA", 12)],
        additions: &[line("SRVCIXA", 11)],
        history: &[("SRVCIXA", 10)],
        ends: &[("SRVCIXA", "held.handEdit")],
        ..PLAIN
    },
    Spec {
        name: "remapped while the old addition is still billed",
        usage: &[Units("CIXE", 9)],
        additions: &[line("CEP", 8)],
        history: &[("CEP", 0), ("CIXE", 8)],
        ends: &[("CIXE", "held.stillBilled"), ("CEP", "held.partsChanged")],
        ..PLAIN
    },
    Spec {
        name: "usage fell",
        usage: &[Units("SRVCIXA", 3)],
        additions: &[line("SRVCIXA", 10)],
        history: &[("SRVCIXA", 10)],
        ends: &[("SRVCIXA", "held.decrease")],
        ..PLAIN
    },
    Spec {
        name: "usage rose after the month was invoiced ahead",
        usage: &[Units("SRVCIXA", 12)],
        additions: &[line("SRVCIXA", 10)],
        history: &[("SRVCIXA", 10)],
        agreement: AgreementSpec::InvoicedAhead,
        ends: &[("SRVCIXA", "updated")],
        ..PLAIN
    },
    Spec {
        name: "usage rose by much",
        usage: &[Units("SRVCIXA", 40)],
        additions: &[line("SRVCIXA", 10)],
        history: &[("SRVCIXA", 10)],
        ends: &[("SRVCIXA", "held.increase")],
        ..PLAIN
    },
    Spec {
        name: "usage fell, and the last month is still not invoiced",
        usage: &[Units("SVRC", 11)],
        additions: &[line("SVRC", 12)],
        history: &[("SVRC", 12)],
        agreement: AgreementSpec::AwaitsInvoice,
        ends: &[("SVRC", "held.newMonth")],
        ..PLAIN
    },
    Spec {
        name: "our addition was ended before the month",
        usage: &[Units("CIXE", 6)],
        additions: &[AdditionSpec { code: "CIXE", quantity: 6, cancelled: -3, effective: 0 }],
        history: &[("CIXE", 6)],
        ends: &[("CIXE", "held.additionGone")],
        ..PLAIN
    },
    Spec {
        name: "addition that begins after the month",
        usage: &[Units("CIXE", 7)],
        additions: &[AdditionSpec { code: "CIXE", quantity: 7, cancelled: 0, effective: 45 }],
        ends: &[("CIXE", "held.notYetInForce")],
        ..PLAIN
    },
    Spec {
        name: "a later month was written already",
        usage: &[Units("CEP", 8)],
        additions: &[line("CEP", 9)],
        history: &[("CEP", 9)],
        history_month: HistoryMonth::After,
        ends: &[("CEP", "held.olderMonth")],
        ..PLAIN
    },
    Spec {
        name: "ConnectWise carried one creation out twice",
        usage: &[Units("CIXA", 5)],
        additions: &[line("CIXA", 5), line("CIXA", 5)],
        history: &[("CIXA", 5)],
        doubled: true,
        ends: &[("CIXA", "held.surplus")],
        ..PLAIN
    },
    Spec {
        name: "still billed on the agreement of before",
        usage: &[Units("CIXA", 13)],
        additions: &[line("CIXA", 13)],
        history: &[("CIXA", 13)],
        agreement: AgreementSpec::Changed,
        ends: &[("CIXA", "held.formerAgreement")],
        ..PLAIN
    },
    Spec {
        name: "deleted agreement",
        usage: &[Units("CIXA", 3)],
        agreement: AgreementSpec::Deleted,
        ends: &[("CIXA", "failed.agreementGone")],
        ..PLAIN
    },
    Spec {
        name: "agreement of another company",
        usage: &[Units("CIXA", 3)],
        agreement: AgreementSpec::OfOtherCompany,
        ends: &[("CIXA", "failed.agreementWrongCompany")],
        ..PLAIN
    },
    Spec {
        name: "agreement that has not begun",
        usage: &[Units("CIXA", 3)],
        agreement: AgreementSpec::NotStarted,
        ends: &[("CIXA", "failed.agreementNotStarted")],
        ..PLAIN
    },
    Spec {
        name: "customer that Sophos no longer lists",
        usage: &[Units("CEP", 4)],
        listed: false,
        ends: &[("CEP", "failed.customerNotListed")],
        ..PLAIN
    },
    Spec {
        name: "one usage line sent twice",
        usage: &[Units("CIXE", 5), Again],
        ends: &[("CIXE", "held.duplicateUsage")],
        ..PLAIN
    },
    Spec {
        name: "usage of the month after",
        usage: &[Days("CIXE", 6, 33, 59)],
        ends: &[("CIXE", "held.otherPeriod")],
        ..PLAIN
    },
    Spec {
        name: "an order renewed in the middle of the month",
        usage: &[Days("CIXE", 5, 1, 14), Days("CIXE", 5, 15, 28)],
        ends: &[("CIXE", "held.consecutivePeriods")],
        ..PLAIN
    },
    Spec {
        name: "converted to a term, with usage of the month",
        usage: &[Units("CEP", 7)],
        additions: &[line("CEP", 6)],
        history: &[("CEP", 6)],
        billing: BillingType::Term,
        ends: &[("CEP", "held.leftMonthlyBilling")],
        ..PLAIN
    },
    Spec {
        name: "unlinked, and nothing of it is billed any more",
        additions: &[line("CEP", 0)],
        history: &[("CEP", 0)],
        listed: false,
        ends: &[("CEP", "skipped.customerLeft")],
        ..PLAIN
    },
    Spec {
        name: "agreement that bills by the quarter",
        usage: &[Units("CIXE", 8)],
        additions: &[line("CIXE", 8)],
        agreement: AgreementSpec::Quarterly,
        ends: &[("CIXE", "adopted")],
        ..PLAIN
    },
    Spec {
        name: "agreement that bills by the year",
        usage: &[Units("SRVCIXA", 3)],
        agreement: AgreementSpec::Yearly,
        ends: &[("SRVCIXA", "created")],
        ..PLAIN
    },
    Spec {
        name: "lines of the vendor's own integration beside one to adopt",
        usage: &[Units("CIXE", 4), Units("CIXA", 4)],
        additions: &[line("CIXE", 4)],
        of_vendor: &[("Sophos_Intercept_X_Advanced", 4), ("Sophos_Intercept_X_Adv_Srv", 2)],
        ends: &[("CIXE", "adopted"), ("CIXA", "held.billedElsewhere")],
        ..PLAIN
    },
    Spec {
        name: "line that ended inside the month",
        usage: &[Units("CIXE", 12)],
        additions: &[AdditionSpec { code: "CIXE", quantity: 10, cancelled: 16, effective: 0 }],
        ends: &[("CIXE", "held.endedInMonth")],
        ..PLAIN
    },
];
