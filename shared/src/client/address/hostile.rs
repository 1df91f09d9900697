//! Addresses of an attacker: none is resolved or connected to, as seen by the resolver and a listener.

pub(in crate::client) mod sites;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;

use self::sites::sites;
use super::*;
use crate::client::connectwise::{ConnectWise, ConnectWiseOptions};
use crate::client::credentials::ConnectWiseCredentials;
use crate::client::http::{Http, HttpLimits};
use crate::client::retry::RetryPolicy;

/// A listener that nothing may reach, and a resolver that leads every name to `leads_to`.
struct Trap {
    listener: TcpListener,
    resolved: Arc<Mutex<Vec<String>>>,
    leads_to: Vec<IpAddr>,
}

impl Trap {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, resolved: Arc::default(), leads_to: vec![Ipv4Addr::LOCALHOST.into()] }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    fn options(&self, allowed_hosts: Vec<String>) -> ConnectWiseOptions {
        let (resolved, leads_to) = (Arc::clone(&self.resolved), self.leads_to.clone());
        let lookup = move |name: String| {
            resolved.lock().unwrap().push(name);
            let found: Vec<SocketAddr> = leads_to.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
            async move { Ok(found) }
        };
        let http = Http::build_with(AddressPolicy::Vendor, HttpLimits::default(), lookup).unwrap();
        let options = ConnectWiseOptions::new(http, AddressRules { allowed_hosts, ..AddressRules::default() });
        ConnectWiseOptions { reads: RetryPolicy { attempts: 1, ..options.reads }, ..options }
    }

    async fn is_untouched(&self) -> bool {
        tokio::time::timeout(Duration::from_millis(20), self.listener.accept()).await.is_err()
    }
}

fn credentials(site: &str) -> ConnectWiseCredentials {
    ConnectWiseCredentials {
        site: site.to_owned(),
        company: "acme".to_owned(),
        public_key: "public".into(),
        private_key: "private".into(),
        client_id: "00000000-0000-4000-8000-000000000000".into(),
    }
}

#[tokio::test]
async fn no_hostile_address_is_resolved_or_connected_to() {
    let trap = Trap::new().await;
    let options = trap.options(vec!["psa.example.com".into()]);
    let sites = sites(trap.port());
    assert!(sites.len() > 300, "{}", sites.len());
    for site in &sites {
        let refused = ConnectWise::connect(&credentials(site), &options).await;
        assert!(refused.is_err(), "{site:?} was let through");
        assert_eq!(*trap.resolved.lock().unwrap(), Vec::<String>::new(), "{site:?} was looked up");
    }
    assert!(trap.is_untouched().await);
}

#[tokio::test]
async fn an_allowed_name_with_a_private_address_is_resolved_and_never_connected_to() {
    for inside in [
        "127.0.0.1",
        "127.255.0.7",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.31.0.1",
        "192.168.0.1",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "2001:0:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
    ] {
        let trap = Trap { leads_to: vec![inside.parse().unwrap(), Ipv4Addr::LOCALHOST.into()], ..Trap::new().await };
        let site = format!("psa.example.com:{}", trap.port());
        let options = trap.options(vec![site.clone()]);
        let error = ConnectWise::connect(&credentials(&site), &options).await.unwrap_err();
        assert!(error.to_string().contains("psa.example.com leads to no public address"), "{inside}: {error}");
        assert_eq!(*trap.resolved.lock().unwrap(), ["psa.example.com"]);
        assert!(trap.is_untouched().await, "{inside}");
    }
}

#[tokio::test]
async fn a_cloud_host_is_resolved_by_exactly_the_vendors_name() {
    for (site, name) in [
        ("na.myconnectwise.net", "api-na.myconnectwise.net"),
        ("HTTPS://API-EU.myconnectwise.net:443/", "api-eu.myconnectwise.net"),
    ] {
        let trap = Trap::new().await;
        let options = trap.options(Vec::new());
        assert!(ConnectWise::connect(&credentials(site), &options).await.is_err());
        assert_eq!(*trap.resolved.lock().unwrap(), [name]);
    }
}

#[tokio::test]
async fn no_redirect_is_followed_whatever_its_status() {
    let policy = AddressPolicy::VendorAndLoopback;
    for status in [301, 302, 303, 307, 308] {
        let trap = Trap::new().await;
        let server = wiremock::MockServer::start().await;
        let target = format!("http://127.0.0.1:{}/login/companyinfo/acme", trap.port());
        let answer = wiremock::ResponseTemplate::new(status).insert_header("Location", target.as_str());
        wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
        let http = Http::build(policy, HttpLimits::default()).unwrap();
        let options = ConnectWiseOptions::new(http, AddressRules { policy, ..AddressRules::default() });
        let options = ConnectWiseOptions { reads: RetryPolicy { attempts: 1, ..options.reads }, ..options };
        assert!(ConnectWise::connect(&credentials(&server.uri()), &options).await.is_err());
        assert!(trap.is_untouched().await, "{status}");
    }
}
