//! A run of 5,000 customers is followed by polling and by pages: no answer is larger than Lambda takes, and no request reads
//! more than one page of the table.

use std::time::Duration;

use local_stack::api::asking::Asking;
use shared::clock::SystemClock;
use shared::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, ProductCode, PsaProductId};
use shared::domain::ledger::{Billed, CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::run::{Run, RunKind, RunRequest, RunState, Stage};
use shared::domain::terms::Terms;
use shared::ids::UuidV7;
use shared::ports::Clock;
use shared::queue::LocalQueue;
use shared::store::Change;
use simulators::table::LocalTable;
use simulators::table::wire::Wire;
use uuid::Uuid;

const CUSTOMERS: usize = 5_000;
const PRODUCTS: usize = 10;
/// What Lambda answers at most.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

fn ledger(n: usize) -> CustomerLedger {
    let line = |p: usize| {
        let (from, to) = ((n + p).into(), (n + p + 1).into());
        let would = Would::Update { from, to };
        let outcome = if p == 0 { Outcome::Held(Hold::Increase { from, to }) } else { Outcome::Updated };
        Line {
            code: Some(ProductCode::parse(&format!("PRODUCT-{p}")).unwrap()),
            units: (n + p + 1) as u64,
            usage_lines: 2,
            outcome,
            billed: Some(Billed {
                product: PsaProductId::try_from(i64::try_from(p + 1).unwrap()).unwrap(),
                addition: None,
                target: to,
                would,
                did: None,
                waiting: None,
                terms: Some(Terms { unit_price: Some(3.into()), less_included: 0.into(), billable: true }),
                largest: None,
                overridden: None,
                ended: None,
                writes: 1,
            }),
        }
    };
    let name = format!("Customer {n} of a partner with a long name, Ltd.");
    let number = i64::try_from(n + 1).unwrap();
    CustomerLedger {
        customer: Some(CustomerId::from_uuid(Uuid::from_u128(((n as u128) << 112) | 0x4000_8000_0000_0000_0001))),
        name: name.clone(),
        company: Some((CompanyId::try_from(number).unwrap(), name.clone())),
        agreement: Some((AgreementId::try_from(number).unwrap(), format!("Managed services of {name}"))),
        next_invoice: None,
        lines: (0..PRODUCTS).map(line).collect(),
        created: 0,
        updated: 9,
        ..CustomerLedger::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_5_000_customers_is_followed_page_by_page() {
    let partner = PartnerId::from_uuid(Uuid::from_u128(7));
    let table = LocalTable::in_memory().await.unwrap();
    let month = UsageMonth::parse("2025-11").unwrap();
    let request = RunRequest::new(partner, RunKind::Now, month, "large".into(), SystemClock.now());
    let store = table.store();
    let mut run = Run::open(request, true, SystemClock.now()).unwrap();
    store.open_run(&run).await.unwrap();
    let mut lease = store.acquire_lease(partner, "worker", SystemClock.now(), 3_600).await.unwrap().unwrap();
    let ledgers: Vec<CustomerLedger> = (0..CUSTOMERS).map(ledger).collect();
    for some in ledgers.chunks(90) {
        let until = lease.expires_at;
        let changes = some.iter().map(|ledger| Change::PutLedger(run.id.clone(), Box::new(ledger.clone()))).collect();
        some.iter().for_each(|ledger| run.tally.add_ledger(ledger));
        lease = store.commit(&lease, until, changes).await.unwrap();
    }
    (run.stage, run.state, run.ended_at) = (Stage::Ended, RunState::Succeeded, Some(SystemClock.now()));
    let until = lease.expires_at;
    store.commit(&lease, until, vec![Change::PutRun(Box::new(run.clone()))]).await.unwrap();

    let wire = Wire::to(&table).await.unwrap();
    let queue = LocalQueue::new(Duration::from_secs(60));
    let world = sync_runs::World { store: wire.store(), queue, clock: SystemClock, ids: UuidV7 };
    let app = sync_runs::app(world, local_stack::api::asking::options());
    let person = Asking::new(partner, "psa/read");
    let mut largest = 0;
    let mut ask = async |path: &str| {
        wire.forget();
        let answered = person.get(&app, path).await;
        assert_eq!(answered.status, 200, "{}", answered.body);
        // One query for the run and two for product names.
        let reads = wire.count("Query");
        assert!(reads <= 3, "{path} reads {reads} pages of the table");
        assert_eq!(wire.count("BatchGetItem"), 0, "{path}");
        let size = answered.body.to_string().len();
        assert!(size < MAX_ANSWER, "{path} is answered with {size} bytes");
        largest = size.max(largest);
        answered
    };
    let runs = format!("/v1/sync/runs/{}", run.id);
    let shown = ask(&runs).await.body;
    assert_eq!(shown["counts"]["customers"], CUSTOMERS);

    let (mut lines, mut key, mut requests) = (0, String::new(), 0);
    loop {
        let page = ask(&format!("{runs}/lines?pageSize=1000{key}")).await.body;
        lines += page["items"].as_array().unwrap().len();
        requests += 1;
        match page["pages"]["nextKey"].as_str() {
            Some(next) => key = format!("&pageFromKey={next}"),
            None => break,
        }
    }
    assert_eq!(lines, CUSTOMERS * PRODUCTS);

    let (mut rows, mut key) = (0, String::new());
    loop {
        let page = ask(&format!("{runs}/lines.csv?pageSize=1000&outcome=held{key}")).await;
        rows += page.body.as_str().unwrap_or_default().lines().count();
        match page.header("x-next-page-key") {
            "" => break,
            next => key = format!("&pageFromKey={next}"),
        }
    }
    assert_eq!(rows, CUSTOMERS + 1, "a header, and the line of each customer that waits");
    println!("{lines} lines in {requests} requests; the largest answer has {largest} bytes");
    wire.stop().await;
    table.stop().await.unwrap();
}
