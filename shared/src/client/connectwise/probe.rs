//! A connection test of ConnectWise: discovery, then one row of each collection that the sync reads.

use reqwest::StatusCode;
use secrecy::ExposeSecret;

use super::ConnectWiseOptions;
use super::call::{Api, Call};
use super::codebase::UNKNOWN_COMPANY;
use super::page::read_json;
use super::refusal;
use crate::client::address::PsaAddress;
use crate::client::credentials::ConnectWiseCredentials;
use crate::client::exchange::Answer;
use crate::client::probe::report::{ConnectWiseReport, ConnectWiseVerdict, PsaRight};
use crate::error::PsaError;

/// The reads that test the rights. The first is made alone, because it also tests the keys.
const FIRST: (PsaRight, &str) = (PsaRight::InquireCompanies, "company/companies");
const OTHERS: [(PsaRight, &str); 3] = [
    (PsaRight::InquireAgreements, "finance/agreements"),
    (PsaRight::InquireProducts, "procurement/catalog"),
    (PsaRight::InquireSetupTables, "procurement/categories"),
];

/// Tests a connection; see [`crate::client::probe::Probe`].
pub(in crate::client) async fn probe(
    credentials: &ConnectWiseCredentials,
    options: &ConnectWiseOptions,
) -> ConnectWiseReport {
    let without_call = |verdict| ConnectWiseReport { verdict, calls: 0 };
    let address = match PsaAddress::parse(&credentials.site, &options.addresses) {
        Ok(address) => address,
        Err(error) => return without_call(ConnectWiseVerdict::AddressNotAllowed(error)),
    };
    if uuid::Uuid::try_parse(credentials.client_id.expose_secret().trim()).is_err() {
        let why = "it is not of the form 00000000-0000-0000-0000-000000000000".to_owned();
        return without_call(ConnectWiseVerdict::WrongClientId { why });
    }
    let api = match Api::undiscovered(address, credentials, options, None) {
        Ok(api) => api,
        // Keys with characters that no header can carry are not valid.
        Err(_) => return without_call(ConnectWiseVerdict::WrongKeys),
    };
    let verdict = test(&api).await.err().unwrap_or(ConnectWiseVerdict::Works);
    ConnectWiseReport { verdict, calls: api.calls() }
}

async fn test(api: &Api) -> Result<(), ConnectWiseVerdict> {
    let codebase = api.discover().await.map_err(from_discovery_error)?;
    api.set_codebase(codebase);
    let mut missing: Vec<PsaRight> = check_right(api, FIRST.0, FIRST.1).await?.into_iter().collect();
    let others = futures::future::try_join_all(OTHERS.map(|(right, path)| check_right(api, right, path))).await?;
    missing.extend(others.into_iter().flatten());
    if missing.is_empty() { Ok(()) } else { Err(ConnectWiseVerdict::MissingRights(missing)) }
}

/// Reads one row of a collection; the right, if it is missing.
async fn check_right(api: &Api, right: PsaRight, path: &str) -> Result<Option<PsaRight>, ConnectWiseVerdict> {
    let query = vec![("pageSize", "1".to_owned()), ("fields", "id".to_owned())];
    let answer = api.get_any(&Call::get(path, query)).await.map_err(from_error)?;
    match answer.status {
        StatusCode::FORBIDDEN => Ok(Some(right)),
        StatusCode::UNAUTHORIZED => Err(from_unauthorized(&answer)),
        // Discovery has just found the API and every server has this list: the cloud answers 404 to wrong keys.
        StatusCode::NOT_FOUND => Err(ConnectWiseVerdict::WrongKeys),
        status if status.is_success() => match read_json::<Vec<serde_json::Value>>(&answer) {
            Ok(_) => Ok(None),
            Err(error) => Err(ConnectWiseVerdict::WrongHost { why: message_of(error) }),
        },
        _ => {
            let why = refusal::refusal(&answer).map_or_else(|| answer.status.to_string(), |error| error.to_string());
            Err(ConnectWiseVerdict::Unavailable { why })
        }
    }
}

fn from_discovery_error(error: PsaError) -> ConnectWiseVerdict {
    match error {
        PsaError::Refused { code, .. } if code == UNKNOWN_COMPANY => ConnectWiseVerdict::UnknownCompany,
        PsaError::Locked { .. } | PsaError::Throttled { .. } | PsaError::Away { .. } => {
            ConnectWiseVerdict::Unavailable { why: error.to_string() }
        }
        PsaError::ListTooLong { bound, .. } => ConnectWiseVerdict::WrongHost { why: bound },
        // A server error is temporary; a web page or the answer of another service is not.
        PsaError::Unanswered { why } if why.starts_with("HTTP 5") => ConnectWiseVerdict::Unavailable { why },
        PsaError::NotSent { why } | PsaError::Unanswered { why } => ConnectWiseVerdict::WrongHost { why },
        PsaError::Unauthorized | PsaError::Forbidden { .. } | PsaError::NotFound | PsaError::Refused { .. } => {
            ConnectWiseVerdict::WrongHost { why: "it does not say where its API is".to_owned() }
        }
    }
}

fn from_error(error: PsaError) -> ConnectWiseVerdict {
    ConnectWiseVerdict::Unavailable { why: message_of(error) }
}

fn message_of(error: PsaError) -> String {
    if let PsaError::NotSent { why } | PsaError::Unanswered { why } = error { why } else { error.to_string() }
}

/// ConnectWise answers 401 to an unknown client id and to wrong keys; only its message shows which.
fn from_unauthorized(answer: &Answer) -> ConnectWiseVerdict {
    let message = refusal::words(answer);
    let letters: String = message.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    if letters.to_ascii_lowercase().contains("clientid") {
        ConnectWiseVerdict::WrongClientId { why: message }
    } else {
        ConnectWiseVerdict::WrongKeys
    }
}
