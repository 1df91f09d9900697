//! Worlds that nobody thought of: every mapping state, additions with all kinds of dates, a memory that is right, stale or
//! wrong, and usage with lines that cannot be read.

use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use shared::domain::id::{PsaProductId, RunId};
use shared::domain::mapping::{Combine, ProductMapping, ProductState};
use shared::domain::psa::{Addition, PsaProduct};
use shared::domain::snapshot::{Pending, Written};
use shared::domain::usage::{LineQuantity, Readings, Unreadable, UsageLine};

use crate::world::{World, acme, addition_id, code, day, line, month, psa, psa_product, usage_line};

const CODES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// Worlds of a customer that syncs: 1 to 6 Sophos products, 1 to 4 ConnectWise products.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    (1..=CODES.len(), 1..=4i64).prop_flat_map(|(codes, products)| worlds_of(&CODES[..codes], products))
}

fn worlds_of(codes: &'static [&'static str], products: i64) -> impl Strategy<Value = World> {
    let ids = || (1..=products).map(psa);
    let settings = (
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.2),
        select(vec![None, Some("2020-01-01"), Some("2026-11-17")]),
        (any::<bool>(), prop::bool::weighted(0.1)),
    );
    let additions = (vec(addition(products), 0..=4), vec(addition(products), 0..=1));
    let mappings: Vec<_> = codes.iter().map(|name| mapping(name, products)).collect();
    let catalogue: Vec<_> = ids().map(catalogue_entry).collect();
    let usage: Vec<_> = codes.iter().map(|name| usage_lines(name)).collect();
    let memory = vec(option::weighted(0.6, written(codes)), usize::try_from(products).unwrap());
    let unsettled: Vec<_> = ids().map(|id| prop::bool::weighted(0.05).prop_map(move |is| is.then_some(id))).collect();
    (settings, mappings, catalogue, additions, memory, usage, unsettled).prop_map(
        |(settings, mappings, catalogue, (additions, others), memory, usage, unsettled)| {
            let (invoice_mode, first_run, young, start, (prorated, not_invoiced)) = settings;
            let today = day(if young { "2026-11-04" } else { "2026-11-30" });
            let mut world = World { invoice_mode, first_run, today, ..World::new() };
            let own = world.agreement.as_mut().unwrap();
            (own.start, own.prorated) = (start.map(day), prorated);
            own.next_invoice = not_invoiced.then(|| day("2026-11-01"));
            let others = others.into_iter().map(|other| Addition { id: addition_id(99), ..other }).collect();
            world = world.also_billed_on(9, "Old MSA", others);
            world.products = mappings.into_iter().map(|mapping| (mapping.code.clone(), mapping)).collect();
            world.catalogue = catalogue.into_iter().flatten().collect();
            let numbered = (1..).zip(additions).map(|(id, addition)| Addition { id: addition_id(id), ..addition });
            world.additions = numbered.collect();
            for (product, remembered) in (1..).map(psa).zip(memory) {
                if let Some((written, accurate)) = remembered {
                    world.snapshot.written.insert(product, remember(&world, product, written, accurate));
                }
            }
            world.lines = usage.into_iter().flatten().collect();
            world.unsettled = unsettled.into_iter().flatten().collect();
            world
        },
    )
}

/// A memory that is accurate knows the addition in force and its quantity.
fn remember(world: &World, product: PsaProductId, written: Written, accurate: bool) -> Written {
    let day = world.month.last_day();
    match world.additions.iter().find(|found| found.product == product && found.in_force_on(day)) {
        Some(found) if accurate => Written { addition: found.id, confirmed: found.quantity, ..written },
        Some(_) | None => written,
    }
}

fn mapping(name: &'static str, products: i64) -> impl Strategy<Value = ProductMapping> {
    let combine = prop_oneof![
        6 => Just(Some(Combine::AddUp)),
        1 => Just(Some(Combine::TakeLargest)),
        1 => Just(None),
    ];
    let mapped = (1..=products, prop::bool::weighted(0.9), combine)
        .prop_map(|(product, sync, combine)| ProductState::Mapped { product: psa(product), sync, combine });
    let state = prop_oneof![
        20 => mapped,
        1 => Just(ProductState::Unmapped),
        1 => Just(ProductState::Removed),
        1 => Just(ProductState::Excluded { reason: "part of the flat fee".into() }),
    ];
    let firewall = prop::bool::weighted(0.1);
    (state, firewall).prop_map(|(state, firewall)| ProductMapping {
        code: code(name),
        state,
        firewall,
        readings: Readings::default(),
        version: 1,
    })
}

