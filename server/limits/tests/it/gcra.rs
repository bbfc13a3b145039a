//! The bucket agrees with the `governor` crate under the same clock: admissions and waits.

use std::num::NonZeroU32;
use std::time::Duration;

use fluxor_limits::{Bucket, Strategy, Verdict};
use governor::clock::{Clock as _, FakeRelativeClock};
use governor::{Quota, RateLimiter};
use proptest::prelude::*;

use crate::model::{at, span};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn agrees_with_governor(
        burst in 1..30_u32,
        period in 1..50_u64,
        steps in prop::collection::vec((0..80_u64, 1..12_u32), 1..80),
    ) {
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(Duration::from_micros(period)).unwrap();
        let theirs = RateLimiter::direct_with_clock(quota.allow_burst(NonZeroU32::new(burst).unwrap()), clock.clone());
        let ours = Strategy::Bucket(Bucket::new(u64::from(burst), 1, span(period)));
        let mut now = 1_000_000;
        let mut state = ours.fresh(at(now));
        for (wait, cost) in steps {
            now += wait;
            clock.advance(Duration::from_micros(wait));
            let verdict = ours.check(&state, at(now), u64::from(cost));
            let expected = match theirs.check_n(NonZeroU32::new(cost).unwrap()) {
                Ok(Ok(())) => Verdict::Fine,
                Ok(Err(until)) => Verdict::Later(until.wait_time_from(clock.now()).into()),
                Err(_) => Verdict::Never { most: u64::from(burst) },
            };
            prop_assert_eq!(verdict, expected);
            if verdict.is_fine() {
                ours.charge(&mut state, at(now), u64::from(cost));
            }
        }
    }
}
