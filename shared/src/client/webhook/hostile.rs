//! Addresses of an attacker: each is refused as text or leads nowhere, as seen by the resolver and a listener.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;

use super::*;
use crate::client::address::AddressPolicy;
use crate::client::address::hostile::sites::sites;

/// Webhooks as deployed, except for a resolver that leads every name to loopback and remembers the names.
fn webhooks() -> (Webhooks, Arc<Mutex<Vec<String>>>) {
    let resolved = Arc::<Mutex<Vec<String>>>::default();
    let names = Arc::clone(&resolved);
    let lookup = move |name: String| {
        names.lock().unwrap().push(name);
        async { Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]) }
    };
    (Webhooks::new(Http::build_with(AddressPolicy::Vendor, Webhooks::limits(), lookup).unwrap()), resolved)
}

#[tokio::test]
async fn no_hostile_address_is_connected_to_and_no_ip_address_is_resolved_as_a_name() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (webhooks, resolved) = webhooks();
    let secret = WebhookSecret::generate();
    let sites = sites(trap.local_addr().unwrap().port());
    assert!(sites.len() > 300, "{}", sites.len());
    let (mut refused, mut called) = (0, 0);
    for text in sites.iter().flat_map(|site| [site.clone(), format!("https://{site}"), format!("https://{site}/a")]) {
        let Ok(address) = WebhookAddress::parse(&text, AddressPolicy::Vendor) else {
            refused += 1;
            continue;
        };
        called += 1;
        let failure = webhooks.send(&address, &secret, "alert_1", Timestamp::UNIX_EPOCH, "{}").await;
        assert_eq!(failure, Err(WebhookFailure::NoPublicAddress), "{text:?}");
        let names = std::mem::take(&mut *resolved.lock().unwrap());
        let host = address.host();
        assert_eq!(names, [host.split(':').next().unwrap()], "{text:?}");
        assert!(names[0].parse::<IpAddr>().is_err(), "{text:?}");
    }
    // Both outcomes occur: not every text is refused, since a partner may use any public name.
    assert!(refused > 1000 && called > 10, "{refused} refused, {called} called");
    assert!(tokio::time::timeout(Duration::from_millis(20), trap.accept()).await.is_err(), "somebody came");
}

#[tokio::test]
async fn an_unknown_name_is_not_reported_as_a_private_address() {
    let lookup = |_| async { Err(std::io::Error::other("failed to lookup address information")) };
    let http = Http::build_with(AddressPolicy::Vendor, Webhooks::limits(), lookup).unwrap();
    let address = WebhookAddress::parse("https://hooks.example.com/a", AddressPolicy::Vendor).unwrap();
    let secret = WebhookSecret::generate();
    let failure = Webhooks::new(http).send(&address, &secret, "alert_1", Timestamp::UNIX_EPOCH, "{}").await;
    assert_eq!(failure, Err(WebhookFailure::UnknownHost));
}

#[tokio::test]
async fn an_id_that_would_add_a_header_is_not_sent() {
    let (webhooks, resolved) = webhooks();
    let address = WebhookAddress::parse("https://hooks.example.com/a", AddressPolicy::Vendor).unwrap();
    let id = "alert_1\r\nx-canary: 1";
    let failure = webhooks.send(&address, &WebhookSecret::generate(), id, Timestamp::UNIX_EPOCH, "{}").await;
    assert_eq!(failure, Err(WebhookFailure::Unsendable));
    assert!(resolved.lock().unwrap().is_empty());
}
