//! What a process decides by while the store that it shares with others is away.

use super::{Bucket, Fixed, Leases, Log, Ring, Sliding, Strategy};
use crate::at::Span;

impl Strategy {
    /// The share of one of so many processes: the shares of all together admit no more than the whole does, or one each
    /// where there are more processes than the limit (or burst) has room for.
    #[must_use]
    pub fn share(&self, of: u64) -> Strategy {
        let part = |limit: u64| (limit / of.max(1)).max(1);
        match self {
            Strategy::Fixed(fixed) => Strategy::Fixed(Fixed { limit: part(fixed.limit), ..fixed.clone() }),
            Strategy::Sliding(sliding) => Strategy::Sliding(Sliding { limit: part(sliding.limit), ..*sliding }),
            Strategy::Ring(ring) => Strategy::Ring(Ring { limit: part(ring.limit), ..*ring }),
            Strategy::Log(log) => Strategy::Log(Log { limit: part(log.limit), ..*log }),
            Strategy::Leases(leases) => Strategy::Leases(Leases { limit: part(leases.limit), ..*leases }),
            Strategy::Bucket(bucket) => {
                let (tokens, per) = bucket.rate();
                let per = Span::from_micros(per.saturating_mul(of.max(1)));
                Strategy::Bucket(Bucket::new(part(bucket.burst()), tokens, per))
            }
        }
    }
}
