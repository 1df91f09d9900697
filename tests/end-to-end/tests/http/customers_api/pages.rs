//! How much of the table a request reads, with 5,000 customers: counted on the wire.

use local_stack::api::asking::{Asking, options};
use local_stack::api::mappings_world;
use shared::domain::customer::Customer;
use shared::domain::id::{AgreementId, CompanyId};
use shared::domain::mapping::CustomerMapping;
use shared::seal::LocalSeal;
use simulators::table::LocalTable;
use simulators::table::wire::Wire;

use crate::customers_api::world::{customer, listed, partner};

const CUSTOMERS: u32 = 5_000;
/// Customers that a filtered list looks at: two queries, and the statuses of at most twice as many by 100.
const MOST_CALLS: usize = 2 + 10;

#[tokio::test]
async fn of_5000_customers_no_request_reads_more_than_one_page() {
    let table = LocalTable::in_memory().await.unwrap();
    let direct = table.store();
    let all: Vec<Customer> = (1..=CUSTOMERS).map(|n| listed(n, &format!("Customer {n}"), "usage")).collect();
    direct.refresh_known_customers(partner(), "", &all).await.unwrap();
    for n in (1..=CUSTOMERS).step_by(10) {
        let company = CompanyId::try_from(i64::from(n)).unwrap();
        let agreement = AgreementId::try_from(i64::from(n)).unwrap();
        direct.put_customer_mapping(partner(), &CustomerMapping::new(customer(n), company, agreement)).await.unwrap();
    }
    let wire = Wire::to(&table).await.unwrap();
    let app = mappings::app(mappings_world(wire.store(), LocalSeal::ephemeral()).unwrap(), options());
    let reader = Asking::new(partner(), "psa/read");
    for (path, query, expected) in [
        ("/v1/customer-mappings", "?pageSize=500", CUSTOMERS),
        ("/v1/customer-mappings", "?show=mapped&pageSize=500", CUSTOMERS / 10),
        ("/v1/customer-mappings", "?show=failed", 0),
        ("/v1/customer-mappings", "?text=customer%204999", 1),
    ] {
        let (mut seen, mut key, mut requests) = (0, String::new(), 0);
        loop {
            wire.forget();
            let page = reader.get(&app, &format!("{path}{query}{key}")).await;
            assert_eq!(page.status, 200, "{:#}", page.body);
            let calls = wire.calls().len();
            assert!(
                calls <= MOST_CALLS && wire.count("Query") <= 2 && wire.count("Scan") == 0,
                "{query}: {calls} calls"
            );
            seen += u32::try_from(page.body["items"].as_array().unwrap().len()).unwrap();
            requests += 1;
            match page.body["pages"]["nextKey"].as_str() {
                Some(next) => key = format!("&pageFromKey={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{query}");
        assert!(requests <= 12, "{query}: {requests} requests");
    }
    wire.stop().await;
    table.stop().await.unwrap();
}
