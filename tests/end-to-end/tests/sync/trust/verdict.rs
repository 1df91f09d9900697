//! The judge: what the runs' ledgers say, held against what ConnectWise's own log says was written.

use std::collections::BTreeMap;

use local_stack::demo::Demo;
use rust_decimal::Decimal;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Failure, Outcome};
use shared::store::Store;
use shared::table::Table;
use simulators::connectwise::{Collection, ConnectWise, Row, Write};

/// An agreement and a ConnectWise product.
type Place = (u64, u64);

/// What went wrong, in words; nothing where all is well.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// More than one addition, or more than one that ever was.
    pub(crate) duplicates: Vec<String>,
    /// Usage without an addition.
    pub(crate) missing: Vec<String>,
    /// An addition at another quantity than the usage, or one that nobody asked for.
    pub(crate) wrong: Vec<String>,
    /// A ledger that says something else than what happened.
    pub(crate) misreported: Vec<String>,
}

/// What ConnectWise must bill when all is done: each mapped pair's usage. Every product has one of its own.
pub(crate) async fn expected(demo: &Demo, store: &Store<impl Table>, month: UsageMonth) -> BTreeMap<Place, Decimal> {
    let partner = demo.partner();
    let products = store.list_product_mappings(partner).await.unwrap();
    let customers = store.list_customer_mappings(partner, "").await.unwrap();
    let agreements: BTreeMap<String, u64> =
        customers.iter().map(|(m, _)| (m.customer.to_string(), u64::from(m.agreement.get()))).collect();
    let targets: BTreeMap<&str, u64> =
        products.iter().filter_map(|p| Some((p.code.as_str(), u64::from(p.syncs_to()?.get())))).collect();
    let mut expected = BTreeMap::<Place, Decimal>::new();
    for row in demo.usage_rows(month) {
        let place = (agreements[&row.account_id.unwrap().to_string()], targets[row.product_code.as_str()]);
        *expected.entry(place).or_default() += Decimal::from(row.billable_quantity);
    }
    expected.retain(|_, units| !units.is_zero());
    expected
}

/// Judges what was done in some runs, given in their order, the last of which brought all to its end.
pub(crate) fn judge(
    psa: &ConnectWise,
    expected: &BTreeMap<Place, Decimal>,
    ledgers: &[Vec<CustomerLedger>],
) -> Verdict {
    let mut verdict = Verdict::default();
    let billed = billed(psa);
    for (place, units) in expected {
        match billed.get(place).map(Vec::as_slice) {
            None | Some([]) => verdict.missing.push(format!("{place:?}: {units}")),
            Some([row]) if quantity(row) == *units => {}
            Some([row]) => verdict.wrong.push(format!("{place:?}: {} for {units}", quantity(row))),
            Some(rows) => verdict.duplicates.push(format!("{place:?}: {} additions", rows.len())),
        }
    }
    verdict
        .wrong
        .extend(billed.keys().filter(|place| !expected.contains_key(place)).map(|p| format!("{p:?}: unasked")));
    let written = written(psa);
    for (place, writes) in &written {
        let created = writes.iter().filter(|write| write.verb == "POST").count();
        if created > 1 {
            verdict.duplicates.push(format!("{place:?}: created {created} times"));
        }
    }
    let claims = claims(ledgers);
    for place in written.keys().chain(claims.keys()).collect::<std::collections::BTreeSet<_>>() {
        let writes = written.get(place).map(Vec::as_slice).unwrap_or_default();
        let told = claims.get(place).map(Vec::as_slice).unwrap_or_default();
        verdict.misreported.extend(misreported(writes, told, billed.get(place)).map(|why| format!("{place:?}: {why}")));
    }
    verdict
}

/// What is wrong with what was told of the writes to one place.
fn misreported(writes: &[Write], told: &[&Line], now: Option<&Vec<Row>>) -> Option<String> {
    let count = |fits: fn(&Outcome) -> bool| told.iter().filter(|line| fits(&line.outcome)).count();
    let written = count(|outcome| matches!(outcome, Outcome::Created | Outcome::Updated));
    let open = count(|outcome| matches!(outcome, Outcome::Failed(Failure::Unknown | Failure::Unsettled)));
    let words = || told.iter().map(|line| line.outcome.code()).collect::<Vec<_>>().join(", ");
    if written > writes.len() {
        return Some(format!("{} writes took effect, told as: {}", writes.len(), words()));
    }
    if writes.len() > written && open == 0 {
        return Some(format!("{} writes took effect that nobody told: {}", writes.len() - written, words()));
    }
    let last = told.last()?;
    let synced = matches!(last.outcome, Outcome::Unchanged | Outcome::Created | Outcome::Updated);
    let shown = last.billed.as_ref().and_then(|billed| Some((u64::from(billed.addition?.get()), billed.target)));
    let real = now.and_then(|rows| rows.first()).map(|row| (row["id"].as_u64().unwrap(), quantity(row)));
    (!synced || shown != real).then(|| format!("at last {} of {shown:?}, where there is {real:?}", words()))
}

/// The lines of each place, run by run.
fn claims(ledgers: &[Vec<CustomerLedger>]) -> BTreeMap<Place, Vec<&Line>> {
    let mut claims = BTreeMap::<Place, Vec<&Line>>::new();
    for entry in ledgers.iter().flatten() {
        for line in &entry.lines {
            if let (Some((agreement, _)), Some(billed)) = (&entry.agreement, &line.billed) {
                claims.entry((u64::from(agreement.get()), u64::from(billed.product.get()))).or_default().push(line);
            }
        }
    }
    claims
}

/// What took effect, by the simulator's own log; what people did on its screens does not count.
fn written(psa: &ConnectWise) -> BTreeMap<Place, Vec<Write>> {
    let mut written = BTreeMap::<Place, Vec<Write>>::new();
    for write in psa.writes().into_iter().filter(|write| write.verb != "EDIT") {
        let agreement = write.path.split('/').filter_map(|part| part.parse().ok()).next();
        let product = write.after.as_ref().and_then(|row| row["product"]["id"].as_u64());
        if let Some(place) = agreement.zip(product) {
            written.entry(place).or_default().push(write);
        }
    }
    written
}

/// The additions that are in force, by place.
pub(crate) fn billed(psa: &ConnectWise) -> BTreeMap<Place, Vec<Row>> {
    let mut billed = BTreeMap::<Place, Vec<Row>>::new();
    for agreement in psa.records(Collection::Agreements, 0) {
        let id = agreement["id"].as_u64().unwrap();
        let additions = psa.additions(u32::try_from(id).unwrap()).into_iter();
        for addition in additions.filter(|addition| !addition.contains_key("cancelledDate")) {
            billed.entry((id, addition["product"]["id"].as_u64().unwrap())).or_default().push(addition);
        }
    }
    billed
}

/// An addition's quantity.
pub(crate) fn quantity(addition: &Row) -> Decimal {
    addition["quantity"].to_string().parse::<Decimal>().unwrap().normalize()
}
