//! The addresses of an attacker: one list for the client's tests and the tests of the API that accepts addresses.

use std::net::Ipv4Addr;

/// The ways to write an address of version 4 that some parser takes.
fn forms(ip: Ipv4Addr) -> Vec<String> {
    let number = u32::from(ip);
    let [a, b, c, d] = ip.octets();
    let (high, low) = (number >> 16, number & 0xffff);
    vec![
        ip.to_string(),
        format!("{ip}."),
        number.to_string(),
        format!("{number:#x}"),
        format!("0{number:o}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a}.{}", number & 0x00ff_ffff),
        format!("{a}.{b}.{}", number & 0xffff),
        format!("{a}%2e{b}%2e{c}%2e{d}"),
        format!("%3{}{}.{b}.{c}.{d}", a.to_string().chars().next().unwrap(), &a.to_string()[1..]),
        format!("{a}。{b}。{c}。{d}"),
        format!("[::ffff:{ip}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[::{ip}]"),
        format!("[64:ff9b::{ip}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("{a}.{b}.{c}.{d}.nip.io"),
    ]
}

fn hosts() -> Vec<String> {
    let ips = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0"];
    let mut hosts: Vec<String> = ips.iter().flat_map(|ip| forms(ip.parse().unwrap())).collect();
    let others = [
        "[::1]",
        "[::]",
        "[fe80::1%25lo]",
        "[fe80::1%lo]",
        "[fd00:ec2::254]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "localhost",
        "LOCALHOST.",
        "metadata.google.internal",
        "instance-data",
        "na.myconnectwise.net.evil.example",
        "evil-na.myconnectwise.net",
        "na.myconnectwise.net.",
        "na..myconnectwise.net",
        ".na.myconnectwise.net",
        "na-myconnectwise.net",
        "na.myconnectwise.net:22",
        "na.myconnectwise.net:0",
        "na.myconnectwise.com",
        "myconnectwise.net",
        "api-api-na.myconnectwise.net",
        "na.myconnectwlse.net",
        "na.myconnectwi\u{455}e.net",
        "n\u{430}.myconnectwise.net",
        "na.myconnectwise\u{2024}net",
        "xn--n-7sb.myconnectwise.net",
        "na%2emyconnectwise%2enet%2eevil.example",
        "na.myconnectwise.net%00.evil.example",
        "na.myconnectwise.net%0d%0aHost:evil.example",
        "na.myconnectwise.net%23.evil.example",
    ];
    hosts.extend(others.map(str::to_owned));
    hosts
}

/// Each host alone, with a scheme, with a port, and disguised by an allowed name.
pub(crate) fn sites(port: u16) -> Vec<String> {
    let wrapped = |host: &String| {
        [
            host.clone(),
            format!("http://{host}:{port}"),
            format!("https://{host}:{port}/"),
            format!("https://na.myconnectwise.net@{host}:{port}"),
            format!("https://na.myconnectwise.net:x@{host}"),
            format!("na.myconnectwise.net\\@{host}:{port}"),
            format!("https://{host}:{port}#na.myconnectwise.net"),
            format!("https:\\\\{host}:{port}"),
            format!("//{host}:{port}"),
            format!("na.myconnectwise.net\r\nHost: {host}:{port}"),
        ]
    };
    hosts().iter().flat_map(wrapped).collect()
}
