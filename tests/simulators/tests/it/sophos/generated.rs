//! Generated populations: repeatable, coherent from month to month, and large without being slow.

use shared::clock::SystemClock;
use shared::ports::Clock as _;
use std::collections::{BTreeMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use reqwest::StatusCode;
use simulators::sophos::generate::Population;
use simulators::sophos::{CLIENT_ID, CLIENT_SECRET, Sophos, UsageRow};
use uuid::Uuid;

use crate::sophos::served::{Served, json};

const OCTOBER: Date = date(2026, 10, 1);
const NOVEMBER: Date = date(2026, 11, 1);

type Pair = (Uuid, String);

fn quantity_by_pair(rows: &[UsageRow]) -> BTreeMap<Pair, i64> {
    let mut quantities = BTreeMap::new();
    for row in rows {
        *quantities.entry((row.account_id.unwrap(), row.product_code.clone())).or_default() += row.billable_quantity;
    }
    quantities
}

fn lines(population: &Population, month: Date) -> String {
    format!("{:?}", population.usage(month))
}

#[test]
fn the_same_seed_gives_the_same_usage_and_another_seed_another() {
    let population = Population::new(7, 20, 12);
    assert_eq!(lines(&population, NOVEMBER), lines(&Population::new(7, 20, 12), NOVEMBER));
    assert_ne!(lines(&population, NOVEMBER), lines(&Population::new(8, 20, 12), NOVEMBER));
}

#[test]
fn from_one_month_to_the_next_most_quantities_stay_some_rise_and_a_few_fall() {
    let population = Population::new(7, 200, 20);
    let before = quantity_by_pair(&population.usage(OCTOBER));
    let after = quantity_by_pair(&population.usage(NOVEMBER));
    assert!(before.keys().eq(after.keys()) && before.len() == 4000);
    let steps: Vec<i64> = before.values().zip(after.values()).map(|(before, after)| after - before).collect();
    let (rises, falls) =
        (steps.iter().filter(|step| **step > 0).count(), steps.iter().filter(|step| **step < 0).count());
    assert!((480..=720).contains(&rises), "{rises} of 4000 rise");
    assert!((80..=240).contains(&falls), "{falls} of 4000 fall");
    assert!(steps.iter().all(|step| (-3..=5).contains(step)));
}

#[test]
fn a_larger_population_begins_with_the_smaller_one() {
    let small = quantity_by_pair(&Population::new(7, 10, 5).usage(NOVEMBER));
    let large = quantity_by_pair(&Population::new(7, 30, 40).usage(NOVEMBER));
    assert!(small.iter().all(|(pair, quantity)| large.get(pair) == Some(quantity)));
}

#[test]
fn customers_and_products_are_all_different_and_some_pairs_have_several_lines() {
    let population = Population::new(7, 2000, 70);
    let names: HashSet<_> = population.tenants().iter().map(|tenant| &tenant.name).collect();
    let ids: HashSet<_> = population.tenants().iter().map(|tenant| tenant.id).collect();
    let codes: HashSet<_> = population.products().iter().map(|product| &product.code).collect();
    assert_eq!((names.len(), ids.len(), codes.len()), (2000, 2000, 70));
    assert!(ids.iter().all(|id| id.get_version_num() == 4));

    let rows = Population::new(7, 100, 20).usage(NOVEMBER);
    assert!((2100..2400).contains(&rows.len()), "{} lines of 2000 pairs", rows.len());
}

#[test]
fn an_order_line_says_what_its_customers_have_of_it_together() {
    let rows = Population::new(7, 30, 4).usage(NOVEMBER);
    let of_first: Vec<_> =
        rows.iter().filter(|row| row.order_line_item_number == rows[0].order_line_item_number).collect();
    let together = of_first.iter().map(|row| row.billable_quantity).sum();
    assert!(of_first.len() > 20 && of_first.iter().all(|row| row.ordered_quantity == Some(together)));
}

#[tokio::test]
async fn the_simulator_started_alone_serves_one_partner_with_customers_and_usage() {
    let last_month = SystemClock.now().to_zoned(TimeZone::UTC).date().saturating_sub(1.month());
    let sophos = Sophos::standing_data();
    let served = Served::of(sophos).await;
    let token = served.token_of(CLIENT_ID, CLIENT_SECRET).await;
    let identity = json(served.get_as(&token, None, "/whoami/v1", StatusCode::OK).await).await;
    let partner_id = Some(identity["id"].as_str().unwrap().parse().unwrap());

    let tenants = served.get_as(&token, partner_id, "/partner/v1/tenants?pageTotal=true", StatusCode::OK).await;
    assert_eq!(json(tenants).await["pages"]["items"], 52);
    let path = format!("/partner/v1/billing/usage/{}/{}?pageTotal=true", last_month.year(), last_month.month());
    let usage = json(served.get_as(&token, partner_id, &path, StatusCode::OK).await).await;
    assert!(usage["pages"]["items"].as_u64().unwrap() >= 40 * 24);
    assert_eq!(usage["items"][0]["partnerAccountId"], identity["id"]);
}
