//! S5: the standing data has what real partners have: kinds of customers, of usage lines and of periods.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;
use reqwest::StatusCode;
use serde_json::{Value, json};
use simulators::sophos::{CLIENT_ID, CLIENT_SECRET, MIXED_CLIENT_ID, Sophos};

use crate::sophos::served::{Served, json};

/// The codes of the table *Known Sophos products*: public clients of real partners name them.
#[rustfmt::skip]
const KNOWN_CODES: [&str; 25] = [
    "CIXA-MSP", "SVRCLOUDADV-MSP", "CIXAXDR", "XDR-MSP", "SVRCIXAXDR", "CIXAMTR-STD-MSP", "CIXAMTR-ADV-MSP",
    "SVRCIXAMTR-STD-MSP", "SVRCIXAMTR-ADV-MSP", "CDE-MSP", "CPHISH-MSP", "CMS-MSP", "CMA-MSP", "CEMA-MSP",
    "CEMA-PE-ADDON-MSP", "CW7-SUP-MSP", "NDR-MSP", "xg_email_std",
    "CEP", "CIXE", "CIXA", "SVRC", "SRVCIXE", "SRVCIXA", "SRVCIXAXDR",
];

/// Everything that the standing data serves one partner: its customers, and its usage of this month.
struct Standing {
    tenants: Vec<Value>,
    usage: Vec<Value>,
    firewalls: Vec<Value>,
    month: Date,
}

impl Standing {
    async fn of(client_id: &str) -> Self {
        let sophos = Sophos::standing_data();
        let month = sophos.clock().now().to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
        let served = Served::of(sophos).await;
        let token = served.token_of(client_id, CLIENT_SECRET).await;
        let identity = json(served.get_as(&token, None, "/whoami/v1", StatusCode::OK).await).await;
        let partner = Some(identity["id"].as_str().unwrap().parse().unwrap());
        let get = async |path: String| json(served.get_as(&token, partner, &path, StatusCode::OK).await).await;
        let items = |page: &Value| page["items"].as_array().unwrap().clone();
        let tenants = items(&get("/partner/v1/tenants?pageSize=100".into()).await);
        let firewalls = items(&get("/licenses/v1/licenses/firewalls".into()).await);
        let path = format!("/partner/v1/billing/usage/{}/{}?pageSize=1000", month.year(), month.month());
        let mut page = get(path.clone()).await;
        let mut usage = items(&page);
        while let Some(key) = page["pages"]["nextKey"].as_str() {
            page = get(format!("{path}&pageFromKey={key}")).await;
            usage.extend(items(&page));
        }
        Self { tenants, usage, firewalls, month }
    }

    /// The customers whose member has this value.
    fn with(&self, member: &str, value: &str) -> Vec<&Value> {
        self.tenants.iter().filter(|tenant| tenant[member] == value).collect()
    }

    fn lines_of(&self, account: &Value) -> Vec<&Value> {
        self.usage.iter().filter(|line| line["accountId"] == *account).collect()
    }

    /// The lines of each pair of customer and product that has more than one.
    fn several(&self) -> Vec<Vec<&Value>> {
        let of_customers = self.usage.iter().filter(|line| line["accountId"].is_string());
        let pair = |line: &Value| (line["accountId"].to_string(), line["productCode"].to_string());
        let pairs: BTreeSet<_> = of_customers.map(pair).collect();
        let lines =
            pairs.iter().map(|wanted| self.usage.iter().filter(|line| pair(line) == *wanted).collect::<Vec<_>>());
        lines.filter(|lines| lines.len() > 1).collect()
    }

    fn day(&self, day: i64) -> String {
        (self.month + (day - 1).days()).to_string()
    }
}

/// S5. Trial, term and suspended customers are normal (facts).
#[tokio::test]
async fn customers_are_billed_by_usage_term_and_trial_and_some_are_suspended() {
    let standing = Standing::of(CLIENT_ID).await;
    assert_eq!(standing.with("name", "Amberquill Bakery").len(), 1, "the name that infra/DEPLOY.md uses");
    let count = |billing: &str| standing.with("billingType", billing).len();
    assert_eq!((count("usage"), count("term"), count("trial")), (49, 2, 1));
    let suspended = standing.with("status", "suspended");
    assert_eq!(suspended.len(), 1);
    let lines = standing.lines_of(&suspended[0]["id"]);
    assert_eq!((lines.len(), &lines[0]["accountStatus"]), (1, &json!("suspended")));
}

/// S5, S1. What `sfos-central-sdk` 0.9.11 demands of a tenant, and nothing that it does not know.
#[tokio::test]
async fn each_customer_of_the_first_partner_suits_a_client_that_is_strict_about_members() {
    let standing = Standing::of(CLIENT_ID).await;
    #[rustfmt::skip]
    let known: BTreeSet<&str> = [
        "id", "showAs", "name", "dataGeography", "dataRegion", "billingType", "partner", "organization", "apiHost",
        "status", "contact", "products",
    ].into();
    for tenant in &standing.tenants {
        let members: BTreeSet<&str> = tenant.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, known);
    }
}

/// S5, S1. Both kinds of answers, and `managed`.
#[tokio::test]
async fn the_mixed_partner_has_customers_of_both_kinds_and_managed_ones() {
    let standing = Standing::of(MIXED_CLIENT_ID).await;
    let managed: Vec<&Value> = standing.tenants.iter().map(|tenant| &tenant["managed"]).collect();
    assert_eq!(managed, [&Value::Null, &Value::Null, &json!(true), &json!(false), &Value::Null]);
    let newer: Vec<bool> = standing.tenants.iter().map(|tenant| tenant.get("organization").is_some()).collect();
    assert_eq!(newer, [false, true, true, true, false]);
}

