//! A person's text never becomes more than one literal of a condition: held against a parser of that language.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use harness::connectwise::conditions::{Condition, Literal, parse};
use harness::simulator::serve::serve;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shared::client::connectwise::ConnectWise;
use shared::client::credentials::ConnectWiseCredentials;
use shared::domain::search::SearchText;
use shared::ports::PsaCatalogue;

const TEXTS: usize = 1_000;
/// Another seed gives other texts; a failure names the text.
const SEED: u64 = 20_261_123;

/// What attackers and unlucky names are made of.
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

fn texts() -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut texts = vec!["x".repeat(10_240), "\"".repeat(10_240), "a\0b".to_owned(), "' or 1=1".to_owned()];
    while texts.len() < TEXTS {
        let pieces = rng.random_range(1..6);
        texts.push((0..pieces).map(|_| PIECES[rng.random_range(0..PIECES.len())]).collect());
    }
    texts
}

/// The condition with every text in it replaced by a mark, and those texts.
fn taken_apart(condition: Condition) -> (Condition, Vec<String>) {
    match condition {
        Condition::All(parts) => {
            let (parts, texts): (Vec<_>, Vec<_>) = parts.into_iter().map(taken_apart).unzip();
            (Condition::All(parts), texts.concat())
        }
        Condition::Any(parts) => {
            let (parts, texts): (Vec<_>, Vec<_>) = parts.into_iter().map(taken_apart).unzip();
            (Condition::Any(parts), texts.concat())
        }
        Condition::Term(mut term) => match term.literal {
            Literal::Text(text) => {
                term.literal = Literal::Text("mark".to_owned());
                (Condition::Term(term), vec![text])
            }
            _ => (Condition::Term(term), Vec::new()),
        },
    }
}

/// A server that finds nothing and keeps the conditions that it is asked with.
async fn recorder() -> (harness::simulator::serve::Running, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let keep = move |RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        assert!(query.len() < 1_900, "the URL is too long: {query}");
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let conditions = pairs.into_iter().filter(|(name, _)| name == "conditions").map(|(_, text)| text);
        kept.lock().unwrap().extend(conditions);
        axum::Json(serde_json::json!([]))
    };
    let info = || async { axum::Json(serde_json::json!({"Codebase": "v2025_1/"})) };
    let router = Router::new()
        .route("/login/companyinfo/acme", get(info))
        .route("/v2025_1/apis/3.0/procurement/catalog", get(keep.clone()))
        .route("/v2025_1/apis/3.0/company/companies", get(keep));
    (serve(router, 0).await.unwrap(), asked)
}

#[tokio::test]
async fn a_thousand_hostile_texts_are_refused_or_stay_one_literal_of_the_same_condition() {
    let (running, asked) = recorder().await;
    let credentials = ConnectWiseCredentials {
        site: running.url(),
        company: "acme".to_owned(),
        public_key: "public".into(),
        private_key: "private".into(),
        client_id: "00000000-0000-4000-8000-000000000000".into(),
    };
    let client = ConnectWise::connect(&credentials, &super::options().connectwise).await.unwrap();
    let products = parse("inactiveFlag=false and (identifier contains 'mark' or description contains 'mark')").unwrap();
    let companies = parse("deletedFlag=false and (name contains 'mark' or identifier contains 'mark')").unwrap();
    let identified = parse("identifier='mark'").unwrap();
    let mut searched = 0;
    for typed in texts() {
        let Ok(text) = SearchText::parse(&typed) else { continue };
        client.search_products(&text, 10).await.unwrap();
        client.search_companies(&text, 10).await.unwrap();
        client.find_product_by_identifier(&typed).await.unwrap();
        let conditions: Vec<String> = asked.lock().unwrap().drain(..).collect();
        assert_eq!(conditions.len(), 3, "{typed:?}");
        for (condition, (template, times)) in conditions.iter().zip([(&products, 2), (&companies, 2), (&identified, 1)])
        {
            let read = parse(condition).unwrap_or_else(|wrong| panic!("seed {SEED}, {typed:?}: {condition}: {wrong}"));
            let (tree, texts) = taken_apart(read);
            assert_eq!(&tree, template, "seed {SEED}, {typed:?}: {condition}");
            assert_eq!(texts, vec![text.as_str(); times], "seed {SEED}, {typed:?}");
        }
        searched += 1;
    }
    assert!((200..TEXTS - 200).contains(&searched), "only {searched} of {TEXTS} texts were searched for");
}

#[tokio::test]
async fn what_cannot_be_looked_up_never_leaves() {
    let (running, asked) = recorder().await;
    let credentials = ConnectWiseCredentials {
        site: running.url(),
        company: "acme".to_owned(),
        public_key: "public".into(),
        private_key: "private".into(),
        client_id: "00000000-0000-4000-8000-000000000000".into(),
    };
    let client = ConnectWise::connect(&credentials, &super::options().connectwise).await.unwrap();
    for identifier in ["a\\b", "a\\", "5'11\"", "a\nb", "a\0"] {
        assert!(client.find_product_by_identifier(identifier).await.is_err(), "{identifier:?}");
    }
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}
