//! Values for the tests: partners, customers and agreements by number, times by their text.

use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::domain::customer::Customer;
use shared::domain::id::{AdditionId, AgreementId, CompanyId, CustomerId, PartnerId, ProductCode, PsaProductId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::psa::ChangedBy;
use shared::domain::quantity_override::{DecisionReason, OverrideKey, QuantityOverride, QuantityRule};
use shared::domain::run::{Run, RunKind, RunRequest, RunScope, RunState};
use shared::domain::snapshot::SeenChange;
use shared::domain::snapshot::{Intent, Pending, Seen, Snapshot, Sought, Surplus, UnreportedWrites, Written};
use shared::store::{Answer, Attempt, Author, Chunk, ChunkKind};
use uuid::Uuid;

/// Some time; all tests have the same.
pub(crate) const NOW: &str = "2026-11-30T01:12:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at(NOW)
}

/// `s` seconds after now.
pub(crate) fn after(s: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(s)
}

/// Partners 1 and 17 and so on start and end alike.
pub(crate) fn partner(n: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | n))
}

/// Their ids sort by number; those of 16 neighbours differ in the eighth digit.
pub(crate) fn customer(n: u32) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(u128::from(n) << 96 | 7))
}

pub(crate) fn agreement(n: i64) -> AgreementId {
    AgreementId::try_from(n).unwrap()
}

pub(crate) fn company(n: i64) -> CompanyId {
    CompanyId::try_from(n).unwrap()
}

pub(crate) fn product(n: i64) -> PsaProductId {
    PsaProductId::try_from(n).unwrap()
}

pub(crate) fn code(text: &str) -> ProductCode {
    ProductCode::parse(text).unwrap()
}

pub(crate) fn month() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// A minimum of 10 for a customer's ConnectWise product.
pub(crate) fn quantity_override(of: u32, psa: i64, from: &str, until: &str) -> QuantityOverride {
    let month = |text: &str| UsageMonth::parse(text).unwrap();
    QuantityOverride {
        key: OverrideKey { customer: customer(of), product: product(psa), from: month(from), at: now() },
        name: "ACME".to_owned(),
        parts: vec![code("CIX")],
        rule: QuantityRule::Minimum(10.into()),
        until: month(until),
        reason: DecisionReason::CustomerAgreed,
        note: "a floor".to_owned(),
        who: "Ann".to_owned(),
        reported: None,
    }
}

/// A run as it is opened; later slots are later runs.
pub(crate) fn run(partner: PartnerId, slot: i64) -> Run {
    let request = RunRequest {
        partner,
        kind: RunKind::Now,
        month: month(),
        slot: slot.to_string(),
        scheduled_at: after(slot),
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    Run::open(request, true, now()).unwrap()
}

/// The same run when it is over.
pub(crate) fn over(run: &Run) -> Run {
    Run { state: RunState::Succeeded, ended_at: Some(after(60)), ..run.clone() }
}

pub(crate) fn intent(agreement_id: i64, product_id: i64) -> Intent {
    Intent {
        agreement: agreement(agreement_id),
        product: product(product_id),
        quantity: "12.5".parse().unwrap(),
        effective: "2026-11-01".parse().unwrap(),
        parts: [(code("CIXA-MSP"), 12)].into(),
        month: month(),
        seen: vec![AdditionId::try_from(4).unwrap()],
        run: run(partner(1), 1).id,
        at: now(),
        earlier: vec![sought()],
    }
}

fn sought() -> Sought {
    let seen = vec![AdditionId::try_from(3).unwrap()];
    Sought { quantity: "11.5".parse().unwrap(), effective: "2026-10-01".parse().unwrap(), seen }
}

/// A snapshot that tells by its quantity which one it is.
pub(crate) fn snapshot(quantity: i64) -> Snapshot {
    let addition = AdditionId::try_from(5).unwrap();
    let mut written = Written::new(addition, quantity.into(), month(), [(code("CIXA-MSP"), 12)].into());
    let run = run(partner(1), 1).id;
    written.late = vec![Pending { from: Decimal::ONE, to: Decimal::TWO, run, at: now() }];
    written.settled = vec![sought()];
    written.surplus = vec![Surplus { addition, quantity: Decimal::ONE, sent: Some(now()), cleared: false }];
    written.unreported = UnreportedWrites {
        created: 1,
        updated: 2,
        adopted: 3,
        from: Some(1.into()),
        cleared: 2.into(),
        begins: Some(month().last_day()),
    };
    let seen = Seen { at: now(), additions: Vec::new() };
    let changed = ChangedBy { by: "sophosapi".to_owned(), at: now() };
    Snapshot {
        names: None,
        written: [(product(7), written.clone()), (product(70), written)].into(),
        seen: Some(seen),
        invoices: [(month(), month().last_day())].into(),
        billed_elsewhere: [(product(8), vec![addition])].into(),
        member: Some("UsageSync".to_owned()),
        changes: [(addition, SeenChange { changed, quantity: Decimal::TWO, counts: true })].into(),
    }
}

pub(crate) fn chunk(bucket: u32, page: u32, part: u32, rows: &str) -> Chunk {
    Chunk { kind: ChunkKind::Usage, bucket, page, part, rows: rows.to_owned() }
}

/// Someone who edits at that second after now.
pub(crate) fn author(s: i64) -> Author {
    Author { who: "clerk@example.com".to_owned(), at: after(s), note: Some("as agreed".to_owned()) }
}

/// A customer as Sophos lists it.
pub(crate) fn listed(n: u32, name: &str) -> Customer {
    Customer { id: customer(n), name: name.to_owned(), billing: "usage".to_owned(), suspended: false }
}

/// A ledger without lines; its name tells which one it is.
pub(crate) fn ledger(customer: Option<CustomerId>, name: &str) -> CustomerLedger {
    CustomerLedger {
        customer,
        name: name.to_owned(),
        company: Some((company(3), "Acme".to_owned())),
        agreement: Some((agreement(5), "Managed".to_owned())),
        next_invoice: Some(month().last_day()),
        lines: Vec::new(),
        created: 1,
        updated: 2,
        ..CustomerLedger::default()
    }
}

/// Attempt `n` at a request, `s` seconds after now.
pub(crate) fn attempt(n: u32, request: &str, s: i64) -> Attempt {
    let claim = format!("claim-{n}");
    Attempt { key: "00ff".to_owned(), request: request.to_owned(), claim, at: after(s), until: after(s + 60) }
}

pub(crate) fn answer(body: &str) -> Answer {
    Answer { status: 201, location: Some("/v1/x/1".to_owned()), etag: None, body: body.to_owned() }
}
