//! The client's address. Whoever connects can write any header, so a header is believed only as far as trusted proxies
//! wrote it: the last hop that is no trusted proxy is the client. What is not understood ends the search.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// No more hops are looked at: a header may be long.
const HOPS: usize = 64;

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    header: Header,
}

/// Which header the trusted proxies write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// Either. A proxy leaves the other one as the client wrote it, so if there are both, they must tell the same
    /// client; otherwise the client is not known, and the proxy counts as the client.
    #[default]
    Either,
    /// `Forwarded` alone.
    Forwarded,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
}

impl Proxies {
    /// Those in the given networks. With none, the peer is always the client.
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Proxies { trusted, header: Header::Either }
    }

    /// Proxies that are known to write one header.
    #[must_use]
    pub fn writing(mut self, header: Header) -> Self {
        self.header = header;
        self
    }

    /// Whether an address is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The client of a connection from `peer`: the last hop that is no trusted proxy, by the values of all `Forwarded`
    /// headers, or of all `X-Forwarded-For` headers, each in order. If all hops are trusted proxies, or the next one is
    /// hidden or garbage, it is the last one that is known.
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl Iterator<Item = &'a [u8]>,
        x_forwarded_for: impl Iterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let by_standard = || self.last_untrusted(peer, last_hops(forwarded, forwarded_for));
        let by_custom = || self.last_untrusted(peer, last_hops(x_forwarded_for, node));
        match self.header {
            Header::Forwarded => by_standard().unwrap_or(peer),
            Header::XForwardedFor => by_custom().unwrap_or(peer),
            Header::Either => match (by_standard(), by_custom()) {
                (Some(one), Some(other)) => {
                    if one == other {
                        one
                    } else {
                        peer
                    }
                }
                (one, other) => one.or(other).unwrap_or(peer),
            },
        }
    }

    /// The first of the hops, last first, that is no trusted proxy; nothing if there are no hops.
    fn last_untrusted(&self, peer: IpAddr, hops: Vec<Option<IpAddr>>) -> Option<IpAddr> {
        if hops.is_empty() {
            return None;
        }
        let mut client = peer;
        for hop in hops {
            let Some(address) = hop else { break };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        Some(client)
    }
}

/// The entries of all headers, last first. An entry that is no address is `None`.
fn last_hops<'a>(values: impl Iterator<Item = &'a [u8]>, read: impl Fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    let values: Vec<&[u8]> = values.collect();
    // At every comma, quoted or not: what a client wrote before cannot swallow what the proxy wrote after it.
    let entries = values.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
    entries.take(HOPS).map(|entry| std::str::from_utf8(entry).ok().and_then(&read)).collect()
}

/// The `for` of one entry of `Forwarded`; nothing if it is missing, said twice, or hidden.
fn forwarded_for(entry: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in entry.split(';') {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    let value = found?.trim();
    match value.strip_prefix('"') {
        Some(rest) => node(rest.strip_suffix('"')?),
        // IPv6 must be quoted; but what is plain is plain.
        None => node(value),
    }
}

/// An address, with or without port, brackets or zone.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    // The zone of an address is of no meaning to others.
    let without_zone = |text: &str| -> Option<IpAddr> {
        let (address, zone) = text.split_once('%').unwrap_or((text, "-"));
        let address: IpAddr = address.parse().ok()?;
        (!zone.is_empty() && (zone == "-" || address.is_ipv6())).then_some(address)
    };
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let port = after.strip_prefix(':').map_or(after.is_empty(), is_port);
        without_zone(inside).filter(|address| port && address.is_ipv6())?
    } else if let Some(address) = without_zone(text) {
        address
    } else {
        text.parse::<SocketAddr>().ok().filter(SocketAddr::is_ipv4)?.ip()
    };
    Some(address.to_canonical())
}

/// A port, or a name that hides it.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() || text.starts_with('_')
}

/// Writes the address as keys have it: IPv4 as it is (also if mapped into IPv6), IPv6 by its /64.
pub(crate) fn write(out: &mut String, address: IpAddr) {
    // Writing to a string cannot fail.
    let _ = match address.to_canonical() {
        IpAddr::V4(address) => write!(out, "{address}"),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            write!(out, "{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    };
}
