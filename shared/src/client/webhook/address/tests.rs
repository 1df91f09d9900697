//! Addresses that alerts may be sent to, and those that may not.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<WebhookAddress, WebhookAddressError> {
    WebhookAddress::parse(text, AddressPolicy::Vendor)
}

#[test]
fn an_address_is_called_as_the_partner_saved_it_with_its_path_and_query() {
    for (text, called, host) in [
        ("https://hooks.example.com", "https://hooks.example.com/", "hooks.example.com"),
        (" HTTPS://Hooks.Example.COM:443/A?b=C ", "https://hooks.example.com/A?b=C", "hooks.example.com"),
        ("https://hooks.example.com:8443/x", "https://hooks.example.com:8443/x", "hooks.example.com:8443"),
        ("https://xn--bcher-kva.example/@me", "https://xn--bcher-kva.example/@me", "xn--bcher-kva.example"),
        ("https://3com.example/?to=a@b://c", "https://3com.example/?to=a@b://c", "3com.example"),
    ] {
        let address = parse(text).unwrap();
        assert_eq!((address.expose(), address.host().as_str()), (called, host), "{text}");
    }
}

#[test]
fn an_address_of_any_other_form_is_refused_with_its_reason() {
    use WebhookAddressError::*;
    for (text, why) in [
        ("", NotAnAddress),
        ("hooks.example.com", NotAnAddress),
        ("//hooks.example.com", NotAnAddress),
        ("https://", NotAnAddress),
        ("https:hooks.example.com", NotAnAddress),
        ("https:/hooks.example.com", NotAnAddress),
        ("https:/hooks.example.com/://b.example", NotAnAddress),
        ("https:///hooks.example.com", NotAnAddress),
        ("https:\\\\hooks.example.com", NotAnAddress),
        ("https://hooks.example.com\\@evil.example", NotAnAddress),
        ("https://hooks.example.com/a b", NotAnAddress),
        ("https://hooks.exa\tmple.com", NotAnAddress),
        ("https://hooks.example.com\r\nHost: evil.example", NotAnAddress),
        ("https://hooks.example.com/ü", NotAnAddress),
        ("https://hooks。example.com/", NotAnAddress),
        ("https://hooks.example.com:99999/", NotAnAddress),
        ("https://1.2.3.4.5/", NotAnAddress),
        ("http://hooks.example.com/", NotHttps),
        ("ftp://hooks.example.com/", NotHttps),
        ("wss://hooks.example.com/", NotHttps),
        ("https://user@hooks.example.com/", UserOrPassword),
        ("https://user:word@hooks.example.com/", UserOrPassword),
        ("https://:word@hooks.example.com/", UserOrPassword),
        ("https://@hooks.example.com/", UserOrPassword),
        ("https://hooks.example.com@127.0.0.1/", UserOrPassword),
        ("https://hooks.example.com/#", Fragment),
        ("https://hooks.example.com/a#b", Fragment),
        ("https://hooks.example.com#@127.0.0.1/", Fragment),
        ("https://localhost/", NotAPublicName),
        ("https://localhost./", NotAPublicName),
        ("https://intranet/", NotAPublicName),
        ("https://hooks.example.com./", NotAPublicName),
        ("https://hooks..example.com/", NotAPublicName),
        ("https://.hooks.example.com/", NotAPublicName),
        ("https://-hooks.example.com/", NotAPublicName),
        ("https://hooks_a.example.com/", NotAPublicName),
        ("https://hooks!.example.com/", NotAPublicName),
        ("https://hooks%2eexample%2ecom/", NotAPublicName),
        ("https://hooks%E3%80%82example.com/", NotAPublicName),
    ] {
        assert_eq!(parse(text).map(|address| address.expose().to_owned()), Err(why), "{text:?}");
    }
}

#[test]
fn an_ip_address_is_refused_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0X7F.0.0.1",
        "017700000001",
        "0177.0.0.01",
        "127%2e0%2e0%2e1",
        "%31%32%37.0.0.1",
        "127%E3%80%820%E3%80%820%E3%80%821",
        "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1",
        "0",
        "169.254.169.254",
        "169.254.43518",
        "20.62.1.9",
        "[::1]",
        "[::]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2603:1030::1]",
    ] {
        for text in [format!("https://{host}"), format!("https://{host}:8443/a?b=c")] {
            assert_eq!(parse(&text), Err(WebhookAddressError::IpAddress), "{text}");
        }
    }
}

#[test]
fn an_address_has_at_most_500_characters_with_its_escapes() {
    let of = |sign: &str, count: usize| format!("https://hooks.example.com/{}", sign.repeat(count));
    let room = MAX_ADDRESS_CHARS - of("", 0).len();
    assert_eq!(parse(&of("a", room)).unwrap().expose().len(), MAX_ADDRESS_CHARS);
    assert_eq!(parse(&of("a", room + 1)), Err(WebhookAddressError::TooLong));
    assert_eq!(parse(&of("\"", room / 3 + 1)), Err(WebhookAddressError::TooLong), "three characters each");
    assert!(parse(&of("\"", room / 3)).is_ok());
}

#[test]
fn loopback_is_accepted_only_where_simulators_are_allowed() {
    let here = ["http://127.0.0.1:9010/a", "https://localhost:9010/?b", "http://[::1]:1"];
    let elsewhere = ["http://10.0.0.1", "https://10.0.0.1", "http://hooks.example.com", "ftp://127.0.0.1/"];
    for policy in [AddressPolicy::VendorAndLoopback, AddressPolicy::Loopback] {
        for text in here {
            assert!(WebhookAddress::parse(text, policy).is_ok(), "{text}");
        }
        for text in elsewhere.into_iter().chain(["http://u@127.0.0.1/", "http://127.0.0.1/#a"]) {
            assert!(WebhookAddress::parse(text, policy).is_err(), "{text}");
        }
    }
    for text in here {
        assert!(parse(text).is_err(), "{text}");
    }
    let hooks = "https://hooks.example.com/a";
    assert!(WebhookAddress::parse(hooks, AddressPolicy::VendorAndLoopback).is_ok());
    let refused = WebhookAddress::parse(hooks, AddressPolicy::Loopback);
    assert_eq!(refused, Err(WebhookAddressError::NotThisMachine));
}

#[test]
fn neither_the_debug_form_nor_the_host_shows_the_path_or_the_query() {
    let address = parse("https://hooks.example.com:8443/canary-path?token=canary-query").unwrap();
    let shown = format!("{address:?} {}", address.host());
    assert!(shown.contains("hooks.example.com:8443") && !shown.contains("canary"), "{shown}");
}

proptest! {
    #[test]
    fn an_accepted_address_is_a_name_over_https_and_is_read_back_unchanged(
        text in prop_oneof![
            "https://[!-~]{1,60}",
            "(https|http|HTTPS)://[a-z0-9.%x:@\\[\\]-]{1,24}[/?#]?[!-~]{0,20}",
            "https://[0-9a-fx.]{1,16}(:[0-9]{0,6})?(/[!-~]{0,9})?",
            "\\PC{0,40}",
        ],
    ) {
        if let Ok(address) = parse(&text) {
            let url = Url::parse(address.expose()).unwrap();
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(matches!(url.host(), Some(Host::Domain(name)) if is_host_name(name)));
            prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            prop_assert_eq!(parse(address.expose()), Ok(address));
        }
    }
}
