//! Problems: the one form of every error over HTTP, `application/problem+json` (RFC 9457).

mod from;
mod list;
mod texts;

use axum::Json;
use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use self::list::problems;
use super::catalogue::ProblemCode;
use super::language::{Language, Text};

/// The default of `Retry-After`, in seconds.
const RETRY_AFTER_S: u64 = 5;

/// An error as a handler returns it. [`super::serve`] adds the caller's language and the correlation id.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    code: ProblemCode,
    detail: Option<Text>,
    errors: Vec<FieldError>,
    psa: Option<PsaRefusal>,
    present: Option<Value>,
    retry_after_s: Option<u64>,
}

/// One thing that is wrong with a request. A bulk request gets the errors of all its rows at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pointer: Option<String>,
    parameter: Option<String>,
    code: ProblemCode,
    detail: Text,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorBody {
    /// Where in the body, as a JSON pointer such as `/rows/3/code`; the empty pointer is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Which query parameter, path parameter or header, where it is not the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What is wrong with it.
    code: ProblemCode,
    /// What is wrong with it, with the values at stake, in the caller's language.
    detail: String,
}

impl FieldError {
    /// An error in the body at a JSON pointer.
    #[must_use]
    pub fn body(pointer: impl Into<String>, code: ProblemCode, detail: impl Into<Text>) -> Self {
        Self { pointer: Some(pointer.into()), parameter: None, code, detail: detail.into() }
    }

    /// The code of the error.
    #[must_use]
    pub const fn code(&self) -> ProblemCode {
        self.code
    }

    pub(super) fn is_parameter(&self, name: &str) -> bool {
        self.parameter.as_deref() == Some(name)
    }

    /// An error in a parameter of the query or the path, or in a header.
    #[must_use]
    pub fn parameter(name: impl Into<String>, code: ProblemCode, detail: impl Into<Text>) -> Self {
        Self { pointer: None, parameter: Some(name.into()), code, detail: detail.into() }
    }

    fn in_language(&self, language: Language) -> FieldErrorBody {
        let Self { pointer, parameter, code, detail } = self;
        FieldErrorBody {
            pointer: pointer.clone(),
            parameter: parameter.clone(),
            code: *code,
            detail: detail.in_language(language).to_owned(),
        }
    }
}

/// What ConnectWise itself said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PsaRefusal {
    /// ConnectWise's code, such as `InvalidObject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// ConnectWise's words.
    pub message: String,
    /// The field that ConnectWise complains of, by ConnectWise's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem with the texts of its catalogue entry only.
    #[must_use]
    pub const fn new(code: ProblemCode) -> Self {
        Self { code, detail: None, errors: Vec::new(), psa: None, present: None, retry_after_s: None }
    }

    /// Adds what happened in this case, such as which product or customer. It must contain no secret and no text of
    /// another partner.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Text>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds errors in the request.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// Adds the message of ConnectWise.
    #[must_use]
    pub fn psa(mut self, refusal: PsaRefusal) -> Self {
        self.psa = Some(refusal);
        self
    }

    /// Adds the stored state, as a GET would show it.
    #[must_use]
    pub fn present(mut self, present: &impl Serialize) -> Self {
        // A state that a GET shows can be serialized; without it, the code would still be right.
        self.present = serde_json::to_value(present).ok();
        self
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub const fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The code of the problem.
    #[must_use]
    pub const fn code(&self) -> ProblemCode {
        self.code
    }

    /// The detail of the problem in English, for the log.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        self.detail.as_ref().map(|detail| detail.in_language(Language::English))
    }

    /// The body of the response.
    #[must_use]
    pub fn body(&self, language: Language, correlation_id: Option<&str>) -> ProblemBody {
        ProblemBody {
            kind: format!("/v1/problems#{}", self.code.as_str()),
            title: self.code.title(language),
            status: self.code.status().as_u16(),
            detail: self.detail.as_ref().map(|detail| detail.in_language(language).to_owned()),
            code: self.code,
            advice: self.code.advice(language),
            retryable: self.code.is_retryable(),
            errors: self.errors.iter().map(|error| error.in_language(language)).collect(),
            psa: self.psa.clone(),
            present: self.present.clone(),
            correlation_id: correlation_id.map(str::to_owned),
        }
    }

    /// The response in a language.
    #[must_use]
    pub fn to_response(&self, language: Language, correlation_id: Option<&str>) -> Response {
        let mut response = (self.code.status(), Json(self.body(language, correlation_id))).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some(seconds) = self.retry_after_header_s() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn retry_after_header_s(&self) -> Option<u64> {
        let is_temporary = matches!(
            self.code.status(),
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        );
        self.retry_after_s.or((is_temporary || self.code.is_retryable()).then_some(RETRY_AFTER_S))
    }
}

/// In English and without a correlation id; [`super::serve`] replaces it by the response in the caller's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.to_response(Language::default(), None);
        response.extensions_mut().insert(self);
        response
    }
}

/// An error as it is answered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/v1/problems#versionMismatch")]
    kind: String,
    /// What happened, in the caller's language.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened in this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What happened, for programs.
    code: ProblemCode,
    /// What to do next, in the caller's language.
    advice: &'static str,
    /// Whether the very same request may succeed later.
    retryable: bool,
    /// What is wrong with the request, all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldErrorBody>,
    /// What ConnectWise itself said.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa: Option<PsaRefusal>,
    /// What is stored now, where the request was based on something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    present: Option<Value>,
    /// The request's id, by which support finds it in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
}
