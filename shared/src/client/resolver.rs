//! Name resolution that never returns a private address, even if the owner of a name changes its records.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressPolicy;

/// A resolver that leaves out the addresses that the policy forbids.
pub(super) struct PublicOnly<L> {
    pub(super) policy: AddressPolicy,
    /// The underlying name resolution.
    pub(super) lookup: L,
}

/// Resolves with the system's resolver.
pub(super) async fn resolve_by_system(name: String) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

impl<L, F> Resolve for PublicOnly<L>
where
    L: Fn(String) -> F + Send + Sync,
    F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
{
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?.into_iter();
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), policy)).collect();
            if allowed.is_empty() {
                let why = format!("{} leads to no public address", name.as_str());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_allowed(ip: IpAddr, policy: AddressPolicy) -> bool {
    match policy {
        AddressPolicy::Vendor => is_public(ip),
        AddressPolicy::VendorAndLoopback => is_public(ip) || ip.is_loopback(),
        AddressPolicy::Loopback => ip.is_loopback(),
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Public unless it is multicast or in a special-purpose block of RFC 6890.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        [0 | 10 | 127 | 224.., ..] => true,
        [100, second, ..] => second & 0xc0 == 64,
        [169, 254, ..] | [192, 168, ..] => true,
        [172, second, ..] => second & 0xf0 == 16,
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        [198, second, ..] => second & 0xfe == 18,
        _ => false,
    };
    !special
}

/// Public if it is global unicast, and neither documentation nor a tunnel. The NAT64 prefix is public if it leads to a
/// public address: IPv6-only subnets reach the Internet through it.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = segments {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    let global = segments[0] & 0xe000 == 0x2000;
    let special = matches!(segments, [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..]);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn an_address_of_the_internet_is_public() {
        for text in ["20.62.1.9", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2603:1030::1", "64:ff9b::143e:109"] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn an_address_of_this_machine_or_of_a_private_network_is_not() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "203.0.113.7",
            "198.51.100.1",
            "::",
            "::1",
            "::ffff:169.254.169.254",
            "::ffff:20.62.1.9",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn loopback_is_allowed_where_simulators_are_and_nothing_else_private_is() {
        let policy = AddressPolicy::VendorAndLoopback;
        assert!(is_allowed("127.0.0.1".parse().unwrap(), policy));
        assert!(!is_allowed("10.0.0.1".parse().unwrap(), policy));
    }
}
