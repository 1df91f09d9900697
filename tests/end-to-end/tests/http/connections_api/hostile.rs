//! Addresses of an attacker, given to a save and to a test: none is connected to.

use std::time::Duration;

use connections::{World, app};
use local_stack::api::asking::options;
use serde_json::json;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::ConnectionOptions;
use shared::client::http::{Http, HttpLimits};
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use tokio::net::TcpListener;

use super::hostile_sites::sites;
use super::served::{CLIENT_ID, CONNECTWISE, Noon, admin};

#[tokio::test]
async fn no_hostile_address_is_called_by_a_save_or_a_test() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // As it is deployed, with a host of a partner's own allowed.
    let rules = AddressRules { policy: AddressPolicy::Vendor, allowed_hosts: vec!["psa.example.com".into()] };
    let http = Http::build(AddressPolicy::Vendor, HttpLimits::default()).unwrap();
    let options_ = ConnectionOptions::new(http, rules).unwrap();
    let world = World { store: MemoryStore::default(), seal: LocalSeal::ephemeral(), clock: Noon, options: options_ };
    let app = app(world, options());
    let sites = sites(trap.local_addr().unwrap().port());
    assert!(sites.len() > 300, "{}", sites.len());
    for site in &sites {
        let connection = json!({
            "site": site, "company": "acme", "publicKey": "public", "privateKey": "private", "clientId": CLIENT_ID,
        });
        let save = json!({"connection": connection, "timeZone": "UTC"});
        let asked = [
            admin(1).ask(&app, &format!("PUT {CONNECTWISE}"), &[("if-match", "*")], Some(&save)).await,
            admin(1)
                .ask(&app, &format!("POST {CONNECTWISE}/test"), &[], Some(&json!({"connection": connection})))
                .await,
        ];
        for answered in asked {
            let told = (answered.status.as_u16(), answered.code().to_owned());
            let allowed = [(422, "addressNotAllowed"), (400, "invalidRequest")];
            assert!(allowed.iter().any(|(status, code)| told == (*status, (*code).to_owned())), "{site:?}: {told:?}");
            assert_eq!(answered.header("content-type"), "application/problem+json");
        }
    }
    assert!(tokio::time::timeout(Duration::from_millis(50), trap.accept()).await.is_err(), "somebody came");
}
