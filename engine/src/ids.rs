//! Identifiers. Minting takes its randomness and its instant as arguments, so that a test can seed both.

use std::fmt;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;

/// The tenant that a row belongs to: first in every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub i64);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let wrong = |_| format!("`{text}` is not an id: it is a UUID, such as 0197f3a2-5c1e-7000-8000-000000000001");
                Uuid::parse_str(text).map(Self).map_err(wrong)
            }
        }
    };
}

uuid_id! {
    /// A workflow instance. It is also the id of the instance's audit stream.
    InstanceId
}
uuid_id! {
    /// An audit stream: an instance, a record without one, or a security lane.
    StreamId
}

impl InstanceId {
    /// The id of the `ordinal`th instance that the entry `seq` of this one starts at `at`. It follows from these, so that
    /// deciding stays pure; a UUID of version 7 like any other.
    #[must_use]
    pub fn of_child(self, seq: i64, ordinal: usize, at: Timestamp) -> Self {
        use sha2::{Digest as _, Sha256};
        let of = Sha256::new().chain_update(self.0).chain_update(seq.to_be_bytes()).chain_update(ordinal.to_be_bytes());
        let mut random = [0; 10];
        random.copy_from_slice(&of.finalize()[..10]);
        Self(uuid_at(at, &random))
    }
}

impl From<InstanceId> for StreamId {
    fn from(id: InstanceId) -> Self {
        Self(id.0)
    }
}

/// A task: its instance and its ordinal there (from 1), so that a task leads to its instance without a look-up.
/// Written `0197f3a2-….1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The instance it belongs to.
    pub instance: InstanceId,
    /// From 1, in the order of opening.
    pub ordinal: u32,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.instance, self.ordinal)
    }
}

impl std::str::FromStr for TaskId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('.').and_then(|(id, n)| Some((id.parse().ok()?, n.parse().ok()?)));
        let (instance, ordinal) =
            parts.ok_or_else(|| format!("`{text}` is not a task id: it is an instance's id, a point and a number"))?;
        Ok(Self { instance, ordinal })
    }
}

impl Serialize for TaskId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl StreamId {
    /// The stream of a record that is not an instance (`person`, `ann`), or of a security lane.
    /// A UUID of version 8: the first bytes of SHA-256 over kind, a NUL byte and key.
    #[must_use]
    pub fn of_record(kind: &str, key: &str) -> Self {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(key).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // By hand: hashes are written several times a transition.
                let text = crate::audit::canonical::hexadecimal(&self.0);
                f.write_str(std::str::from_utf8(text.as_flattened()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let mut bytes = [0; 32];
                if text.len() != 64 || !text.is_ascii() {
                    return Err(format!("`{text}` is not a SHA-256: 64 hexadecimal digits"));
                }
                for (i, byte) in bytes.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16)
                        .map_err(|_| format!("`{text}` is not a SHA-256: 64 hexadecimal digits"))?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl $name {
            /// SHA-256 of `bytes`.
            #[must_use]
            pub fn of(bytes: impl AsRef<[u8]>) -> Self {
                use sha2::{Digest as _, Sha256};
                Self(Sha256::digest(bytes).into())
            }
        }
    };
}

digest! {
    /// SHA-256 of something: a document, a request, an entry's body or header.
    Digest
}
digest! {
    /// The identity of a definition: SHA-256 over the language version, the file and the vocabulary it uses.
    DefinitionHash
}
digest! {
    /// The identity of a calendar: SHA-256 over its file and the files of the holidays that it keeps.
    CalendarHash
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
    };
}

text_id! {
    /// A person, by the id that the company's own records use ("ann", "E-1043").
    PersonId
}
text_id! {
    /// A request id: the caller's `Idempotency-Key`, or the engine's own for timers and messages.
    RequestId
}

/// Where new ids and salts come from. In production it is seeded by the operating system, in tests by a number.
#[derive(Debug)]
pub struct Mint {
    rng: StdRng,
}

impl Mint {
    /// A mint whose every id follows from `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    /// A mint seeded by the operating system.
    ///
    /// # Errors
    /// If the operating system has no randomness to give.
    pub fn from_os() -> std::io::Result<Self> {
        StdRng::try_from_rng(&mut rand::rngs::SysRng).map(|rng| Self { rng }).map_err(std::io::Error::other)
    }

    /// A UUID of version 7: milliseconds of `at`, then randomness.
    pub fn uuid(&mut self, at: Timestamp) -> Uuid {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        uuid_at(at, &random)
    }

    /// `N` random bytes: salts, secrets.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}

fn uuid_at(at: Timestamp, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.micros() / 1000).unwrap_or(0), random).into_uuid()
}
