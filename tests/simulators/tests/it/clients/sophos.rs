//! Sophos' client against Sophos' simulator: pages to the end, a token that ends, and fetches that are cut.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use shared::client::credentials::SophosCredentials;
use shared::client::sophos::{SophosCentral, SophosOptions};
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::domain::usage::{LineQuantity, Unreadable, UsageLine};
use shared::error::SourceError;
use shared::ports::UsageSource;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::simulator::serve::Running;
use simulators::sophos::{AccountType, BillingType, Config, Cut, Sophos, Tenant, UsageRow, start};
use uuid::Uuid;

pub(super) const PARTNER: Uuid = Uuid::from_u128(0x5eed_0001);
const NOVEMBER: Date = date(2026, 11, 1);
const USAGE: &str = "/partner/v1/billing/usage/*";

pub(super) struct Served {
    pub(super) sophos: Sophos,
    running: Running,
}

impl Served {
    /// A partner with as many lines in November, each of a customer of its own.
    pub(super) async fn with_lines(lines: usize) -> Self {
        let customer = |number: usize| Uuid::from_u128(0xacc0 + number as u128);
        Self::with_rows(&(0..lines).map(|n| UsageRow::new(customer(n), "CIXA-MSP", 5)).collect::<Vec<_>>()).await
    }

    async fn with_rows(rows: &[UsageRow]) -> Self {
        let sophos = Sophos::new(Config::default());
        sophos.clock().set(Timestamp::from_second(1_796_000_000).unwrap());
        sophos.add_partner(PARTNER, "partner", "secret");
        sophos.set_usage(PARTNER, NOVEMBER, rows);
        let running = start(&sophos, 0).await.unwrap();
        Self { sophos, running }
    }

    pub(super) fn options(&self) -> SophosOptions {
        let url: url::Url = self.running.url().parse().unwrap();
        SophosOptions { sign_in_url: url.clone(), api_url: url, ..super::options().sophos }
    }

    async fn connect(&self, client_id: &str, secret: &str) -> Result<SophosCentral, SourceError> {
        let credentials = SophosCredentials { client_id: client_id.into(), client_secret: secret.into() };
        SophosCentral::connect(PartnerId::from_uuid(PARTNER), &credentials, &self.options()).await
    }

    async fn client(&self) -> SophosCentral {
        self.connect("partner", "secret").await.unwrap()
    }

    fn faults(&self, faults: impl IntoIterator<Item = FaultKind>) {
        let faults = faults.into_iter().map(|kind| Fault::new(kind).on("GET", USAGE).at_most(1));
        self.sophos.gate().set_faults(FaultPlan::of(1, faults)).unwrap();
    }
}

pub(super) fn november() -> UsageMonth {
    UsageMonth::containing(NOVEMBER)
}

/// All lines of November, and the total of the last page.
async fn fetch(client: &SophosCentral) -> Result<(Vec<UsageLine>, Option<u64>), SourceError> {
    let (mut lines, mut key) = (Vec::new(), None);
    loop {
        let page = client.list_usage(november(), key.as_deref()).await?.expect("November has data");
        lines.extend(page.lines);
        match page.next {
            Some(next) => key = Some(next),
            None => return Ok((lines, page.total)),
        }
    }
}

#[tokio::test]
async fn usage_is_read_to_the_last_of_2500_lines_in_three_calls() {
    let served = Served::with_lines(2500).await;
    let client = served.client().await;
    let (lines, total) = fetch(&client).await.unwrap();
    let customers: BTreeSet<_> = lines.iter().filter_map(|line| line.pair.customer).collect();
    assert_eq!((lines.len(), customers.len(), total), (2500, 2500, Some(2500)));
    assert_eq!(client.calls(), 2 + 3);
    assert_eq!(served.sophos.gate().counters().tally().total, 2 + 3);
}

