//! Which addresses are public. Whoever registers an endpoint must not reach, through this server, what stands beside it.
//!
//! What must hold: an address that holds another one inside (mapped, compatible, NAT64, 6to4) is judged by that one; what is not
//! known to be public is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Networks of IPv4 that are not public, and what they are for (IANA's registry of special-purpose addresses).
const NOT_PUBLIC_V4: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this host"),
    ("10.0.0.0/8", "a private network"),
    ("100.64.0.0/10", "a provider's own network"),
    ("127.0.0.0/8", "the machine itself"),
    ("169.254.0.0/16", "the link"),
    ("172.16.0.0/12", "a private network"),
    ("192.0.0.0/24", "protocols"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "a relay"),
    ("192.168.0.0/16", "a private network"),
    ("198.18.0.0/15", "benchmarks"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "nobody"),
];

/// Of IPv6, within what is public at all (`2000::/3`) and without.
const NOT_PUBLIC_V6: &[(&str, &str)] = &[
    ("::/128", "nobody"),
    ("::1/128", "the machine itself"),
    ("64:ff9b:1::/48", "a local translation"),
    ("100::/64", "nobody"),
    ("2001::/23", "protocols"),
    ("2001:db8::/32", "documentation"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "routers"),
    ("fc00::/7", "a private network"),
    ("fe80::/10", "the link"),
    ("fec0::/10", "a private network"),
    ("ff00::/8", "multicast"),
];

/// Networks that endpoints may stand in though they are not public: `--webhook-allow`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed(Vec<IpNet>);

impl Allowed {
    /// These.
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Why nothing is delivered to this address; none: it may be.
    pub(crate) fn refusal(&self, address: IpAddr) -> Option<String> {
        let meant = inner(address);
        let allowed = |one: IpAddr| self.0.iter().any(|network| network.contains(&one));
        if allowed(meant) || (meant != address && allowed(address)) {
            return None;
        }
        let what = not_public(meant)?;
        let shown = if meant == address { address.to_string() } else { format!("{address} (that is {meant})") };
        Some(format!(
            "{shown} is an address of {what}, and not public: start the server with --webhook-allow {meant} (or \
             FLUXOR_WEBHOOK_ALLOW), or with a network around it, if endpoints may stand there"
        ))
    }

    /// Likewise of a host that is written as an address; names are looked up when something is delivered.
    pub(crate) fn refusal_of_host(&self, host: &str) -> Option<String> {
        if host == "localhost" || host.ends_with(".localhost") {
            return self.refusal(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        match host.parse() {
            Ok(address) => self.refusal(address),
            Err(_) if is_number(host) => Some(format!(
                "`{host}` is an address that is not written out: write its four numbers, such as 203.0.113.9"
            )),
            Err(_) => None,
        }
    }
}

/// Whether a host is an IPv4 address however it is written: its last part is a number (WHATWG URL, "ends in a number checker").
fn is_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let digits = |text: &str, is: fn(&char) -> bool| text.chars().all(|c| is(&c));
    !last.is_empty()
        && (digits(last, char::is_ascii_digit) || hexadecimal.is_some_and(|hex| digits(hex, char::is_ascii_hexdigit)))
}

/// What an address that is not public is for.
fn not_public(address: IpAddr) -> Option<&'static str> {
    let table = if address.is_ipv4() { NOT_PUBLIC_V4 } else { NOT_PUBLIC_V6 };
    let holds = |network: &str| network.parse::<IpNet>().is_ok_and(|network| network.contains(&address));
    let known = table.iter().find(|(network, _)| holds(network)).map(|(_, what)| *what);
    // Whatever else is not global unicast belongs to nobody yet.
    known.or_else(|| (address.is_ipv6() && !holds("2000::/3")).then_some("nobody"))
}

/// The address that packets to this one end at.
fn inner(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    embedded(v6).map_or(address, IpAddr::V4)
}

/// The IPv4 address in an IPv6 address.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        // Mapped; compatible, but for `::` and `::1`; NAT64.
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(of(g, h)),
        [0, 0, 0, 0, 0, 0] if g != 0 || h > 1 => Some(of(g, h)),
        // Translated (SIIT), which goes the same way.
        [0, 0, 0, 0, 0xffff, 0] => Some(of(g, h)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        Allowed::default().refusal(text.parse().unwrap())
    }

    const NOT: &str = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 \
        172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 \
        240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::10.0.0.1 \
        64:ff9b:1::1 2002:7f00:1:: 2002:0a00:0001::1 100::1 2001::1 2001:db8::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 \
        fec0::1 ff02::1 4000::1 8000::1 1::1";
    const PUBLIC: &str = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.167.0.1 198.20.0.1 223.255.255.255 \
        2606:4700::1111 2a00::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:0808:0808::1";

    #[test]
    fn only_public_addresses_are_taken() {
        for text in NOT.split_whitespace() {
            let why = refused(text).unwrap_or_else(|| panic!("{text} is taken"));
            assert!(why.contains("--webhook-allow"), "{why}");
        }
        for text in PUBLIC.split_whitespace() {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_allowed_is_allowed_in_each_of_its_forms() {
        let allowed = Allowed::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for text in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "fd00::1"] {
            assert_eq!(allowed.refusal(text.parse().unwrap()), None, "{text}");
        }
        for text in ["10.0.0.1", "::1", "fc00::1", "::ffff:10.0.0.1"] {
            assert!(allowed.refusal(text.parse().unwrap()).is_some(), "{text}");
        }
        assert_eq!(allowed.refusal_of_host("localhost"), None);
        let none = Allowed::default();
        assert!(none.refusal_of_host("localhost").is_some() && none.refusal_of_host("10.0.0.1").is_some());
        for name in ["example.com", "1.example", "0x.example.com", "a1"] {
            assert_eq!(none.refusal_of_host(name), None, "a name is looked up later: {name}");
        }
        for short in ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "10.1.", "1.2.3.4.5"] {
            let why = none.refusal_of_host(short).unwrap();
            assert!(why.contains("write its four numbers"), "{short}: {why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_form_of_an_address_is_judged_as_the_address(bits in proptest::prelude::any::<u32>()) {
            let v4 = Ipv4Addr::from(bits);
            let [a, b, c, d] = v4.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let plain = refused(&v4.to_string()).is_some();
            for form in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                proptest::prop_assert_eq!(refused(&form.to_string()).is_some(), plain, "{}", form);
            }
        }
    }
}
