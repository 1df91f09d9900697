//! A connection test of Sophos Central: the owner of the credentials, and their rights to read what a sync reads.

use super::SophosOptions;
use super::call::Api;
use super::{customers, usage_page};
use crate::client::credentials::SophosCredentials;
use crate::client::probe::report::{SophosReport, SophosRight, SophosVerdict};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::SourceError;

/// Tests a connection; see [`crate::client::probe::Probe`].
pub(in crate::client) async fn probe(
    partner: PartnerId,
    credentials: &SophosCredentials,
    month: UsageMonth,
    options: &SophosOptions,
) -> SophosReport {
    let (api, account) = match Api::sign_in(Some(partner), credentials, options).await {
        Ok(signed_in) => signed_in,
        // The number of retries is not known here; at least the sign-in was sent.
        Err(error) => return SophosReport { verdict: from_error(error), calls: 1 },
    };
    let (kind, id) = account.kind_and_id();
    let verdict = if kind != "partner" {
        SophosVerdict::NotAPartner { kind: kind.to_owned() }
    } else if PartnerId::parse(id) != Ok(partner) {
        SophosVerdict::AnotherPartner { id: id.to_owned() }
    } else {
        match account.api_of(partner, &options.api_url) {
            Ok(url) => {
                let api = api.at(url);
                let verdict = rights(&api, month).await.err().unwrap_or(SophosVerdict::Works);
                return SophosReport { verdict, calls: api.calls() };
            }
            Err(error) => from_error(error),
        }
    };
    SophosReport { verdict, calls: api.calls() }
}

/// The partner that owns the credentials; see [`crate::client::probe::Probe`].
pub(in crate::client) async fn find_partner(
    credentials: &SophosCredentials,
    options: &SophosOptions,
) -> Result<PartnerId, SophosVerdict> {
    let (_, account) = Api::sign_in(None, credentials, options).await.map_err(from_error)?;
    let (kind, id) = account.kind_and_id();
    if kind != "partner" {
        return Err(SophosVerdict::NotAPartner { kind: kind.to_owned() });
    }
    PartnerId::parse(id).map_err(|error| SophosVerdict::AnswerUnusable { why: error.to_string() })
}

async fn rights(api: &Api, month: UsageMonth) -> Result<(), SophosVerdict> {
    let one = [("pageTotal", "true".to_owned()), ("page", "1".to_owned()), ("pageSize", "1".to_owned())];
    let customers = api.find("partner/v1/tenants", &one, |answer| customers::parse(answer).map(drop)).await;
    let path = format!("partner/v1/billing/usage/{}/{}", month.year(), month.month());
    let line = [("pageSize", "1".to_owned())];
    let usage = api.find(&path, &line, |answer| usage_page::parse(answer).map(drop)).await;
    let mut missing = Vec::new();
    for (right, outcome) in [(SophosRight::Customers, customers), (SophosRight::BillingUsage, usage)] {
        match outcome {
            Ok(_) => {}
            Err(SourceError::Forbidden { .. }) => missing.push(right),
            Err(error) => return Err(from_error(error)),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(SophosVerdict::MissingRights(missing)) }
}

fn from_error(error: SourceError) -> SophosVerdict {
    match error {
        SourceError::Unauthorized => SophosVerdict::WrongKeys,
        SourceError::NotAPartner { found } => SophosVerdict::NotAPartner { kind: found },
        SourceError::Malformed { why } => SophosVerdict::AnswerUnusable { why },
        SourceError::TooLong { .. } => SophosVerdict::AnswerUnusable { why: error.to_string() },
        SourceError::Unavailable { why } => SophosVerdict::Unavailable { why },
        SourceError::Forbidden { .. } | SourceError::Throttled { .. } => {
            SophosVerdict::Unavailable { why: error.to_string() }
        }
    }
}