#[tokio::test]
async fn every_line_is_kept_however_odd() {
    let odd = [
        UsageRow::unassigned("XGS-87", 1),
        UsageRow::unassigned("CIXA-MSP", 1).with("billableQuantity", "NaN"),
        UsageRow::unassigned("CIXA-MSP", 1).with("billableQuantity", "1e400"),
        UsageRow::unassigned("CIXA-MSP", 1).with("accountId", "\"ACME\""),
        UsageRow::unassigned("CIXA-MSP", 1).without("productCode"),
        UsageRow::from_text("null"),
        UsageRow::from_text("[1,2]"),
    ];
    let served = Served::with_rows(&odd).await;
    let (lines, _) = fetch(&served.client().await).await.unwrap();
    assert_eq!(lines.len(), odd.len());
    assert_eq!(lines[1].quantity, LineQuantity::Unreadable(Unreadable::NotANumber("NaN".into())));
    assert_eq!(lines[2].quantity, LineQuantity::Unreadable(Unreadable::TooLarge("1e400".into())));
    assert_eq!(lines[3].oddities, [r#"accountId "ACME""#]);
    assert_eq!(lines[6].oddities, ["line [1,2]"]);
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_on_the_way() {
    let served = Served::with_lines(1500).await;
    let client = served.client().await;
    let first = client.list_usage(november(), None).await.unwrap().unwrap();
    // The simulator's clock passes the token's end; the machine's does not, as in a sandbox that was frozen.
    served.sophos.clock().advance(SignedDuration::from_hours(2));
    let second = client.list_usage(november(), first.next.as_deref()).await.unwrap().unwrap();
    assert_eq!(first.lines.len() + second.lines.len(), 1500);
    assert_eq!(served.sophos.gate().counters().tally().calls("POST", "/api/v2/oauth2/token"), 2);
}

#[tokio::test]
async fn a_month_without_data_is_none_and_one_without_lines_is_empty() {
    let served = Served::with_lines(0).await;
    let client = served.client().await;
    assert_eq!(client.list_usage(november().next(), None).await, Ok(None));
    assert_eq!(fetch(&client).await, Ok((Vec::new(), Some(0))));
}

#[tokio::test]
async fn a_fetch_that_is_cut_in_half_is_never_taken_for_whole() {
    for cut in [Cut::KeyUnknown, Cut::KeyExpired] {
        let served = Served::with_lines(2500).await;
        served.sophos.cut_usage(PARTNER, 2, cut, u32::MAX);
        let error = fetch(&served.client().await).await.unwrap_err();
        assert!(matches!(error, SourceError::Malformed { .. }), "{error}");
    }
    // What no single page shows, the total does.
    for cut in [Cut::EndsEarly, Cut::LinesMissing(7)] {
        let served = Served::with_lines(2500).await;
        served.sophos.cut_usage(PARTNER, 2, cut, u32::MAX);
        let (lines, total) = fetch(&served.client().await).await.unwrap();
        assert!((lines.len() as u64) < total.unwrap(), "{cut:?}");
    }
    let served = Served::with_lines(10).await;
    served.sophos.cut_usage(PARTNER, 1, Cut::LinesMissing(1), u32::MAX);
    assert!(matches!(fetch(&served.client().await).await, Err(SourceError::Malformed { .. })));
}

#[tokio::test]
async fn faults_that_pass_cost_calls_and_no_line() {
    let served = Served::with_lines(1000).await;
    let client = served.client().await;
    for kind in [
        FaultKind::ErrorBefore { status: 500 },
        FaultKind::ResetBefore,
        FaultKind::Html { status: 200 },
        FaultKind::TruncatedJson,
        FaultKind::MalformedJson,
        FaultKind::TooManyCalls { retry_after_s: 0 },
    ] {
        served.faults([kind.clone()]);
        let (lines, _) = fetch(&client).await.unwrap();
        assert_eq!(lines.len(), 1000, "{kind:?}");
    }
    assert_eq!(client.calls(), 2 + 6 * 2);
}

#[tokio::test]
async fn a_retry_after_is_waited_for() {
    let served = Served::with_lines(1).await;
    let client = served.client().await;
    served.faults([FaultKind::TooManyCalls { retry_after_s: 1 }]);
    assert_eq!(fetch(&client).await.unwrap().0.len(), 1);
    let tally = served.sophos.gate().counters().tally();
    assert_eq!((tally.answered(429), tally.early), (1, 0));
}

#[tokio::test]
async fn customers_are_read_to_the_last_page_with_their_billing() {
    let served = Served::with_lines(1).await;
    for number in 0..250u128 {
        let billing = if number == 249 { BillingType::Trial } else { BillingType::Usage };
        let tenant = Tenant::new(Uuid::from_u128(0xacc0 + number), format!("Customer {number}"));
        served.sophos.add_tenant(PARTNER, tenant.billed_by(billing));
    }
    let client = served.client().await;
    let mut customers = Vec::new();
    for number in 1..=3 {
        let page = client.list_customers(number).await.unwrap();
        assert_eq!((page.pages, page.total), (Some(3), Some(250)));
        customers.extend(page.customers);
    }
    assert_eq!(customers.len(), 250);
    assert_eq!((customers[0].billing.as_str(), customers[249].billing.as_str()), ("usage", "trial"));
}

#[tokio::test]
async fn only_this_partners_credentials_are_taken() {
    let served = Served::with_lines(1).await;
    served.sophos.add_partner(Uuid::from_u128(0x5eed_0002), "other", "secret");
    served.sophos.add_account(AccountType::Tenant, Uuid::from_u128(7), "tenant", "secret");
    assert_eq!(served.connect("partner", "wrong").await.unwrap_err(), SourceError::Unauthorized);
    assert_eq!(served.connect("nobody", "secret").await.unwrap_err(), SourceError::Unauthorized);
    for client_id in ["other", "tenant"] {
        let error = served.connect(client_id, "secret").await.unwrap_err();
        assert!(matches!(error, SourceError::NotAPartner { .. }), "{error}");
    }
}
