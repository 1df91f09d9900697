//! A person's text never becomes more than one literal of a condition: held against a parser of that language.

use shared::client::connectwise::ConnectWise;
use shared::client::credentials::ConnectWiseCredentials;
use shared::domain::search::SearchText;
use shared::ports::PsaCatalogue;
use simulators::connectwise::conditions::parse;
use simulators::hostile_text::{Recorder, taken_apart, texts};

const TEXTS: usize = 1_000;
/// Another seed gives other texts; a failure names the text.
const SEED: u64 = 20_261_123;

#[tokio::test]
async fn a_thousand_hostile_texts_are_refused_or_stay_one_literal_of_the_same_condition() {
    let recorder = Recorder::start().await.unwrap();
    let credentials = ConnectWiseCredentials {
        site: recorder.running.url(),
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
    for typed in texts(SEED, TEXTS) {
        let Ok(text) = SearchText::parse(&typed) else { continue };
        client.search_products(&text, 10).await.unwrap();
        client.search_companies(&text, 10).await.unwrap();
        client.find_product_by_identifier(&typed).await.unwrap();
        let conditions = recorder.take();
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
    let recorder = Recorder::start().await.unwrap();
    let credentials = ConnectWiseCredentials {
        site: recorder.running.url(),
        company: "acme".to_owned(),
        public_key: "public".into(),
        private_key: "private".into(),
        client_id: "00000000-0000-4000-8000-000000000000".into(),
    };
    let client = ConnectWise::connect(&credentials, &super::options().connectwise).await.unwrap();
    for identifier in ["a\\b", "a\\", "5'11\"", "a\nb", "a\0"] {
        assert!(client.find_product_by_identifier(identifier).await.is_err(), "{identifier:?}");
    }
    assert_eq!(recorder.take(), Vec::<String>::new());
}
