//! When a delivery is tried again: the schedule that Standard Webhooks recommends, some three days in all.

use fluxor_engine::clock::Timestamp;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Waits after the first, the second, ... attempt that failed; then it is given up.
const WAITS: [i64; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// When the next attempt is due, after `attempts` of which the last one failed at `now`; none: there is no further one. `random`
/// spreads what failed together over a tenth of the wait more. Not before `earliest`, where the other side named an instant.
pub(crate) fn next(attempts: i64, now: Timestamp, random: u32, earliest: Option<Timestamp>) -> Option<Timestamp> {
    let place = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let wait = *WAITS.get(place)?;
    let spread = wait / 10 * i64::from(random >> 16) / (1 << 16);
    let at = now.plus_micros(wait + spread);
    Some(earliest.map_or(at, |earliest| earliest.max(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts in all.
    const ATTEMPTS: i64 = 10;

    #[test]
    fn it_is_tried_ten_times_over_three_days() {
        let now = Timestamp::from_micros(7);
        let waits: Vec<i64> =
            (1..ATTEMPTS).map(|attempt| next(attempt, now, 0, None).unwrap().micros() - now.micros()).collect();
        assert_eq!(waits, WAITS);
        assert_eq!(next(ATTEMPTS, now, 0, None), None);
        for (attempt, wait) in (1..).zip(WAITS) {
            let last = next(attempt, now, u32::MAX, None).unwrap().micros() - now.micros();
            assert!(wait < last && last <= wait + wait / 10, "{attempt}: {last}");
        }
        let named = Timestamp::from_micros(HOUR);
        assert_eq!(next(1, now, 0, Some(named)), Some(named));
        assert_eq!(next(4, now, 0, Some(named)).unwrap().micros(), 7 + 2 * HOUR, "whichever is later");
        assert_eq!(
            (next(0, now, 0, None), next(i64::MIN, now, 0, None), next(i64::MAX, now, 0, None)),
            (None, None, None)
        );
    }
}
