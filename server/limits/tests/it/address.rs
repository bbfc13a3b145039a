//! The client's address, whatever a client writes into headers.

use std::net::IpAddr;

use fluxor_limits::Proxies;
use fluxor_limits::address::Header;
use proptest::prelude::*;

const PROXY: &str = "10.0.0.1";

fn proxies() -> Proxies {
    let networks = ["10.0.0.0/8", "fd00::/8"];
    Proxies::new(networks.iter().map(|network| network.parse().unwrap()).collect())
}

fn asked(proxies: &Proxies, peer: &str, forwarded: &[&str], custom: &[&str]) -> String {
    let peer: IpAddr = peer.parse().unwrap();
    let bytes = |value: &&str| value.to_string().into_bytes();
    let (forwarded, custom): (Vec<_>, Vec<_>) =
        (forwarded.iter().map(bytes).collect(), custom.iter().map(bytes).collect());
    proxies.client(peer, forwarded.iter().map(Vec::as_slice), custom.iter().map(Vec::as_slice)).to_string()
}

fn client(peer: &str, custom: &[&str]) -> String {
    asked(&proxies(), peer, &[], custom)
}

fn forwarded(value: &str) -> String {
    asked(&proxies(), PROXY, &[value], &[])
}

#[test]
fn only_trusted_proxies_are_believed() {
    assert_eq!(client("203.0.113.9", &["192.0.2.1"]), "203.0.113.9");
    assert_eq!(client(PROXY, &["192.0.2.1"]), "192.0.2.1");
    assert_eq!(asked(&Proxies::default(), PROXY, &["for=192.0.2.1"], &["192.0.2.1"]), PROXY);
    assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
}

#[test]
fn the_last_untrusted_hop_is_the_client() {
    // What stands before was written by the client itself.
    assert_eq!(client(PROXY, &["1.1.1.1, 192.0.2.1"]), "192.0.2.1");
    assert_eq!(client(PROXY, &["1.1.1.1, 192.0.2.1, 10.2.3.4"]), "192.0.2.1");
    assert_eq!(client(PROXY, &["1.1.1.1", "192.0.2.1", "10.9.9.9,10.2.3.4"]), "192.0.2.1");
    assert_eq!(client(PROXY, &["10.5.5.5, 10.6.6.6"]), "10.5.5.5");
    assert_eq!(client(PROXY, &[]), PROXY);
}

#[test]
fn garbage_ends_the_search() {
    for garbage in ["", " ", "unknown", "_hidden", "300.1.1.1", "1.2.3", "[::1", "1.2.3.4:99999", "1.2.3.4:", "::1%"] {
        assert_eq!(client(PROXY, &[&format!("1.1.1.1, {garbage}")]), PROXY, "{garbage:?}");
        assert_eq!(client(PROXY, &[&format!("1.1.1.1, {garbage}, 10.7.7.7")]), "10.7.7.7", "{garbage:?}");
        assert_eq!(client(PROXY, &[&format!("{garbage}, 192.0.2.1")]), "192.0.2.1", "{garbage:?}");
    }
}

#[test]
fn all_ways_to_write_an_address() {
    let ways = ["192.0.2.1", "192.0.2.1:8080", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80", "  192.0.2.1 "];
    for way in ways {
        assert_eq!(client(PROXY, &[way]), "192.0.2.1", "{way}");
    }
    for way in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "2001:DB8:0::1%eth0", "[2001:db8::1%25eth0]:1"] {
        assert_eq!(client(PROXY, &[way]), "2001:db8::1", "{way}");
    }
}

#[test]
fn the_standard_header() {
    assert_eq!(forwarded("for=192.0.2.1"), "192.0.2.1");
    assert_eq!(forwarded("For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.9"), "2001:db8::1");
    assert_eq!(forwarded("for=1.1.1.1, proto=http; FOR=192.0.2.1"), "192.0.2.1");
    assert_eq!(forwarded("for=192.0.2.1:_port"), PROXY);
    assert_eq!(forwarded("for=\"[2001:db8::1]:_port\""), "2001:db8::1");
    // Hidden, missing, said twice, not closed.
    for value in ["for=unknown", "for=_gazonk", "proto=http", "for=1.1.1.1;for=2.2.2.2", "for=\"1.1.1.1", "for", ";"] {
        assert_eq!(forwarded(value), PROXY, "{value}");
    }
    // An open quote of the client cannot swallow what the proxy wrote after it.
    assert_eq!(forwarded("for=\"1.1.1.1, for=192.0.2.1"), "192.0.2.1");
}

#[test]
fn two_headers_that_disagree_name_nobody() {
    let both = |proxies: &Proxies, standard, custom| asked(proxies, PROXY, &[standard], &[custom]);
    assert_eq!(both(&proxies(), "for=192.0.2.1", "192.0.2.1"), "192.0.2.1");
    assert_eq!(both(&proxies(), "for=6.6.6.6", "192.0.2.1"), PROXY);
    let custom = proxies().writing(Header::XForwardedFor);
    assert_eq!(both(&custom, "for=6.6.6.6", "192.0.2.1"), "192.0.2.1");
    let standard = proxies().writing(Header::Forwarded);
    assert_eq!(both(&standard, "for=192.0.2.1", "6.6.6.6"), "192.0.2.1");
}

proptest! {
    /// Whatever a client writes before what the proxy adds, it is known by the address that the proxy saw.
    #[test]
    fn nothing_a_client_writes_counts(begins in prop::collection::vec(".{0,40}", 0..3), same in any::<bool>()) {
        let joined = begins.join(", ");
        let headers: Vec<String> = if same { vec![format!("{joined}, 192.0.2.1")] } else {
            begins.iter().cloned().chain(["192.0.2.1".to_owned()]).collect()
        };
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        prop_assert_eq!(client(PROXY, &headers), "192.0.2.1");
        let standard: Vec<String> = if same { vec![format!("{joined}, for=192.0.2.1")] } else {
            begins.iter().cloned().chain(["for=192.0.2.1".to_owned()]).collect()
        };
        let standard: Vec<&str> = standard.iter().map(String::as_str).collect();
        prop_assert_eq!(asked(&proxies(), PROXY, &standard, &[]), "192.0.2.1");
    }
}
