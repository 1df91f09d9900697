//! The demo's ConnectWise has what a real partner's has, and a second run has nothing to write there.

use std::collections::BTreeSet;

use simulators::connectwise::{Collection, Row};

use crate::main_job::started::{api_writes, awkward_stack, preview_and_apply, sync_now};

fn words(rows: &[Row], field: &str, inner: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row.get(field)?.get(inner)?.as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_of_the_demo_pay_in_two_currencies_by_three_cycles_prorated_or_not_and_one_through_its_group() {
    let stack = awkward_stack().await;
    let agreements = stack.psa.records(Collection::Agreements, 0);
    assert_eq!(
        words(&agreements, "billingCycle", "name"),
        ["Annual", "Monthly", "Quarterly"].map(str::to_owned).into()
    );
    let currencies: BTreeSet<u64> = agreements.iter().filter_map(|row| row["currency"]["id"].as_u64()).collect();
    assert_eq!(currencies.len(), 2, "{currencies:?}");
    let prorated = agreements.iter().filter(|row| row["prorateFlag"] == true).count();
    assert!(prorated >= 4 && agreements.len() - prorated >= 40, "{prorated} of {}", agreements.len());
    let parents = agreements.iter().filter(|row| row.get("parentAgreement").is_some_and(|parent| !parent.is_null()));
    assert!(parents.count() >= 1);
    let contacts = stack.psa.records(Collection::Contacts, 0);
    assert!(contacts.iter().any(|row| row["lastName"] == "Ashby"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_the_demo_that_no_usage_goes_to_are_left_alone_and_a_second_run_writes_nothing() {
    let stack = awkward_stack().await;
    let catalogue = stack.psa.records(Collection::Catalog, 0);
    let other = |row: &Row| {
        let identifier = row["identifier"].as_str().unwrap();
        identifier.starts_with("Sophos_") || ["Setup_Fee", "Helpdesk"].contains(&identifier)
    };
    let others: BTreeSet<u64> =
        catalogue.iter().filter(|row| other(row)).map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(others.len(), 4);
    let lines = || {
        let agreements = stack.psa.records(Collection::Agreements, 0);
        let ids = agreements.iter().map(|row| u32::try_from(row["id"].as_u64().unwrap()).unwrap());
        let all = ids.flat_map(|id| stack.psa.additions(id));
        all.filter(|row| others.contains(&row["product"]["id"].as_u64().unwrap())).collect::<Vec<Row>>()
    };
    let before = lines();
    let ended = before.iter().filter(|row| row.get("cancelledDate").is_some_and(|date| !date.is_null())).count();
    assert!(before.len() >= 5 && ended >= 2, "{} lines, {ended} of them ended", before.len());
    preview_and_apply(&stack).await;
    assert_eq!(lines(), before);
    let written = api_writes(&stack).len();
    sync_now(&stack).await;
    assert_eq!(api_writes(&stack).len(), written);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_of_the_demo_has_a_second_active_agreement() {
    let stack = awkward_stack().await;
    let agreements = stack.psa.records(Collection::Agreements, 0);
    let older = agreements.iter().find(|row| row["name"] == "Managed services 2019").unwrap();
    let same = agreements.iter().filter(|row| row["company"]["id"] == older["company"]["id"]);
    assert_eq!(same.filter(|row| row["agreementStatus"] == "Active").count(), 2);
}
