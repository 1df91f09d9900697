//! A ConnectWise database whose owner has left goes to another partner, and to nobody else's harm.

use connections::{World, app};
use jiff::Timestamp;
use local_stack::api::asking::options;
use serde_json::{Value, json};
use shared::ports::Clock;
use shared::store::{PsaDatabase, PsaOwner};
use simulators::connectwise::auth::{Credential, Role};

use super::served::{CONNECTWISE, Served, admin, calls, partner, refused};

/// More than two weeks after noon.
#[derive(Clone, Copy, Debug)]
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        "2026-12-08T12:00:00Z".parse().unwrap()
    }
}

fn key(private_key: &str, public_key: &str) -> Credential {
    Credential {
        company_id: "acme".to_owned(),
        public_key: public_key.to_owned(),
        private_key: private_key.to_owned(),
        member: "API".to_owned(),
        role: Role::integrator(),
    }
}

/// What partner 17 is answered when it saves its own keys, now and two weeks later.
async fn save(served: &Served, is_later: bool) -> (u16, Value) {
    let mut connection = served.connectwise_but("publicKey", "another-key-wxyz");
    connection["privateKey"] = json!("another");
    if !is_later {
        let answered = served.save(&admin(0x11), connection).await;
        return (answered.status.as_u16(), answered.body);
    }
    let (store, seal) = (served.store.clone(), served.seal.clone());
    let world = World { store, seal, clock: Later, options: calls(&served.sophos_url()) };
    let body = json!({"connection": connection, "timeZone": "Europe/Rome"});
    let head = format!("PUT {CONNECTWISE}");
    let answered = admin(0x11).ask(&app(world, options()), &head, &[("if-match", "*")], Some(&body)).await;
    (answered.status.as_u16(), answered.body)
}

#[tokio::test]
async fn a_database_of_an_owner_that_left_stayed_taken_for_ever() {
    let served = Served::new().await;
    served.psa.add_credential(key("another", "another-key-wxyz"));
    served.save(&admin(1), served.connectwise()).await;
    assert_eq!(served.switch(&admin(1), true).await.status, 200);
    let taken = |(status, body): (u16, Value)| (status, body["code"].as_str().unwrap_or_default().to_owned());

    assert_eq!(taken(save(&served, true).await), (409, "psaTaken".to_owned()), "its keys are still good");
    served.psa.add_credential(key("changed", "public-key-wxyz"));
    assert_eq!(taken(save(&served, false).await), (409, "psaTaken".to_owned()), "it worked within two weeks");
    assert!(served.writes(&admin(1)).await);

    let (status, body) = save(&served, true).await;
    assert_eq!(status, 200, "{body}");
    assert!(!body.to_string().contains(&partner(1).to_string()), "nobody is told whose it was");
    let host = served.site().strip_prefix("http://").unwrap().to_owned();
    let owner = served.store.find_psa_owner(partner(0x11), &PsaDatabase::new(&host, "acme")).await.unwrap();
    assert_eq!(owner, PsaOwner::Asker);
    let before = served.store.find_settings(partner(1)).await.unwrap().unwrap();
    assert!(!before.writes, "the owner before writes no more");
    assert_eq!(refused(&served.switch(&admin(1), true).await), (409, "psaTaken"));
}
