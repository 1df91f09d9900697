//! Addresses that a partner may enter, and those that only look like them.

use super::*;

fn parse(site: &str) -> Result<String, AddressError> {
    PsaAddress::parse(site, &AddressRules::default()).map(|address| address.host())
}

#[test]
fn a_cloud_host_is_accepted_with_and_without_its_prefix() {
    for (site, host) in [
        ("na.myconnectwise.net", "api-na.myconnectwise.net"),
        ("api-na.myconnectwise.net", "api-na.myconnectwise.net"),
        (" https://EU.myconnectwise.net/ ", "api-eu.myconnectwise.net"),
        ("https://api-au.myconnectwise.net:443", "api-au.myconnectwise.net"),
        ("za.myconnectwise.net", "api-za.myconnectwise.net"),
        ("staging.connectwisedev.com", "api-staging.connectwisedev.com"),
    ] {
        assert_eq!(parse(site).as_deref(), Ok(host), "{site}");
    }
}

#[test]
fn other_hosts_than_the_clouds_are_refused() {
    for site in [
        "",
        "https://",
        "http://na.myconnectwise.net",
        "ftp://na.myconnectwise.net",
        "file:///etc/passwd",
        "na.myconnectwise.net.",
        "na.myconnectwise.net.evil.example",
        "evil-na.myconnectwise.net",
        "myconnectwise.net",
        "na.myconnectwise.net@evil.example",
        "https://user:word@na.myconnectwise.net",
        "na.myconnectwise.net/path",
        "na.myconnectwise.net?x=1",
        "na.myconnectwise.net#x",
        "na.myconnectwise.net:8443",
        "na.myconnectwise.net\\@evil.example",
        "na.myconnectwise.net\r\nHost: evil.example",
        "na.my\tconnectwise.net",
        "ñа.myconnectwise.net",
        "169.254.169.254",
        "https://127.0.0.1",
        "http://127.0.0.1:9010",
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "[::1]",
        "[::ffff:169.254.169.254]",
        "metadata.google.internal",
    ] {
        assert!(parse(site).is_err(), "{site:?} was let through");
    }
}

#[test]
fn an_allowed_host_is_accepted_with_exactly_its_port() {
    let rules = AddressRules {
        allowed_hosts: vec!["psa.example.com:8443".into(), "10.0.0.1".into()],
        ..AddressRules::default()
    };
    let parse = |site| PsaAddress::parse(site, &rules);
    assert_eq!(parse("PSA.example.com:8443").unwrap().host(), "psa.example.com:8443");
    assert!(parse("psa.example.com").is_err());
    assert!(parse("http://psa.example.com:8443").is_err());
    assert_eq!(parse("10.0.0.1"), Err(AddressError::IpAddress));
}

#[test]
fn loopback_is_accepted_only_where_simulators_are_allowed() {
    let rules = AddressRules { policy: AddressPolicy::VendorAndLoopback, ..AddressRules::default() };
    for site in ["http://127.0.0.1:9010", "https://localhost:9010", "http://[::1]:1"] {
        assert!(PsaAddress::parse(site, &rules).is_ok(), "{site}");
    }
    for site in ["http://10.0.0.1", "http://evil.example", "http://169.254.169.254"] {
        assert!(PsaAddress::parse(site, &rules).is_err(), "{site}");
    }
}

#[test]
fn the_loopback_policy_refuses_the_vendor_too() {
    let allowed_hosts = vec!["psa.example.com".into()];
    let rules = AddressRules { policy: AddressPolicy::Loopback, allowed_hosts };
    assert!(PsaAddress::parse("http://127.0.0.1:9010", &rules).is_ok());
    for site in ["na.myconnectwise.net", "psa.example.com", "10.0.0.1"] {
        assert!(matches!(PsaAddress::parse(site, &rules), Err(AddressError::NotAllowed { .. })), "{site}");
    }
}

#[test]
fn segments_are_escaped_and_the_rest_is_kept() {
    let address = PsaAddress::parse("na.myconnectwise.net", &AddressRules::default()).unwrap();
    let url = address.join(&["login", "companyinfo", "a/b c"], "").unwrap();
    assert_eq!(url.as_str(), "https://api-na.myconnectwise.net/login/companyinfo/a%2Fb%20c");
}
