//! `smtp[s]://user:password@host:port?tls=...`: where the mail server is, and how the way there is protected.

use std::str::FromStr;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Not at all.
    None,
    /// If the server offers it.
    Opportunistic,
    /// STARTTLS before anything else, or nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A mail server's address, taken apart.
#[derive(PartialEq, Eq)]
pub(super) struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) credentials: Option<(String, String)>,
    pub(super) security: Security,
}

const FORM: &str = "write smtp://user:password@host:587 or smtps://user:password@host:465";

impl FromStr for SmtpUrl {
    type Err = String;

    /// Errors never repeat the text: it holds a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(format!("it has no scheme: {FORM}"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        if place.contains('/') {
            return Err(format!("it has a path behind the host, or a `/` that should be %2F: {FORM}"));
        }
        let (host, port) = host_and_port(place)?;
        let credentials = login.map(credentials).transpose()?;
        let wanted = match query {
            "" => None,
            "tls=required" => Some(Security::StartTls),
            "tls=opportunistic" => Some(Security::Opportunistic),
            "tls=none" => Some(Security::None),
            _ => return Err("what follows `?` is tls=required, tls=opportunistic or tls=none".to_owned()),
        };
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let (security, usual) = match (scheme, wanted) {
            ("smtps", None | Some(Security::StartTls)) => (Security::Tls, 465),
            ("smtps", Some(_)) => return Err("smtps is TLS from the first byte: leave `tls=` out".to_owned()),
            ("smtp", Some(wanted)) => (wanted, if wanted == Security::StartTls { 587 } else { 25 }),
            ("smtp", None) if here => (Security::None, 25),
            // A password never goes out in the clear unless that is asked for.
            ("smtp", None) if credentials.is_some() => (Security::StartTls, 587),
            ("smtp", None) => (Security::Opportunistic, 25),
            _ => return Err(format!("the scheme is smtp or smtps: {FORM}")),
        };
        Ok(Self { host, port: port.unwrap_or(usual), credentials, security })
    }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("an IPv6 address ends with `]`")?;
            (host, after.strip_prefix(':'))
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err(format!("it names no host: {FORM}"));
    }
    let port = port.map(str::parse).transpose().map_err(|_| "behind the host stands a port, a number up to 65535")?;
    Ok((host.to_owned(), port))
}

fn credentials(login: &str) -> Result<(String, String), String> {
    let (user, password) = login.split_once(':').ok_or("a user comes with a password: user:password@host")?;
    Ok((decoded(user)?, decoded(password)?))
}

/// `%40` is `@`.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || "user and password write special characters as %40, %2F and so on".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or_else(wrong);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, u16, Security, Option<(String, String)>) {
        let url: SmtpUrl = text.parse().unwrap();
        (url.host, url.port, url.security, url.credentials)
    }

    #[test]
    fn the_way_is_protected_unless_it_is_short() {
        let login = Some(("ann@x".to_owned(), "p/w:1".to_owned()));
        for (text, host, port, security, with) in [
            ("smtps://ann%40x:p%2Fw:1@mail.example.com", "mail.example.com", 465, Security::Tls, true),
            ("smtp://ann%40x:p%2Fw:1@mail.example.com", "mail.example.com", 587, Security::StartTls, true),
            ("smtp://ann%40x:p%2Fw:1@10.0.0.1:2525?tls=none", "10.0.0.1", 2525, Security::None, true),
            ("smtp://relay", "relay", 25, Security::Opportunistic, false),
            ("smtp://relay/?tls=required", "relay", 587, Security::StartTls, false),
            ("smtp://localhost:1025", "localhost", 1025, Security::None, false),
            ("smtp://[::1]:1025", "::1", 1025, Security::None, false),
        ] {
            let credentials = if with { login.clone() } else { None };
            assert_eq!(read(text), (host.to_owned(), port, security, credentials), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for text in [
            "mail.example.com",
            "http://u:s3cret@host",
            "smtp://u:s3cret@",
            "smtp://u:s3cret@host:70000",
            "smtp://u:s3cret@host?tls=maybe",
            "smtps://u:s3cret@host?tls=none",
            "smtp://u:s3cret%zz@host",
            "smtp://u:s3/cret@host/x",
            "smtp://s3cret@host",
            "smtp://[::1",
        ] {
            let error = text.parse::<SmtpUrl>().err().unwrap();
            assert!(!error.contains("s3cret") && !error.contains("cret@"), "{text}: {error}");
        }
    }
}
