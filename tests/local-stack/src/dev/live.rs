//! `cargo dev -- --live`: a partner's first hour with its real ConnectWise and its real Sophos Central, and what scripts
//! need after it.
//!
//! Each step is a call of the HTTP API in this process, so that what is checked, kept for the audit and said is the API's
//! own. Writes are on for as long as an apply lasts, and never else.

mod args;
mod connect;
mod environment;
mod keys;
mod lines;
mod look;
mod map;
mod output;
mod overview;
mod prompt;
mod runs;

use std::io;
use std::process::ExitCode;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::decision::Verdict;

pub use self::args::LiveArgs;
use self::args::{Combine, Held, LiveCommand, ReadAs};
use self::connect::Session;
use self::output::{Output, Shown};
use crate::stack::{Live, Refused, StackError};

/// The exit code of what could not be done.
const NOT_DONE: u8 = 2;
/// The exit code of what Ctrl-C stopped, as shells have it.
const STOPPED: u8 = 130;

/// A step could not be done.
#[derive(Debug, thiserror::Error)]
enum LiveError {
    /// The stack on this machine failed.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The API refuses.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// A service does not take the keys, or cannot be asked.
    #[error("{told}")]
    NotConnected {
        /// The verdicts of both, with advice.
        told: String,
        /// The same for programs.
        document: Value,
    },
    /// The terminal cannot be used.
    #[error("the terminal could not be used: {0}")]
    Terminal(io::Error),
    /// What was asked for cannot be done.
    #[error("{0}")]
    Said(String),
}

impl From<Refused> for LiveError {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl LiveError {
    /// The error for programs.
    fn document(&self) -> Value {
        match self {
            Self::Refused(refused) => json!({ "error": self.to_string(), "problem": refused.problem }),
            Self::NotConnected { told, document } => json!({ "error": told, "connections": document }),
            Self::Stack(_) | Self::Terminal(_) | Self::Said(_) => json!({ "error": self.to_string() }),
        }
    }
}

/// Does what `args` say. Ctrl-C stops it in order at any time.
pub async fn live(args: LiveArgs) -> ExitCode {
    let output = Output::new(args.json);
    let ended = match open(&args).await {
        Ok(mut live) => {
            let worked = tokio::select! {
                worked = work(&mut live, &args, &output) => worked.map(Some),
                stopped = tokio::signal::ctrl_c() => stopped.map(|()| None).map_err(LiveError::Terminal),
            };
            let closed = close(live).await;
            worked.and_then(|shown| closed.map(|()| shown))
        }
        Err(error) => Err(error),
    };
    let shown = match ended {
        Ok(Some(shown)) => output.end(&shown).map(|()| ExitCode::from(u8::from(shown.attention))),
        Ok(None) => {
            eprintln!("Stopped; say it again to go on where it stopped.");
            Ok(ExitCode::from(STOPPED))
        }
        Err(error) => output.fail(&error).map(|()| ExitCode::from(NOT_DONE)),
    };
    shown.unwrap_or_else(|error| {
        eprintln!("What came of it could not be written: {error}");
        ExitCode::from(NOT_DONE)
    })
}

async fn open(args: &LiveArgs) -> Result<Live, LiveError> {
    let options = environment::connection_options(&args.psa_host)?;
    Ok(Live::open(&args.data, options).await?)
}

/// Writes go off first, whatever way an apply has ended.
async fn close(live: Live) -> Result<(), LiveError> {
    let off = match live.partner() {
        Some(partner) => switch_writes(&Session::new(&live, partner)?, false).await,
        None => Ok(()),
    };
    live.close().await?;
    off
}

async fn work(live: &mut Live, args: &LiveArgs, output: &Output) -> Result<Shown, LiveError> {
    let (session, connected) = connect::connect(live, connect::Thoroughly::of(args.command.as_ref())).await?;
    // An apply that was killed left them on.
    switch_writes(&session, false).await?;
    let session = &session;
    match &args.command {
        None => overview::overview(session, args, output, &connected).await,
        Some(LiveCommand::Connect) => Ok(connected),
        Some(LiveCommand::Customers { text, unmapped }) => look::customers(session, text.as_deref(), *unmapped).await,
        Some(LiveCommand::Products { text, unmapped }) => look::products(session, text.as_deref(), *unmapped).await,
        Some(LiveCommand::Companies { text }) => look::companies(session, text).await,
        Some(LiveCommand::Agreements { company }) => look::agreements(session, company).await,
        Some(LiveCommand::PsaProducts { text }) => look::psa_products(session, text).await,
        Some(LiveCommand::MapCustomer { customer, company, agreement }) => {
            map::customer(session, customer, Some((company, agreement))).await
        }
        Some(LiveCommand::UnmapCustomer { customer }) => map::customer(session, customer, None).await,
        Some(LiveCommand::MapProduct { code, product, combine }) => {
            map::product(session, code, Some((product, *combine))).await
        }
        Some(LiveCommand::UnmapProduct { code }) => map::product(session, code, None).await,
        Some(LiveCommand::Preview) => runs::preview(session, args).await,
        Some(LiveCommand::Apply { preview }) => runs::apply(session, args, output, preview.as_ref()).await,
        Some(LiveCommand::Runs) => runs::list(session).await,
        Some(LiveCommand::Lines { run }) => runs::lines(session, run.as_ref()).await,
        Some(LiveCommand::Holds) => runs::holds(session, args).await,
        Some(LiveCommand::UsageLines { customer, product, run }) => {
            lines::usage_lines(session, customer, product.as_deref(), run.as_ref()).await
        }
        Some(LiveCommand::Release { hold, reading }) => {
            runs::decide(session, args, hold, (Verdict::Release, reading.map(ReadAs::reading))).await
        }
        Some(LiveCommand::Reject { hold }) => runs::decide(session, args, hold, (Verdict::Reject, None)).await,
        Some(LiveCommand::Call { method, path, body, if_match }) => {
            look::call(session, method, path, *body, if_match.as_deref()).await
        }
    }
}

/// Switches writes as they are to be, if they are not.
async fn switch_writes(session: &Session<'_>, on: bool) -> Result<(), LiveError> {
    const PATH: &str = "/v1/connections/writes";
    let now = session.api.get(PATH, &[]).await?;
    if now.body["writes"] != json!(on) {
        session.api.send(Method::PUT, PATH, Some(&json!({ "writes": on })), now.etag.as_deref()).await?;
    }
    Ok(())
}
