//! A PSA that is stopped and started again.

use serde_json::json;
use simulators::connectwise::{ConnectWise, Settings};

use crate::connectwise::world::World;

#[tokio::test]
async fn a_saved_psa_is_found_again_with_its_ids_keys_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("psa.json");
    let mut world = World::new().await;
    let line = json!({"product": {"id": 1}, "billCustomer": "Billable", "quantity": 5});
    world.post("/finance/agreements/1/additions", line.clone()).await.expect(201);
    world.delete("/finance/agreements/1/additions/1").await.expect(204);
    let before = world.get("/finance/agreements/1").await.expect(200);
    world.psa.save(&file).unwrap();

    let again = ConnectWise::open(Settings::default(), &file).unwrap().unwrap();
    world.server = again.start(0).await.unwrap();
    world.psa = again;
    let after = world.get("/finance/agreements/1").await.expect(200);
    assert_eq!((&after["name"], &after["_info"]), (&before["name"], &before["_info"]));
    assert_eq!(world.psa.writes().len(), 2);
    assert_eq!(world.post("/finance/agreements/1/additions", line).await.expect(201)["id"], 2, "ids are used once");
    let twin = world.post("/company/companies", json!({"identifier": "ADL", "name": "Twin"})).await;
    assert_eq!(twin.field_errors(), ["ObjectExists identifier"]);
}

#[test]
fn a_file_that_is_not_there_is_no_psa_and_one_that_is_broken_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("psa.json");
    assert!(ConnectWise::open(Settings::default(), &file).unwrap().is_none());
    std::fs::write(&file, "{\"rows\":").unwrap();
    let broken = ConnectWise::open(Settings::default(), &file).err().unwrap().to_string();
    assert!(broken.contains("delete it to start afresh"), "{broken}");
}

#[tokio::test]
async fn the_standing_data_answers_any_client() {
    let psa = ConnectWise::standing_data().unwrap();
    assert_eq!(psa.records(simulators::connectwise::Collection::Companies, 0).len(), 8);
    assert_eq!(psa.additions(1).len(), 2);
    assert!(psa.writes().is_empty());
}

#[tokio::test]
async fn five_thousand_agreements_of_thirty_additions_list_one_agreement_without_touching_the_others() {
    let world = World::new().await;
    for number in 2..=5_000 {
        let agreement = world.psa.add_agreement(1, world.agreement_type, &format!("A{number}"), json!({})).unwrap();
        if agreement % 250 == 0 {
            for _ in 0..30 {
                world.psa.add_addition(agreement, 1, 3, json!({})).unwrap();
            }
        }
    }
    let started = std::time::Instant::now();
    for _ in 0..200 {
        assert_eq!(world.psa.additions(2_500).len(), 30);
    }
    let each = started.elapsed() / 200;
    assert!(each < std::time::Duration::from_millis(5), "{each:?} to show the 30 additions of one agreement");
}
