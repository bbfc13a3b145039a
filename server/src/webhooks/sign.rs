//! Signatures of Standard Webhooks: HMAC-SHA256 over id, instant and body, by each secret that is valid.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fluxor_engine::clock::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How a secret begins.
const PREFIX: &str = "whsec_";

/// A secret of these bytes, as it is shown.
pub(crate) fn secret(bytes: &[u8; 32]) -> String {
    format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes))
}

/// The header `webhook-signature`: a signature of each secret, divided by blanks. What is no secret signs nothing.
pub(crate) fn signatures<'a>(secrets: impl IntoIterator<Item = &'a str>, id: &str, seconds: i64, body: &str) -> String {
    let signed = secrets.into_iter().filter_map(|secret| {
        let key = BASE64_STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

/// The header `webhook-timestamp`.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderMap;
    use fluxor_engine::clock::{Clock as _, SystemClock};
    use standardwebhooks::Webhook;

    #[test]
    fn a_signature_of_the_specification() {
        // The example of the specification's reference libraries.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signatures(["none", "whsec_%", ""], "a", 1, "b"), "");
    }

    #[test]
    fn whoever_has_either_secret_can_verify() {
        let (old, new) = (secret(&[1; 32]), secret(&[2; 32]));
        let now = seconds(SystemClock.now());
        let body = r#"{"a":"Ärger"}"#;
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "i.1".parse().unwrap());
        headers.insert("webhook-timestamp", now.to_string().parse().unwrap());
        let signed = signatures([&*new, &*old], "i.1", now, body);
        headers.insert("webhook-signature", signed.parse().unwrap());
        for secret in [&old, &new] {
            Webhook::new(secret).unwrap().verify(body.as_bytes(), &headers).unwrap();
        }
        assert!(Webhook::new(&old).unwrap().verify(b"{}", &headers).is_err(), "another body");
        assert!(Webhook::new(&secret(&[3; 32])).unwrap().verify(body.as_bytes(), &headers).is_err());
    }
}
