//! Partition keys (`pk`): whose quota a field speaks of, so that a client which acts for several tells them apart.
//!
//! The draft asks for keys without sensitive information. The text of our own keys names tenants, people and addresses,
//! and an intermediary or a shared log sees response headers; so what is sent is eight bytes of a hash under a secret.
//! Without the secret nobody can try out names, and equal keys still give equal bytes. We send no `RateLimit-Partition`:
//! with it the bytes would have to be the values themselves.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use sha2::{Digest as _, Sha256};

/// How many bytes are sent: 64 bits tell the quotas of one client apart.
const LENGTH: usize = 8;

/// How partition keys are made.
#[derive(Clone)]
pub enum Partition {
    /// None are sent.
    Hidden,
    /// Hashed under a secret. Replicas share it, otherwise a client sees as many partitions as there are replicas.
    Keyed([u8; 32]),
}

impl Default for Partition {
    /// Hashed under a secret of this process.
    fn default() -> Self {
        let mut secret = [0; 32];
        for part in secret.chunks_mut(8) {
            // Seeded from the system's randomness once a thread, then counted up: 128 bits behind a keyed hash.
            let random = RandomState::new().build_hasher().finish();
            part.copy_from_slice(&random.to_le_bytes());
        }
        Self::Keyed(secret)
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "Hidden",
            Self::Keyed(_) => "Keyed(hidden)",
        })
    }
}

impl Partition {
    /// The bytes for a key's text. A prefix of the hash, so that nobody can lengthen it.
    pub(super) fn of(&self, key: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hidden => None,
            Self::Keyed(secret) => {
                let digest = Sha256::new().chain_update(secret).chain_update(key).finalize();
                Some(digest[..LENGTH].to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_are_equal_and_the_secret_matters() {
        let one = Partition::Keyed([1; 32]);
        assert_eq!(one.of("requests|user=ann"), one.of("requests|user=ann"));
        assert_ne!(one.of("requests|user=ann"), one.of("requests|user=bob"));
        assert_ne!(one.of("requests|user=ann"), Partition::Keyed([2; 32]).of("requests|user=ann"));
        assert_ne!(Partition::default().of("a"), Partition::default().of("a"), "each process has a secret of its own");
        assert_eq!(Partition::Hidden.of("a"), None);
        assert_eq!(format!("{one:?}"), "Keyed(hidden)");
    }
}
