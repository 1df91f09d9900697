//! Injection texts, and a server that records the conditions it receives.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::connectwise::conditions::{Condition, Literal};
use crate::simulator::serve::{Running, serve};

/// Fragments of injection texts and unusual names.
const PIECES: [&str; 34] = [
    "\"",
    "'",
    "\\",
    "''",
    "\"\"",
    "\\\"",
    "\\'",
    " or ",
    " and ",
    " OR 1=1",
    "' or '1'='1",
    "\" or id>0 or \"",
    ") or (id>0",
    "(",
    ")",
    "[",
    "]",
    "[a-z]",
    "%",
    "*",
    "_",
    "%25",
    "%22",
    "&pageId=9",
    "#",
    "\0",
    "\n",
    "\u{202e}",
    "\u{200f}\u{5d0}\u{5d1}",
    "é",
    "日本",
    "like",
    "null",
    "ab",
];

/// So many texts, the same for the same seed.
#[must_use]
pub fn texts(seed: u64, wanted: usize) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut texts = vec!["x".repeat(10_240), "\"".repeat(10_240), "a\0b".to_owned(), "' or 1=1".to_owned()];
    while texts.len() < wanted {
        let pieces = rng.random_range(1..6);
        texts.push((0..pieces).map(|_| PIECES[rng.random_range(0..PIECES.len())]).collect());
    }
    texts
}

/// The condition with every text in it replaced by a mark, and those texts.
#[must_use]
pub fn taken_apart(condition: Condition) -> (Condition, Vec<String>) {
    match condition {
        Condition::All(parts) => {
            let (parts, texts): (Vec<_>, Vec<_>) = parts.into_iter().map(taken_apart).unzip();
            (Condition::All(parts), texts.concat())
        }
        Condition::Any(parts) => {
            let (parts, texts): (Vec<_>, Vec<_>) = parts.into_iter().map(taken_apart).unzip();
            (Condition::Any(parts), texts.concat())
        }
        Condition::Term(mut term) => {
            let Literal::Text(text) = &mut term.literal else { return (Condition::Term(term), Vec::new()) };
            let text = std::mem::replace(text, "mark".to_owned());
            (Condition::Term(term), vec![text])
        }
    }
}

/// A server that finds nothing and keeps the conditions that it is asked with; its company id is `acme`.
pub struct Recorder {
    /// Where it is served.
    pub running: Running,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// Starts it at a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> std::io::Result<Self> {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let keep = move |RawQuery(query): RawQuery| async move {
            let query = query.unwrap_or_default();
            // On an error nothing is answered, and the test fails.
            assert!(query.len() < 1_900, "the URL is too long: {query}");
            let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
            let conditions = pairs.filter(|(name, _)| name == "conditions").map(|(_, text)| text);
            kept.lock().unwrap_or_else(PoisonError::into_inner).extend(conditions);
            axum::Json(serde_json::json!([]))
        };
        let info = || async { axum::Json(serde_json::json!({"Codebase": "v2025_1/"})) };
        let router = Router::new()
            .route("/login/companyinfo/acme", get(info))
            .route("/v2025_1/apis/3.0/procurement/catalog", get(keep.clone()))
            .route("/v2025_1/apis/3.0/company/companies", get(keep));
        Ok(Self { running: serve(router, 0).await?, asked })
    }

    /// The conditions since the last look.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
