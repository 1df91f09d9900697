//! Everything that the simulator knows; kept in memory only, since it is made anew from seeds.

use std::collections::{HashMap, HashSet};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::account::{Account, AccountType, Tenants};
use super::bent_answer::Bend;
use super::cut::PlannedCut;
use super::firewalls::Firewall;
use super::problem::Problem;
use super::usage_month::{Renamed, UsageMonth};

/// The accounts, what was given to them, and what they may read.
#[derive(Default)]
pub(super) struct World {
    pub(super) accounts: HashMap<String, Account>,
    pub(super) tokens: HashMap<String, Token>,
    /// The client id that a refresh token was given to.
    pub(super) refresh_tokens: HashMap<String, String>,
    pub(super) tenants: HashMap<Uuid, Tenants>,
    /// Pages of customers lack `pages.items`.
    pub(super) tenants_uncounted: bool,
    /// By partner.
    pub(super) firewalls: HashMap<Uuid, Vec<Firewall>>,
    pub(super) renamed: Renamed,
    /// By partner and first day of the month.
    pub(super) months: HashMap<(Uuid, Date), UsageMonth>,
    pub(super) cuts: HashMap<Uuid, Vec<PlannedCut>>,
    /// The partners whose credentials may not read billing usage.
    pub(super) without_billing: HashSet<Uuid>,
    /// Fewer lines a page than the vendor's most.
    pub(super) usage_page_cap: Option<usize>,
    pub(super) bend: Option<Bend>,
}

/// A token that was given out, and to whom.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) account_id: Uuid,
    pub(super) account_type: AccountType,
    pub(super) expires_at: Timestamp,
}

impl World {
    /// Whose token the call carries; 401 without one that is known and still good.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Result<Token, Problem> {
        headers
            .get(AUTHORIZATION)
            .and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(|token| self.tokens.get(token))
            .filter(|token| now < token.expires_at)
            .copied()
            .ok_or_else(Problem::unauthorized)
    }

    /// The partner that calls: its own id must stand in `X-Partner-ID`. 401 without the header, 403 with another id.
    pub(super) fn partner(&self, headers: &HeaderMap, now: Timestamp) -> Result<Uuid, Problem> {
        let caller = self.caller(headers, now)?;
        let claimed = headers.get("x-partner-id").ok_or_else(Problem::unauthorized)?;
        let claimed: Option<Uuid> = claimed.to_str().ok().and_then(|id| id.parse().ok());
        if caller.account_type == AccountType::Partner && claimed == Some(caller.account_id) {
            Ok(caller.account_id)
        } else {
            Err(Problem::forbidden(now))
        }
    }

    /// The partner that calls, and the one customer that it asks about in `X-Tenant-ID`, if it does: one of its own, or
    /// the caller itself. 401 without either header, 403 where they name somebody else.
    pub(super) fn partner_or_tenant(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(Uuid, Option<Uuid>), Problem> {
        let Some(tenant) = headers.get("x-tenant-id") else {
            return Ok((self.partner(headers, now)?, None));
        };
        let caller = self.caller(headers, now)?;
        if headers.contains_key("x-partner-id") {
            self.partner(headers, now)?;
        }
        let tenant: Option<Uuid> = tenant.to_str().ok().and_then(|id| id.parse().ok());
        let tenant = tenant.ok_or_else(|| Problem::forbidden(now))?;
        let serves = |tenants: &Tenants| tenants.find(tenant).is_some();
        let partner = match caller.account_type {
            AccountType::Partner => Some(caller.account_id).filter(|id| self.tenants.get(id).is_some_and(serves)),
            AccountType::Tenant if caller.account_id == tenant => {
                self.tenants.iter().find(|(_, tenants)| serves(tenants)).map(|(partner, _)| *partner)
            }
            AccountType::Tenant | AccountType::Organization => None,
        };
        partner.map(|partner| (partner, Some(tenant))).ok_or_else(|| Problem::forbidden(now))
    }
}
