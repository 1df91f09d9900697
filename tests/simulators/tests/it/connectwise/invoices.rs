//! ConnectWise's invoices: made from additions, frozen, deleted to be made again. Evidence: the client guides summed up in
//! the facts' *Billing semantics* (issue 18, part 3).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::connectwise::invoices::judge::{billed_twice, unbilled};
use simulators::connectwise::invoices::{BillCustomer, Invoice, LineKind, Period};
use simulators::connectwise::{BillingReadings, Collection, ConnectWise, Settings};

use crate::connectwise::world::World;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn days(first: &str, last: &str) -> Period {
    Period { first: day(first), last: day(last) }
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A PSA whose agreement 1 bills monthly from 1 November 2025 on; products 1 (4.5) and 4 (9.25) can be additions.
async fn world(agreement: Value) -> World {
    world_with(BillingReadings::default(), agreement).await
}

async fn world_with(billing: BillingReadings, agreement: Value) -> World {
    let world = World::with(Settings { billing, ..Settings::default() }).await;
    world.psa.edit(Collection::Agreements, 0, 1, &json!({"nextInvoiceDate": "2025-11-01"})).unwrap();
    world.psa.edit(Collection::Agreements, 0, 1, &agreement).unwrap();
    world
}

fn lines(invoices: &[Invoice]) -> Vec<(u32, String, Decimal)> {
    let shown = |period: Period| format!("{}/{}", period.first, period.last);
    let of = |invoice: &Invoice| {
        invoice.lines.iter().map(|line| (line.addition, shown(line.days), line.amount)).collect::<Vec<_>>()
    };
    invoices.iter().flat_map(of).collect()
}

fn line(addition: u32, period: &str, money: &str) -> (u32, String, Decimal) {
    (addition, period.to_owned(), amount(money))
}

fn next(psa: &ConnectWise, agreement: u32) -> String {
    let agreement = psa.record(Collection::Agreements, 0, agreement).unwrap();
    agreement["nextInvoiceDate"].as_str().unwrap()[..10].to_owned()
}

#[tokio::test]
async fn an_invoice_bills_what_exceeds_less_included_and_moves_the_next_invoice_date() {
    let world = world(json!({})).await;
    world.psa.add_addition(1, 1, 9, json!({"lessIncluded": 2, "effectiveDate": "2025-01-01"})).unwrap();
    world.psa.add_addition(1, 4, 3, json!({"lessIncluded": 5, "effectiveDate": "2025-01-01"})).unwrap();
    assert_eq!(world.psa.make_invoices(day("2025-10-31")), []);
    let made = world.psa.make_invoices(day("2025-11-01"));
    assert_eq!((made.len(), made[0].period, made[0].date), (1, days("2025-11-01", "2025-11-30"), day("2025-11-01")));
    let november = "2025-11-01/2025-11-30";
    assert_eq!(lines(&made), [line(1, november, "31.5"), line(2, november, "0")]);
    assert_eq!((made[0].lines[0].units, made[0].lines[0].price), (amount("7"), amount("4.5")));
    assert_eq!((made[0].total(), next(&world.psa, 1).as_str()), (amount("31.5"), "2025-12-01"));
    assert_eq!(world.psa.make_invoices(day("2025-11-30")), []);
}

#[tokio::test]
async fn a_line_that_begins_or_ends_inside_the_period_bills_for_its_days_where_proration_is_on() {
    let world = world(json!({"prorateFlag": true})).await;
    world.psa.add_addition(1, 1, 10, json!({"effectiveDate": "2025-01-01", "cancelledDate": "2025-11-16"})).unwrap();
    world.psa.add_addition(1, 1, 12, json!({"effectiveDate": "2025-11-17"})).unwrap();
    world.psa.add_addition(1, 4, 1, json!({"effectiveDate": "2025-11-10", "cancelledDate": "2025-11-10"})).unwrap();
    let made = world.psa.make_invoices(day("2025-11-01"));
    let expected = [
        line(1, "2025-11-01/2025-11-16", "24"),
        line(2, "2025-11-17/2025-11-30", "25.2"),
        line(3, "2025-11-10/2025-11-10", "0.31"),
    ];
    assert_eq!(lines(&made), expected);
    assert_eq!(billed_twice(&made), []);
}

#[tokio::test]
async fn a_line_bills_its_whole_period_where_proration_is_off_and_two_bill_a_day_twice() {
    let world = world(json!({})).await;
    world.psa.add_addition(1, 1, 10, json!({"effectiveDate": "2025-01-01", "cancelledDate": "2025-11-16"})).unwrap();
    world.psa.add_addition(1, 1, 12, json!({"effectiveDate": "2025-11-17"})).unwrap();
    let made = world.psa.make_invoices(day("2025-12-01"));
    let (november, december) = ("2025-11-01/2025-11-30", "2025-12-01/2025-12-31");
    assert_eq!(lines(&made), [line(1, november, "45"), line(2, november, "54"), line(2, december, "54")]);
    let twice = billed_twice(&made);
    assert_eq!(twice.len(), 1);
    assert_eq!((twice[0].company, twice[0].product, twice[0].days), (1, 1, days("2025-11-01", "2025-11-30")));
    assert_eq!(twice[0].additions, [(1, 1), (1, 2)].into());
}

#[tokio::test]
async fn a_line_that_begins_and_ends_inside_the_period_is_a_one_time_charge_and_bills_once_whole() {
    let world = world(json!({})).await;
    world.psa.add_addition(1, 4, 2, json!({"effectiveDate": "2025-11-10", "cancelledDate": "2025-11-10"})).unwrap();
    let made = world.psa.make_invoices(day("2026-01-01"));
    assert_eq!(lines(&made), [line(1, "2025-11-01/2025-11-30", "18.5")]);
}

#[tokio::test]
async fn do_not_bill_is_not_on_the_invoice_and_no_charge_is_at_no_amount() {
    let world = world(json!({})).await;
    for how in ["DoNotBill", "NoCharge"] {
        world.psa.add_addition(1, 1, 9, json!({"billCustomer": how, "effectiveDate": "2025-01-01"})).unwrap();
    }
    let made = world.psa.make_invoices(day("2025-11-01"));
    assert_eq!(lines(&made), [line(2, "2025-11-01/2025-11-30", "0")]);
    assert_eq!((made[0].lines[0].bill_customer, made[0].lines[0].units), (BillCustomer::NoCharge, amount("9")));
    let within = days("2025-11-01", "2025-11-30");
    assert_eq!(unbilled(&made, 1, 1, within), [within], "a line at no charge bills nothing");
}

#[tokio::test]
async fn in_arrears_a_period_is_invoiced_when_it_is_over() {
    let world = world(json!({"periodType": "Current"})).await;
    world.psa.add_addition(1, 1, 2, json!({"effectiveDate": "2025-01-01"})).unwrap();
    assert_eq!(world.psa.make_invoices(day("2025-11-30")), []);
    let made = world.psa.make_invoices(day("2025-12-01"));
    assert_eq!(lines(&made), [line(1, "2025-11-01/2025-11-30", "9")]);
    assert_eq!((made[0].date, next(&world.psa, 1).as_str()), (day("2025-12-01"), "2025-12-01"));
}

#[tokio::test]
async fn periods_follow_the_cycle_from_any_day_and_along_the_calendar() {
    for (cycle, from, more, periods) in [
        ("Quarterly", "2025-11-15", contract(), ["2025-11-15/2026-02-14", "2026-02-15/2026-05-14"]),
        ("Annual", "2025-12-01", contract(), ["2025-12-01/2026-11-30", "2026-12-01/2027-11-30"]),
        (
            "Monthly",
            "2026-01-31",
            json!({"startDate": "2025-01-31", "invoicingCycle": "ContractYear"}),
            ["2026-01-31/2026-02-27", "2026-02-28/2026-03-30"],
        ),
        (
            "Quarterly",
            "2025-11-15",
            json!({"invoicingCycle": "CalendarYear", "startDate": "2025-11-15"}),
            ["2025-10-01/2025-12-31", "2026-01-01/2026-03-31"],
        ),
    ] {
        let world = world(json!({"billingCycle": cycle_of(cycle), "nextInvoiceDate": from})).await;
        world.psa.edit(Collection::Agreements, 0, 1, &more).unwrap();
        let made: Vec<Invoice> = (0..2).flat_map(|_| world.psa.make_invoice(1).unwrap()).collect();
        let seen: Vec<String> = made.iter().map(|one| format!("{}/{}", one.period.first, one.period.last)).collect();
        assert_eq!(seen, periods, "{cycle} from {from} {more}");
    }
}

fn contract() -> Value {
    json!({"invoicingCycle": "ContractYear"})
}

fn cycle_of(name: &str) -> Value {
    let id = match name {
        "Quarterly" => 3,
        "Annual" => 7,
        _ => 2,
    };
    json!({ "id": id })
}

#[tokio::test]
async fn an_agreement_of_no_cycle_one_that_is_over_and_one_that_is_inactive_are_not_invoiced() {
    for change in [
        json!({"billingCycle": {"id": 8}}),
        json!({"noEndingDateFlag": false, "endDate": "2025-10-31"}),
        json!({"cancelledFlag": true, "dateCancelled": "2025-10-15"}),
        json!({"cancelledFlag": true}),
        json!({"agreementStatus": "Inactive"}),
        json!({"nextInvoiceDate": null}),
    ] {
        let world = world(change.clone()).await;
        assert_eq!(world.psa.make_invoices(day("2026-12-01")), [], "{change}");
        assert!(world.psa.make_invoice(1).unwrap_err().to_string().contains("Agreement 1 is not invoiced"), "{change}");
    }
}

#[tokio::test]
async fn a_child_is_invoiced_with_its_parent_by_its_date_and_may_be_paid_by_another_company() {
    let world = world(json!({"prorateFlag": true})).await;
    let group = world.psa.add_company("GRP", "Group").unwrap();
    let child = |more: Value| {
        let mut fields = json!({"parentAgreement": {"id": 1}, "nextInvoiceDate": "2025-07-07"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.psa.add_agreement(group, world.agreement_type, "Child", fields).unwrap()
    };
    let (plain, own) = (child(json!({})), child(json!({"billToCompany": {"id": group}})));
    for agreement in [1, plain, own] {
        world.psa.add_addition(agreement, 1, 1, json!({"effectiveDate": "2025-01-01"})).unwrap();
    }
    let made = world.psa.make_invoices(day("2025-11-01"));
    let seen: Vec<(u32, u32, u32)> = made.iter().map(|one| (one.agreement, one.company, one.bill_to)).collect();
    assert_eq!(seen, [(1, 1, 1), (plain, group, 1), (own, group, group)]);
    assert!(made.iter().all(|one| one.period == made[0].period && one.made_with == made[0].id));
    assert_eq!([1, plain, own].map(|id| next(&world.psa, id)), ["2025-12-01", "2025-12-01", "2025-12-01"]);
    assert_eq!(billed_twice(&made).len(), 1, "two agreements of one company bill one product");
    world.psa.delete_invoice(made[1].id).unwrap();
    assert_eq!((world.psa.invoices(), next(&world.psa, own).as_str()), (Vec::new(), "2025-11-01"));
}

#[tokio::test]
async fn an_invoice_is_frozen_and_one_that_is_deleted_is_made_again_from_what_is_there_then() {
    let world = world(json!({})).await;
    let addition = world.psa.add_addition(1, 1, 2, json!({"effectiveDate": "2025-01-01"})).unwrap();
    let made = world.psa.make_invoices(day("2025-12-01"));
    let kept = world.get("/finance/invoices/1").await.expect(200);
    world.psa.edit(Collection::Additions, 1, addition, &json!({"quantity": 50, "unitPrice": 1})).unwrap();
    world.psa.erase(Collection::Additions, 1, addition);
    assert_eq!((world.psa.invoices(), world.get("/finance/invoices/1").await.expect(200)), (made, kept));
    let refused = world.psa.delete_invoice(1).unwrap_err().to_string();
    assert!(refused.contains("invoice 2 of agreement 1 was made later"), "{refused}");
    world.psa.delete_invoice(2).unwrap();
    assert_eq!(next(&world.psa, 1), "2025-12-01");
    let again = world.psa.make_invoices(day("2025-12-01"));
    assert_eq!((again[0].id, again[0].lines.len()), (3, 0), "ids are not used twice");
    assert!(world.psa.delete_invoice(2).is_err());
}

#[tokio::test]
async fn dates_that_change_after_their_period_was_invoiced_are_corrected_on_the_next_invoice_where_proration_is_on() {
    let world = world(json!({"prorateFlag": true})).await;
    let old = world.psa.add_addition(1, 1, 30, json!({"effectiveDate": "2025-01-01"})).unwrap();
    world.psa.make_invoices(day("2025-11-01"));
    let ended = json!({"cancelledDate": "2025-11-20", "quantity": 60});
    world.psa.edit(Collection::Additions, 1, old, &ended).unwrap();
    world.psa.add_addition(1, 4, 30, json!({"effectiveDate": "2025-11-21"})).unwrap();
    let made = world.psa.make_invoices(day("2025-12-01"));
    let expected = [
        line(1, "2025-11-21/2025-11-30", "-45"),
        line(2, "2025-11-21/2025-11-30", "92.5"),
        line(2, "2025-12-01/2025-12-31", "277.5"),
    ];
    assert_eq!(lines(&made), expected, "the credit is of the 30 units that were billed");
    assert_eq!(made[0].lines[0].kind, LineKind::Credit);
    assert_eq!(lines(&world.psa.make_invoices(day("2026-01-01"))).len(), 1, "corrected once");
    let all = world.psa.invoices();
    assert_eq!(billed_twice(&all), []);
    assert_eq!(unbilled(&all, 1, 1, days("2025-11-01", "2025-12-31")), [days("2025-11-21", "2025-12-31")]);
    assert_eq!(unbilled(&all, 1, 4, days("2025-11-01", "2026-01-31")), [days("2025-11-01", "2025-11-20")]);
}

#[tokio::test]
async fn the_server_invoices_by_itself_what_is_to_be_invoiced_by_itself_once_the_clock_has_passed() {
    let world = world(json!({"autoInvoiceFlag": true, "nextInvoiceDate": "2025-12-01"})).await;
    let by_hand = json!({"nextInvoiceDate": "2025-12-01"});
    world.psa.add_agreement(1, world.agreement_type, "By hand", by_hand).unwrap();
    world.psa.set_now("2025-11-30T23:59:59Z".parse().unwrap());
    assert_eq!(world.psa.invoices(), []);
    world.psa.set_now("2026-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(world.psa.invoices().iter().map(|one| one.agreement).collect::<Vec<_>>(), [1, 1]);
    let listed = world.get("/finance/invoices?conditions=agreement/id=1&fields=id,date").await.expect(200);
    assert_eq!(listed[1], json!({"id": 2, "date": "2026-01-01T00:00:00Z"}));
}

#[tokio::test]
async fn the_api_lists_invoices_and_changes_none() {
    let world = world(json!({"currency": {"id": 2}})).await;
    world.psa.add_addition(1, 1, 9, json!({"effectiveDate": "2025-01-01"})).unwrap();
    world.psa.make_invoices(day("2025-11-01"));
    let invoice = world.get("/finance/invoices/1").await.expect(200);
    let shown = ["type", "invoiceNumber", "total", "date"].map(|field| invoice[field].clone());
    assert_eq!(shown, [json!("Agreement"), json!("1"), json!(40.5), json!("2025-11-01T00:00:00Z")]);
    assert_eq!(invoice["agreement"]["name"], "Adler security");
    assert_eq!(
        (&invoice["currency"]["currencyCode"], world.psa.invoices()[0].currency.as_deref()),
        (&json!("EUR"), Some("EUR"))
    );
    assert_eq!(world.get("/finance/invoices/count").await.expect(200), json!({"count": 1}));
    world.post("/finance/invoices", json!({"type": "Standard"})).await.expect(405);
    world.patch("/finance/invoices/1", json!([])).await.expect(405);
    world.delete("/finance/invoices/1").await.expect(405);
}

#[tokio::test]
async fn a_person_makes_reads_and_deletes_invoices_under_sim() {
    let world = world(json!({})).await;
    world.psa.add_addition(1, 1, 9, json!({"effectiveDate": "2025-01-01"})).unwrap();
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).build().unwrap();
    let url = format!("{}/_sim/invoices", world.server.url());
    let made = client.post(&url).json(&json!({"until": "2025-12-01"})).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let more = client.post(&url).json(&json!({"agreement": 1})).send().await.unwrap();
    assert_eq!(more.status(), 201);
    let all: Vec<Invoice> = client.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!((all.len(), &all), (3, &world.psa.invoices()));
    let refused = client.post(&url).json(&json!({"agreement": 77})).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(client.delete(format!("{url}/3")).send().await.unwrap().status(), 204);
    let twice: Value = client.get(format!("{url}/billed-twice")).send().await.unwrap().json().await.unwrap();
    assert_eq!((world.psa.invoices().len(), twice), (2, json!([])));
}

#[test]
fn a_hundred_thousand_invoices_of_three_lines_are_made_in_a_second() {
    use simulators::connectwise::invoices::{AdditionTerms, Proration, bill};
    let addition = |id: u32| AdditionTerms {
        id,
        product: id,
        quantity: Decimal::TEN,
        less_included: Decimal::ONE,
        price: amount("4.5"),
        bill_customer: BillCustomer::Billable,
        effective: Some(day("2025-11-10")),
        cancelled: None,
    };
    let additions = [addition(1), addition(2), addition(3)];
    let agreement = Proration { prorated: true, ..Proration::default() };
    let period = days("2025-11-01", "2025-11-30");
    let started = std::time::Instant::now();
    for _ in 0..100_000 {
        let made = bill::lines(&BillingReadings::default(), &agreement, period, &additions, std::iter::empty());
        assert_eq!(made.len(), 3);
    }
    let took = started.elapsed();
    println!("100,000 invoices of 3 lines in {took:?}");
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");
}
