//! API keys: `flx_<id>_<43 characters>`, the last part being 256 random bits in base64url. Only a hash is stored.

use fluxor_engine::ids::{Digest, RequestId, TenantId};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The whole key, as it is shown once.
#[must_use]
pub(crate) fn write(id: &str, random: &[u8; 32]) -> String {
    format!("flx_{id}_{}", base64url(random))
}

/// What is stored of a key: SHA-256 over the whole of it, so that id and secret belong together.
/// `None` if it does not look like a key.
#[must_use]
pub(crate) fn hash(key: &str) -> Option<Digest> {
    let (id, secret) = key.strip_prefix("flx_")?.split_once('_')?;
    let plain = |byte: u8| ALPHABET.contains(&byte);
    let fits = !id.is_empty()
        && id.len() <= 32
        && id.bytes().all(|b| b.is_ascii_alphanumeric())
        && secret.len() == 43
        && secret.bytes().all(plain);
    fits.then(|| Digest::of(key))
}

/// The public id of the key that a request makes: it follows from the request, so that a repeat finds the first one.
#[must_use]
pub(crate) fn id_of(tenant: TenantId, request: &RequestId) -> String {
    Digest::of(format!("key\0{tenant}\0{request}")).to_string()[..16].to_owned()
}

/// A secret of a cookie or a link, as it is shown once: 43 characters.
#[must_use]
pub(crate) fn token(random: &[u8; 32]) -> String {
    base64url(random)
}

/// What is stored of it. `None` if it does not look like one.
#[must_use]
pub(crate) fn token_hash(token: &str) -> Option<Digest> {
    (token.len() == 43 && token.bytes().all(|byte| ALPHABET.contains(&byte))).then(|| Digest::of(token))
}

/// The public id of what has random bytes of its own.
#[must_use]
pub(crate) fn public_id(random: &[u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(*random))
}

fn base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * place) & 63) as usize]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_as_rfc_4648_has_it() {
        for (plain, coded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64url(plain.as_bytes()), coded);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_key_is_read_back_and_anything_else_is_not_one() {
        let key = write("0a1b", &[255; 32]);
        assert_eq!(key.len(), 4 + 4 + 1 + 43);
        assert_eq!(hash(&key), Some(Digest::of(&key)));
        for wrong in ["", "flx_", "flx_0a1b", "flx_0a1b_short", &key[1..], &key.replace('_', "/"), &format!("{key}x")] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
        assert_ne!(hash(&key), hash(&key.replace("0a1b", "0a1c")), "the id belongs to the key");
    }

    #[test]
    fn the_id_follows_from_tenant_and_request() {
        let id = |tenant, request: &str| id_of(TenantId(tenant), &request.into());
        assert_eq!(id(1, "a"), id(1, "a"));
        assert_ne!(id(1, "a"), id(2, "a"));
        assert_ne!(id(1, "a"), id(1, "b"));
    }
}
