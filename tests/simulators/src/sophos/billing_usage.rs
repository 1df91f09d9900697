//! `GET /partner/v1/billing/usage/{year}/{month}`: a month's lines, by page key.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Sophos;
use super::cut::{self, Cut};
use super::page_key::UsageList;
use super::problem::Problem;
use super::query::{Query, asks_for, page_size, wants_totals};
use super::tenant::BillingType;
use super::usage_month::{Lines, Renamed};
use super::world::World;

/// Assumed: the vendor documents the cap, not what it gives where no size is asked for.
const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 1000;

pub(super) async fn list(
    State(sophos): State<Sophos>,
    Path((year, month)): Path<(String, String)>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let now = sophos.clock.now();
    let page = {
        let mut world = sophos.world();
        let partner_id = world.partner(&headers, now)?;
        if world.without_billing.contains(&partner_id) {
            return Err(Problem::forbidden(now));
        }
        let month_start = parse_month(&year, &month).map_err(|reason| Problem::bad_request(now, reason))?;
        let accounts = account_filter(&world, partner_id, &query, now)?;
        let list = UsageList { partner_id, month_start, accounts };
        asked_page(&mut world, list, &query, now)?
    };
    let (lines, renamed) = {
        let world = sophos.world();
        (world.months.get(&page.list.month()).and_then(|month| month.lines(now)), world.renamed.clone())
    };
    let Some(lines) = lines else {
        return Err(Problem::not_found(now, format!("No billing usage found for {year}/{month}")));
    };
    let body = page.to_text(&lines, &renamed, &query);
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// The first day of the month that the path names.
pub(super) fn parse_month(year: &str, month: &str) -> Result<Date, String> {
    let day = year.parse().ok().zip(month.parse().ok()).and_then(|(year, month)| Date::new(year, month, 1).ok());
    day.ok_or_else(|| format!("{year}/{month} is not a year and a month"))
}

/// The customers that `accountId` and `contactEmail` name; all, where neither is there.
fn account_filter(
    world: &World,
    partner_id: Uuid,
    query: &Query,
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, Problem> {
    let named = named_account(world, partner_id, query, now)?;
    let Some(email) = query.get("contactEmail") else {
        return Ok(named.map(|id| vec![id]));
    };
    let mut accounts = world.tenants.get(&partner_id).map(|tenants| tenants.with_contact(email)).unwrap_or_default();
    accounts.retain(|id| named.is_none_or(|named| named == *id));
    Ok(Some(accounts))
}

/// The customer that `accountId` names. One who is not this partner's, or not billed by usage, is refused.
fn named_account(world: &World, partner_id: Uuid, query: &Query, now: Timestamp) -> Result<Option<Uuid>, Problem> {
    let Some(text) = query.get("accountId") else {
        return Ok(None);
    };
    let id = text.parse().map_err(|_| Problem::bad_request(now, "accountId must be a UUID"))?;
    let tenant = world.tenants.get(&partner_id).and_then(|tenants| tenants.find(id));
    match tenant.map(|tenant| tenant.billing_type) {
        Some(BillingType::Usage) => Ok(Some(id)),
        Some(BillingType::Term | BillingType::Trial) | None => Err(Problem::forbidden(now)),
    }
}

/// One page of a list, as asked for.
struct Page {
    list: UsageList,
    from_key: Option<String>,
    from: usize,
    size: usize,
    cut: Option<Cut>,
}

fn asked_page(world: &mut World, list: UsageList, query: &Query, now: Timestamp) -> Result<Page, Problem> {
    let cap = world.usage_page_cap.unwrap_or(MAX_SIZE);
    let size = page_size(query, DEFAULT_SIZE, cap).map_err(|reason| Problem::bad_request(now, reason))?;
    let unknown_key = || Problem::bad_request(now, "pageFromKey is not a key of this list");
    let from_key = query.get("pageFromKey").cloned();
    let from = match &from_key {
        Some(key) => list.parse_key(key).ok_or_else(unknown_key)?,
        None => 0,
    };
    let planned = world.cuts.get_mut(&list.partner_id).map(Vec::as_mut_slice).unwrap_or_default();
    let cut = cut::take(planned, from / size + 1);
    match cut {
        Some(Cut::KeyUnknown) => Err(unknown_key()),
        Some(Cut::KeyExpired) => Err(Problem::gone(now, "pageFromKey has expired")),
        Some(Cut::LinesMissing(_) | Cut::EndsEarly) | None => Ok(Page { list, from_key, from, size, cut }),
    }
}

impl Page {
    /// The body, put together as text: a line may be anything, JSON or not.
    fn to_text(&self, lines: &Lines, renamed: &Renamed, query: &Query) -> String {
        let mut served = lines.page(self.list.accounts.as_deref(), self.from, self.size, renamed);
        if let Some(Cut::LinesMissing(missing)) = self.cut {
            served.truncate(served.len().saturating_sub(missing));
        }
        let items = match query.get("fields") {
            Some(fields) => served.iter().map(|line| trim(line, fields)).collect::<Vec<_>>().join(","),
            None => served.join(","),
        };
        format!(r#"{{"items":[{items}],"pages":{}}}"#, self.pages(lines, query))
    }

    fn pages(&self, lines: &Lines, query: &Query) -> Value {
        let count = lines.count(self.list.accounts.as_deref());
        let next = self.from + self.size;
        let mut pages = json!({ "size": self.size, "maxSize": MAX_SIZE });
        if let Some(key) = &self.from_key {
            pages["fromKey"] = key.as_str().into();
        }
        if next < count && self.cut != Some(Cut::EndsEarly) {
            pages["nextKey"] = self.list.key(next).into();
        }
        if wants_totals(query) {
            pages["total"] = count.div_ceil(self.size).into();
            pages["items"] = count.into();
        }
        pages
    }
}

/// The line with only these members, each with its text untouched. A line that is not JSON stays whole.
fn trim(line: &str, fields: &str) -> String {
    let Ok(mut members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(line) else {
        return line.to_owned();
    };
    members.retain(|name, _| asks_for(Some(fields), name));
    serde_json::to_string(&members).unwrap_or_else(|_| line.to_owned())
}