/// A product as it is in the catalogue; none for one that was mapped after the run had begun.
fn catalogue_entry(id: PsaProductId) -> impl Strategy<Value = Option<(PsaProductId, Option<PsaProduct>)>> {
    let good = psa_product(i64::from(id));
    let found = prop_oneof![
        16 => Just(Some(good.clone())),
        1 => Just(None),
        1 => Just(Some(PsaProduct { inactive: true, ..good.clone() })),
        1 => Just(Some(PsaProduct { bundle: true, ..good.clone() })),
        1 => Just(Some(PsaProduct { price: None, ..good })),
    ];
    option::weighted(0.95, found).prop_map(move |found| found.map(|product| (id, product)))
}

fn quantity() -> impl Strategy<Value = Decimal> {
    prop_oneof![9 => (0..25i64).prop_map(Decimal::from), 1 => (0..250i64).prop_map(|tenths| Decimal::new(tenths, 1))]
}

fn addition(products: i64) -> impl Strategy<Value = Addition> {
    let effective = select(vec![None, Some("2026-09-01"), Some("2026-11-01"), Some("2026-11-30"), Some("2026-12-01")]);
    let ended = select(vec!["2026-10-01", "2026-11-30", "2026-12-01"]);
    (1..=products, quantity(), effective, option::weighted(0.25, ended)).prop_map(
        |(product, quantity, effective, cancelled)| Addition {
            quantity,
            effective: effective.map(day),
            cancelled: cancelled.map(day),
            ..line(1, product, "0")
        },
    )
}

fn written(codes: &'static [&'static str]) -> impl Strategy<Value = (Written, bool)> {
    let parts = btree_map(select(codes).prop_map(code), 0..9u64, 0..=3);
    let when = prop_oneof![1 => Just("2026-09"), 6 => Just("2026-10"), 2 => Just("2026-11"), 1 => Just("2026-12")];
    let pending = option::weighted(0.1, (quantity(), quantity()));
    (1..=5i64, quantity(), when, parts, pending, prop::bool::weighted(0.8)).prop_map(
        |(addition, confirmed, when, parts, pending, accurate)| {
            let run = || RunId::parse("20261101T020000Z-scheduled-00000001").unwrap();
            let pending = pending.map(|(from, to)| Pending { from, to, run: run(), at: Timestamp::UNIX_EPOCH });
            let addition = addition_id(addition);
            (Written { pending, ..Written::new(addition, confirmed, month(when), parts) }, accurate)
        },
    )
}

/// No line, or one to three.
fn usage_lines(name: &'static str) -> impl Strategy<Value = Vec<UsageLine>> {
    let line = line_quantity().prop_map(|quantity| usage_line(Some(acme()), Some(name), quantity));
    // Mostly with serial numbers of their own; where a line comes twice, or with two quantities, it is in doubt.
    let serials = prop_oneof![9 => Just(3), 1 => Just(1)];
    let days = || {
        let of_month = |first, last| (format!("2026-{first}"), format!("2026-{last}"));
        prop_oneof![
            40 => Just(of_month("11-01", "11-30")),
            4 => Just((String::new(), "2026-11-31".to_owned())),
            4 => Just(of_month("11-01", "11-14")),
            4 => Just(of_month("11-15", "11-30")),
            1 => Just(of_month("12-01", "12-31")),
        ]
    };
    let lines = (vec((line, days()), 1..=3), serials).prop_map(|(lines, serials)| {
        let numbered = |(n, (line, (billing_start, billing_end))): (usize, (UsageLine, _))| UsageLine {
            serial: (n % serials).to_string(),
            billing_start,
            billing_end,
            ..line
        };
        lines.into_iter().enumerate().map(numbered).collect()
    });
    prop_oneof![1 => Just(Vec::new()), 4 => lines]
}

/// Mostly a small count.
pub(crate) fn line_quantity() -> impl Strategy<Value = LineQuantity> {
    prop_oneof![
        30 => (0..15u64).prop_map(LineQuantity::Units),
        1 => Just(LineQuantity::Unreadable(Unreadable::Missing)),
        1 => (1..9u64).prop_map(|n| LineQuantity::Unreadable(Unreadable::Negative(format!("-{n}")))),
    ]
}