/// S5. The codes, each used by somebody; a customer's `products` name them too.
#[tokio::test]
async fn every_known_product_code_is_used() {
    let standing = Standing::of(CLIENT_ID).await;
    let used: BTreeSet<&str> = standing.usage.iter().filter_map(|line| line["productCode"].as_str()).collect();
    let missing: Vec<_> = KNOWN_CODES.into_iter().filter(|code| !used.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let of_tenants = standing.tenants.iter().flat_map(|tenant| tenant["products"].as_array().unwrap());
    let named: BTreeSet<&str> = of_tenants.filter_map(|product| product["code"].as_str()).collect();
    assert!(KNOWN_CODES.into_iter().all(|code| named.contains(code)), "{named:?}");
}

/// S5. Lines without `accountId` are normal (facts); a licence tells whose some of them are (S7).
#[tokio::test]
async fn lines_without_a_customer_have_serial_numbers_that_licences_know() {
    let standing = Standing::of(CLIENT_ID).await;
    let unassigned: Vec<&Value> = standing.usage.iter().filter(|line| line.get("accountId").is_none()).collect();
    assert_eq!(unassigned.len(), 5);
    let owner = |line: &&Value| {
        let same = |firewall: &&Value| firewall["serialNumber"] == line["accountNumberOrSerialNumber"];
        standing.firewalls.iter().find(same).map(|firewall| firewall["owner"].clone())
    };
    let owners: Vec<Option<Value>> = unassigned.iter().map(owner).collect();
    let types: Vec<_> = owners.iter().map(|owner| owner.as_ref().and_then(|owner| owner["type"].as_str())).collect();
    assert_eq!(types, [Some("tenant"), Some("tenant"), Some("partner"), None, None]);
    let customer = &owners[0].as_ref().unwrap()["id"];
    assert!(standing.tenants.iter().any(|tenant| tenant["id"] == *customer));
    assert!(standing.lines_of(customer).iter().all(|line| line["productCode"] != "XGS-FW"));
}

/// S5. Quantity 0, and the vendor's own impossible date.
#[tokio::test]
async fn a_line_has_quantity_0_and_another_ends_on_a_day_that_no_calendar_has() {
    let standing = Standing::of(CLIENT_ID).await;
    assert_eq!(standing.usage.iter().filter(|line| line["billableQuantity"] == 0).count(), 1);
    assert_eq!(standing.usage.iter().filter(|line| line["billingEndDate"] == "2021-04-31").count(), 1);
}

/// S5. Which periods real lines carry is not known: the month, another one, and parts of it.
#[tokio::test]
async fn periods_are_of_the_month_of_another_one_and_consecutive() {
    let standing = Standing::of(CLIENT_ID).await;
    let (first, last) = (standing.month.to_string(), standing.month.last_of_month().to_string());
    let of_month = |line: &&Value| line["billingStartDate"] == first && line["billingEndDate"] == last;
    assert!(standing.usage.iter().filter(of_month).count() > 1000);
    let before = (standing.month - 1.month()).to_string();
    assert_eq!(standing.usage.iter().filter(|line| line["billingStartDate"] == before).count(), 1);

    let (until, from) = (standing.day(14), standing.day(15));
    let split: Vec<_> = standing.several().into_iter().filter(|lines| lines[0]["billingEndDate"] == until).collect();
    assert_eq!(split.len(), 2, "consecutive periods, and a renewed order");
    assert!(split.iter().all(|lines| lines.len() == 2 && lines[1]["billingStartDate"] == from));
    let same_order = |lines: &&Vec<&Value>| lines[0]["orderNumber"] == lines[1]["orderNumber"];
    assert_eq!(split.iter().filter(same_order).count(), 1);
}

/// S5. A line that is sent twice, which no two ordinary lines of a pair are.
#[tokio::test]
async fn one_line_is_sent_twice() {
    let standing = Standing::of(CLIENT_ID).await;
    let twice: Vec<_> = standing.several().into_iter().filter(|lines| lines[0] == lines[1]).collect();
    assert_eq!((twice.len(), &twice[0][0]["billableQuantity"]), (1, &json!(6)));
}

/// S5. Accounts change kind, and monthly accounts can be unlinked (facts).
#[tokio::test]
async fn a_customer_was_converted_in_mid_month_and_one_was_unlinked() {
    let standing = Standing::of(CLIENT_ID).await;
    let until = standing.day(14);
    let ended = |line: &&Value| line["billingEndDate"] == until;
    let converted: Vec<&Value> = standing.with("billingType", "term").into_iter().collect();
    let lines: Vec<&Value> = converted.iter().flat_map(|tenant| standing.lines_of(&tenant["id"])).collect();
    assert_eq!(lines.len(), 1, "of two customers billed by term one was billed by usage until the 14th");
    assert!(ended(&lines[0]) && lines[0]["billableQuantity"] == 12);

    let listed = |line: &&Value| standing.tenants.iter().any(|tenant| tenant["id"] == line["accountId"]);
    let of_nobody: Vec<&Value> =
        standing.usage.iter().filter(|line| line["accountId"].is_string() && !listed(line)).collect();
    assert_eq!(of_nobody.len(), 1);
    assert!(ended(&of_nobody[0]));
}
