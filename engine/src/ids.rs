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
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A workflow instance. It is also the id of the instance's audit stream.
    InstanceId
}
uuid_id! {
    /// A task: one approval in one instance.
    TaskId
}
uuid_id! {
    /// An audit stream: an instance, a record without one, or a security lane.
    StreamId
}

impl From<InstanceId> for StreamId {
    fn from(id: InstanceId) -> Self {
        Self(id.0)
    }
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
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.micros() / 1000).unwrap_or(0), &random).into_uuid()
    }

    /// `N` random bytes: salts, secrets.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}
