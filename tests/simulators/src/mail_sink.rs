//! Amazon SES as far as mails are sent through it: takes what its SDK sends, remembers it, and refuses when told to.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::simulator::gate::Unanswered;
use crate::simulator::serve::{Running, serve};

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMail {
    /// The sender.
    pub from: String,
    /// The one recipient.
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// What happens to a mail instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFault {
    /// It is refused, with a status, an error of SES such as `MessageRejected`, and its words.
    Refuse(u16, &'static str, &'static str),
    /// It is never answered; the mail is not taken.
    Hang,
    /// The mail is taken, and the connection ends without an answer.
    LoseAnswer,
}

/// A mail service that runs until it is dropped.
#[derive(Debug)]
pub struct MailSink {
    running: Running,
    state: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    taken: Vec<TakenMail>,
    requests: u32,
    /// Each with how many requests it still hits.
    planned: VecDeque<(MailFault, u32)>,
}

impl MailSink {
    /// A mail service on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> io::Result<Self> {
        let state = Arc::<Mutex<Kept>>::default();
        let router = Router::new().route("/v2/email/outbound-emails", post(send)).with_state(Arc::clone(&state));
        Ok(Self { running: serve(router, 0).await?, state })
    }

    /// The endpoint for the SDK.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The next `times` requests, after those of earlier calls, meet this fault; [`u32::MAX`] is for good. The SDK itself
    /// asks again after some.
    pub fn misbehave(&self, how: MailFault, times: u32) {
        self.kept().planned.push_back((how, times));
    }

    /// The mails that were taken, in their order; one that came twice is there twice.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenMail> {
        self.kept().taken.clone()
    }

    /// How many requests came, whatever they met.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.kept().requests
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn send(State(state): State<Arc<Mutex<Kept>>>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = {
        let mut kept = lock(&state);
        kept.requests += 1;
        kept.next_fault()
    };
    match fault {
        Some(MailFault::Refuse(status, code, words)) => refusal(status, code, words),
        Some(MailFault::Hang) => pending().await,
        fault @ (None | Some(MailFault::LoseAnswer)) => {
            let mut answer = take(&mut lock(&state), &headers, &body);
            if fault.is_some() {
                answer.extensions_mut().insert(Unanswered);
            }
            answer
        }
    }
}

impl Kept {
    fn next_fault(&mut self) -> Option<MailFault> {
        let (how, times) = self.planned.front_mut()?;
        let how = how.clone();
        if *times != u32::MAX {
            *times = times.saturating_sub(1);
        }
        if *times == 0 {
            self.planned.pop_front();
        }
        Some(how)
    }
}

fn take(kept: &mut Kept, headers: &HeaderMap, body: &Bytes) -> Response {
    let signed = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signed.starts_with("AWS4-HMAC-SHA256 ") || !signed.contains("/ses/aws4_request") {
        return refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    }
    match parse(body) {
        Ok(mail) => {
            kept.taken.push(mail);
            Json(json!({"MessageId": format!("mail-{}", kept.taken.len())})).into_response()
        }
        Err(why) => refusal(400, "BadRequestException", &why),
    }
}

/// An error in SES's shape.
fn refusal(status: u16, code: &str, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("x-amzn-errortype", code)], Json(json!({"message": words}))).into_response()
}

/// What the SDK sends of a plain mail; other fields are refused.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    content: EmailContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EmailContent {
    simple: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Message {
    subject: Content,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    text: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    data: String,
    charset: String,
}

fn parse(body: &Bytes) -> Result<TakenMail, String> {
    let mail: SendEmail = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let Message { subject, body } = mail.content.simple;
    let [to] =
        <[String; 1]>::try_from(mail.destination.to_addresses).map_err(|all| format!("{} recipients", all.len()))?;
    if [&subject, &body.text].iter().any(|content| content.charset != "UTF-8") {
        return Err("the charset is not UTF-8".to_owned());
    }
    if subject.data.contains(char::is_control) {
        return Err("the subject has a control character".to_owned());
    }
    Ok(TakenMail { from: mail.from_email_address, to, subject: subject.data, text: body.text.data })
}
