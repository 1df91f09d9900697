//! What the standing data has, as a real partner's ConnectWise does (issue 18, part 2; fidelity C12).

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;
use simulators::connectwise::invoices::judge::billed_twice;
use simulators::connectwise::{Collection, ConnectWise, Row};

fn agreements(psa: &ConnectWise) -> Vec<Row> {
    psa.records(Collection::Agreements, 0)
}

fn text<'a>(row: &'a Row, path: &str) -> Option<&'a str> {
    let (field, inner) = path.split_once('/').map_or((path, None), |(field, inner)| (field, Some(inner)));
    let value = row.get(field)?;
    inner.map_or(Some(value), |inner| value.get(inner))?.as_str()
}

fn kinds(rows: &[Row], path: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| text(row, path)).map(str::to_owned).collect()
}

#[test]
fn ids_and_names_that_scripts_use_are_where_they_were() {
    let psa = ConnectWise::standing_data().unwrap();
    let names: Vec<String> = agreements(&psa).iter().take(3).map(|row| text(row, "name").unwrap().to_owned()).collect();
    assert_eq!(names, ["Amberquill Bakery security", "Gristmill Veterinary security", "Quarrystone Glazing security"]);
    let catalog = psa.records(Collection::Catalog, 0);
    let first: Vec<&str> = catalog.iter().take(5).map(|row| text(row, "identifier").unwrap()).collect();
    let expected = [
        "Sophos_Intercept_X_Advanced",
        "Sophos_MTR_Standard",
        "Sophos_Device_Encryption",
        "Security_Suite",
        "Old_Antivirus",
    ];
    assert_eq!(first, expected);
    for agreement in 1..=3 {
        assert_eq!(psa.additions(agreement).len(), 2);
    }
}

#[test]
fn agreements_have_two_currencies_every_cycle_a_child_and_a_next_invoice_date() {
    let psa = ConnectWise::standing_data().unwrap();
    let all = agreements(&psa);
    assert_eq!(kinds(&all, "currency/currencyCode"), ["EUR", "USD"].map(str::to_owned).into());
    let cycles = ["Annual", "Monthly", "One time", "Quarterly"].map(str::to_owned).into();
    assert_eq!(kinds(&all, "billingCycle/name"), cycles);
    assert_eq!(kinds(&all, "agreementStatus"), ["Active", "Cancelled"].map(str::to_owned).into());
    assert!(all.iter().any(|row| row["prorateFlag"] == true) && all.iter().any(|row| row["prorateFlag"] == false));
    assert!(all.iter().any(|row| row.contains_key("parentAgreement") && row.contains_key("billToCompany")));
    for field in ["location/name", "department/name", "site/name", "contact/name", "billingTerms/name"] {
        assert!(all.iter().all(|row| text(row, field).is_some()), "{field}");
    }
    let of_company =
        |id: u64| all.iter().filter(move |row| row["company"]["id"] == id && row["agreementStatus"] == "Active");
    assert_eq!((of_company(1).count(), of_company(4).count()), (1, 2));
    assert!(kinds(&psa.records(Collection::Catalog, 0), "category/name").len() >= 3);
    assert_eq!(kinds(&psa.records(Collection::Companies, 0), "status/name").len(), 2);
}

#[test]
fn its_invoices_can_be_made_and_one_company_is_billed_twice_by_its_two_agreements() {
    let psa = ConnectWise::standing_data().unwrap();
    let next = agreements(&psa)[0]["nextInvoiceDate"].as_str().unwrap()[..10].parse::<Date>().unwrap();
    let made = psa.make_invoices(next.saturating_add(3.months()));
    let billed: BTreeSet<u32> = made.iter().map(|invoice| invoice.agreement).collect();
    assert!(billed.len() >= 7, "{billed:?}");
    assert!(made.iter().all(|invoice| invoice.currency.is_some()));
    let twice = billed_twice(&made);
    assert!(!twice.is_empty() && twice.iter().all(|one| one.company == 4), "{twice:?}");
}
