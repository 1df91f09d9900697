//! A person's text never becomes more than one literal of the condition that reaches ConnectWise.

use shared::domain::search::SearchText;
use simulators::connectwise::conditions::parse;
use simulators::hostile_text::{Recorder, taken_apart, texts};

use super::world::{World, partner, reader};

const TEXTS: usize = 1_000;
/// Another seed gives other texts; a failure names the text.
const SEED: u64 = 20_261_124;

#[tokio::test]
async fn a_thousand_hostile_texts_are_refused_with_advice_or_stay_one_literal_of_the_same_condition() {
    let (world, recorder) = (World::new(), Recorder::start().await.unwrap());
    world.connect(partner(1), recorder.running.url()).await;
    let templates = [
        ("products", "inactiveFlag=false and (identifier contains 'mark' or description contains 'mark')"),
        ("companies", "deletedFlag=false and (name contains 'mark' or identifier contains 'mark')"),
    ];
    let templates = templates.map(|(what, template)| (what, parse(template).unwrap()));
    let (mut searched, mut refused) = (0, 0);
    for typed in texts(SEED, TEXTS) {
        // What was found for the text before is not kept for as long.
        world.pass(31);
        for (what, template) in &templates {
            let answered = world.find(&reader(1), what, &typed).await;
            let conditions = recorder.take();
            if answered.status == 400 {
                let known = ["searchTooShort", "searchTextUnusable", "invalidRequest"];
                assert!(known.contains(&answered.code()), "seed {SEED}, {typed:?}: {:?}", answered.body);
                assert_eq!(answered.body["errors"][0]["parameter"], "text", "seed {SEED}, {typed:?}");
                assert!(answered.body["advice"].as_str().is_some_and(|advice| !advice.is_empty()));
                assert_eq!(conditions, Vec::<String>::new(), "seed {SEED}, {typed:?}");
                refused += 1;
                continue;
            }
            assert_eq!((answered.status.as_u16(), conditions.len()), (200, 1), "seed {SEED}, {typed:?}");
            let read = parse(&conditions[0]).unwrap_or_else(|wrong| panic!("seed {SEED}, {typed:?}: {wrong}"));
            let (tree, texts) = taken_apart(read);
            let text = SearchText::parse(&typed).unwrap();
            assert_eq!((&tree, texts), (template, vec![text.to_string(); 2]), "seed {SEED}, {typed:?}");
            searched += 1;
        }
    }
    assert_eq!(searched + refused, 2 * TEXTS);
    assert!(searched > 400 && refused > 400, "{searched} searched, {refused} refused");
}
