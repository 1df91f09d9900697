//! Both kinds of paging.

use reqwest::Method;
use serde_json::{Value, json};
use simulators::connectwise::Settings;
use simulators::connectwise::settings::wire::{Links, WireReadings};

use crate::connectwise::world::{Answer, World, send};

/// A world with `count` companies, "C001" the first after Adler Bakery.
async fn with_companies(count: u32) -> World {
    let world = World::new().await;
    for number in 1..count {
        world.psa.add_company(&format!("C{number:04}"), &format!("Company {number}")).unwrap();
    }
    world
}

fn ids(answer: &Value) -> Vec<u64> {
    answer.as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
}

async fn forward(world: &World, query: &[(&str, &str)]) -> Answer {
    let call = world.call(Method::GET, "/company/companies").query(query);
    send(call.header("pagination-type", "forward-only")).await
}

#[tokio::test]
async fn a_page_has_25_records_unless_told_and_1000_at_most() {
    let world = with_companies(1_050).await;
    for (size, expected) in [(None, 25), (Some("50"), 50), (Some("5000"), 1_000), (Some("0"), 25), (Some("x"), 25)] {
        let query: Vec<_> = size.map(|size| ("pageSize", size)).into_iter().collect();
        let page = world.list("/company/companies", &query).await.expect(200);
        assert_eq!(page.as_array().unwrap().len(), expected, "{size:?}");
    }
}

#[tokio::test]
async fn a_page_past_the_end_is_an_empty_list() {
    let world = with_companies(3).await;
    assert_eq!(world.list("/company/companies", &[("page", "9")]).await.expect(200), json!([]));
}

/// The relations of a `Link` header in order, each with its page.
fn relations(answer: &Answer) -> Vec<(String, String)> {
    let links = answer.link().unwrap().split(", ").filter(|link| !link.is_empty());
    let parts = links.map(|link| link.strip_suffix('"').unwrap().split_once(">; rel=\"").unwrap());
    parts.map(|(url, relation)| (relation.to_owned(), url.rsplit_once("&page=").unwrap().1.to_owned())).collect()
}

async fn page_of_four(world: &World, page: &str) -> Answer {
    world.list("/company/companies", &[("page", page), ("pageSize", "50")]).await
}

#[tokio::test]
async fn the_link_has_first_and_last_always_and_the_page_as_the_last_parameter() {
    let world = with_companies(170).await;
    let query = [("page", "1"), ("conditions", "id > 0"), ("pageSize", "50")];
    let first = world.list("/company/companies", &query).await;
    let url = format!("{}?conditions=id+%3E+0&pageSize=50&page=", world.url("/company/companies"));
    let expected = format!("<{url}1>; rel=\"first\", <{url}2>; rel=\"next\", <{url}4>; rel=\"last\"");
    assert_eq!(first.link(), Some(expected.as_str()));
    for (page, expected) in [
        ("2", vec![("first", "1"), ("prev", "1"), ("next", "3"), ("last", "4")]),
        ("4", vec![("last", "4"), ("first", "1"), ("prev", "3")]),
        ("9", vec![("last", "4"), ("first", "1"), ("prev", "4")]),
    ] {
        let found = relations(&page_of_four(&world, page).await);
        let found: Vec<_> = found.iter().map(|(relation, page)| (relation.as_str(), page.as_str())).collect();
        assert_eq!(found, expected, "page {page}");
    }
    let single = world.list("/company/companies", &[("pageSize", "500")]).await;
    assert_eq!(relations(&single), [("last", "1"), ("first", "1")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    let empty = world.list("/company/companies", &[("conditions", "id > 9000")]).await;
    assert_eq!(relations(&empty), [("last", "1"), ("first", "1")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}

/// One public client turns the page while the header ends in `rel="last"`.
#[tokio::test]
async fn the_header_ends_in_last_where_a_page_follows_and_nowhere_else() {
    let world = with_companies(170).await;
    for (page, more) in [("1", true), ("3", true), ("4", false), ("5", false)] {
        let answer = page_of_four(&world, page).await;
        assert_eq!(answer.link().unwrap().ends_with("rel=\"last\""), more, "page {page}");
    }
}

#[tokio::test]
async fn links_where_they_lead_name_no_last_page_on_the_last_and_are_empty_on_a_single_one() {
    let wire = WireReadings { links: Links::WhereTheyLead, ..WireReadings::default() };
    let world = World::with(Settings { wire, ..Settings::default() }).await;
    for number in 1..170 {
        world.psa.add_company(&format!("C{number:04}"), &format!("Company {number}")).unwrap();
    }
    for (page, expected) in [
        ("1", vec!["next", "last"]),
        ("2", vec!["first", "prev", "next", "last"]),
        ("4", vec!["first", "prev"]),
        ("9", vec!["first", "prev"]),
    ] {
        let found = relations(&page_of_four(&world, page).await);
        assert_eq!(found.iter().map(|(relation, _)| relation).collect::<Vec<_>>(), expected, "page {page}");
    }
    assert_eq!(world.list("/company/companies", &[("pageSize", "500")]).await.link(), Some(""));
}

#[tokio::test]
async fn the_next_links_lead_through_every_record_once() {
    let world = with_companies(130).await;
    let mut seen = Vec::new();
    let mut next = Some("/company/companies?pageSize=40&orderBy=name desc".to_owned());
    while let Some(path) = next {
        let page = world.get(&path).await;
        let link =
            page.link().unwrap_or_default().split(", ").find(|link| link.ends_with("rel=\"next\"")).map(str::to_owned);
        next = link.map(|link| link[1..link.find('>').unwrap()].replace(&world.url(""), ""));
        seen.extend(ids(&page.expect(200)));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=130).collect::<Vec<u64>>());
}

#[tokio::test]
async fn forward_only_goes_on_after_an_id_and_always_has_a_link_that_is_empty_at_the_end() {
    let world = with_companies(60).await;
    let first = forward(&world, &[("pageSize", "40")]).await;
    let expected = format!("<{}?pageSize=40&pageId=40>; rel=\"next\"", world.url("/company/companies"));
    assert_eq!(first.link(), Some(expected.as_str()));
    let last = forward(&world, &[("pageSize", "40"), ("pageId", "40")]).await;
    assert_eq!(last.link(), Some(""));
    assert_eq!(ids(&last.expect(200)), (41..=60).collect::<Vec<u64>>());
    let empty = forward(&world, &[("pageId", "60")]).await;
    assert_eq!(empty.link(), Some(""));
    assert_eq!(empty.expect(200), json!([]));
}

#[tokio::test]
async fn forward_only_knows_no_order_and_keeps_its_conditions() {
    let world = with_companies(9).await;
    let query = [("orderBy", "id desc"), ("conditions", "id > 4"), ("pageSize", "3")];
    assert_eq!(ids(&forward(&world, &query).await.expect(200)), [5, 6, 7]);
}

#[tokio::test]
async fn a_page_id_without_the_header_is_ignored() {
    let world = with_companies(5).await;
    let page = world.list("/company/companies", &[("pageId", "3")]).await.expect(200);
    assert_eq!(ids(&page), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn count_answers_the_number_of_records_that_fit() {
    let world = with_companies(12).await;
    let query = [("conditions", "identifier like \"C000*\"")];
    assert_eq!(world.list("/company/companies/count", &query).await.expect(200), json!({"count": 9}));
    assert_eq!(world.get("/finance/agreements/1/additions/count").await.expect(200), json!({"count": 0}));
}
