//! A connection test of ConnectWise: discovery, then one row of each collection that is needed.

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
use crate::client::probe::{ConnectWiseReport, ConnectWiseVerdict, PsaRight};
use crate::error::PsaError;

/// What is read to see a right. The first is asked alone: what it meets tells whether the keys are right.
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
        // Keys with characters that no request can carry are not right ones.
        Err(_) => return without_call(ConnectWiseVerdict::WrongKeys),
    };
    let verdict = ask(&api).await.err().unwrap_or(ConnectWiseVerdict::Works);
    ConnectWiseReport { verdict, calls: api.calls() }
}

async fn ask(api: &Api) -> Result<(), ConnectWiseVerdict> {
    let codebase = api.discover().await.map_err(of_discovery)?;
    api.set_codebase(codebase);
    let mut missing: Vec<PsaRight> = look(api, FIRST).await?.into_iter().collect();
    let others = futures::future::try_join_all(OTHERS.map(|looked| look(api, looked))).await?;
    missing.extend(others.into_iter().flatten());
    if missing.is_empty() { Ok(()) } else { Err(ConnectWiseVerdict::MissingRights(missing)) }
}

/// The right that is missing to read a collection, if it is.
async fn look(api: &Api, (right, path): (PsaRight, &str)) -> Result<Option<PsaRight>, ConnectWiseVerdict> {
    let query = vec![("pageSize", "1".to_owned()), ("fields", "id".to_owned())];
    let answer = api.look(&Call::get(path, query)).await.map_err(of_fault)?;
    match answer.status {
        StatusCode::FORBIDDEN => Ok(Some(right)),
        StatusCode::UNAUTHORIZED => Err(of_unauthorized(&answer)),
        // Discovery has just said where the API is, and every server has this list: wrong keys meet a 404 on the cloud.
        StatusCode::NOT_FOUND => Err(ConnectWiseVerdict::WrongKeys),
        status if status.is_success() => match read_json::<Vec<serde_json::Value>>(&answer) {
            Ok(_) => Ok(None),
            Err(error) => Err(ConnectWiseVerdict::WrongHost { why: words(error) }),
        },
        _ => {
            let why = refusal::refusal(&answer).map_or_else(|| answer.status.to_string(), |error| error.to_string());
            Err(ConnectWiseVerdict::Unavailable { why })
        }
    }
}

fn of_discovery(error: PsaError) -> ConnectWiseVerdict {
    match error {
        PsaError::Refused { code, .. } if code == UNKNOWN_COMPANY => ConnectWiseVerdict::UnknownCompany,
        PsaError::Locked { .. } | PsaError::Throttled { .. } | PsaError::Away { .. } => {
            ConnectWiseVerdict::Unavailable { why: error.to_string() }
        }
        PsaError::ListTooLong { bound, .. } => ConnectWiseVerdict::WrongHost { why: bound },
        // A server error passes; a web page or another service's answer does not.
        PsaError::Unanswered { why } if why.starts_with("HTTP 5") => ConnectWiseVerdict::Unavailable { why },
        PsaError::NotSent { why } | PsaError::Unanswered { why } => ConnectWiseVerdict::WrongHost { why },
        PsaError::Unauthorized | PsaError::Forbidden { .. } | PsaError::NotFound | PsaError::Refused { .. } => {
            ConnectWiseVerdict::WrongHost { why: "it does not say where its API is".to_owned() }
        }
    }
}

fn of_fault(error: PsaError) -> ConnectWiseVerdict {
    ConnectWiseVerdict::Unavailable { why: words(error) }
}

fn words(error: PsaError) -> String {
    if let PsaError::NotSent { why } | PsaError::Unanswered { why } = error { why } else { error.to_string() }
}

/// ConnectWise answers 401 to a client id that it does not know as to wrong keys; only its words tell them apart.
fn of_unauthorized(answer: &Answer) -> ConnectWiseVerdict {
    let said = refusal::words(answer);
    let letters: String = said.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    if letters.to_ascii_lowercase().contains("clientid") {
        ConnectWiseVerdict::WrongClientId { why: said }
    } else {
        ConnectWiseVerdict::WrongKeys
    }
}
