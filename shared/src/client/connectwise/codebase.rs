//! Discovery: the location of a server's API. ConnectWise moves it at each cloud upgrade and publishes it in
//! `companyinfo`.

use serde::Deserialize;

use super::call::Api;
use super::page::read_json;
use super::refusal::{self, Effect};
use crate::client::exchange::Answer;
use crate::client::retry::RetryPolicy;
use crate::error::PsaError;

/// The code of our own error for a company that the server does not know.
pub(super) const UNKNOWN_COMPANY: &str = "UnknownCompany";

/// The longest response that is read; the vendor's has some hundred bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Wire: the response of discovery; `null` for a company that the server does not know.
#[derive(Deserialize)]
struct CompanyInfo {
    #[serde(rename = "Codebase")]
    codebase: Option<String>,
}

impl Api {
    /// Asks which codebase serves the company, such as `v2025_1`. The request needs no keys and carries none.
    pub(super) async fn discover(&self) -> Result<String, PsaError> {
        let url = self.companyinfo_url()?;
        let attempt = |policy: RetryPolicy| {
            let request = self.exchange().client().get(url.clone());
            async move {
                let answer = self.exchange().send_for(request, &policy, MOST_BYTES).await;
                self.codebase_in(&answer.map_err(|none| refusal::no_answer(Effect::Read, none))?)
            }
        };
        let outcome = self.reads().run(|error| refusal::verdict(Effect::Read, error), attempt).await;
        if let Err(error) = &outcome {
            tracing::warn!(host = self.host(), company = self.company(), %error, "ConnectWise does not say where its API is");
        }
        outcome
    }

    fn codebase_in(&self, answer: &Answer) -> Result<String, PsaError> {
        match refusal::refusal(answer) {
            Some(PsaError::NotFound) => return Err(self.unknown_company()),
            Some(error) => return Err(error),
            None => {}
        }
        let info: Option<CompanyInfo> = read_json(answer)?;
        let codebase = info.ok_or_else(|| self.unknown_company())?.codebase.unwrap_or_default();
        let codebase = codebase.trim_matches('/');
        let fits = codebase.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if fits && codebase.bytes().any(|b| b.is_ascii_alphanumeric()) {
            Ok(codebase.to_owned())
        } else {
            Err(PsaError::Unanswered { why: format!("{} does not say where its API is", self.host()) })
        }
    }

    fn unknown_company(&self) -> PsaError {
        PsaError::Refused {
            code: UNKNOWN_COMPANY.to_owned(),
            message: format!(
                "{} knows no company {:?}; check the site, and the company id that is typed at sign-in",
                self.host(),
                self.company()
            ),
            fields: Vec::new(),
        }
    }
}
