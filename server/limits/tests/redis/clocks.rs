//! Redis' clock decides, and windows of the calendar are those around what it says.

use fluxor_limits::jiff::tz::TimeZone;
use fluxor_limits::store::{Settling, Store as _};
use fluxor_limits::{At, Bucket, Calendar, Fixed, Span, Strategy, Window};

use crate::support::{Server, ask, connected, policy, run, system_now};

const DAY: Span = Span::from_secs(86_400);

fn calendar(unit: Calendar, zone: &str) -> Strategy {
    Strategy::Fixed(Fixed { limit: 10, window: Window::Calendar(unit, TimeZone::get(zone).unwrap()) })
}

fn calls(raw: &mut redis::Connection) -> usize {
    let stats: String = redis::cmd("INFO").arg("commandstats").query(raw).unwrap();
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[test]
fn the_servers_clock_decides_unless_it_is_said_otherwise() {
    let Some(server) = Server::any() else { return };
    let policy = policy(&Strategy::Bucket(Bucket::new(2, 1, DAY)));
    run(async {
        let store = connected(server.store()).await;
        let wrong = At::from_micros(5);
        let before = system_now();
        let weighed = store.weigh(wrong, &[ask(&policy, "k", 1)], &[]).await.unwrap();
        let near = weighed.at.plus(Span::from_secs(5)) > before && weighed.at < system_now().plus(Span::from_secs(5));
        assert!(near, "{:?}", weighed.at);
        assert_eq!(weighed.found[0].view.reset_at, weighed.at.plus(DAY));
        let store = connected(server.store().by_callers_clock()).await;
        let weighed = store.weigh(wrong, &[ask(&policy, "k", 1)], &[]).await.unwrap();
        assert_eq!((weighed.at, weighed.found[0].view.reset_at), (wrong, wrong.plus(DAY)));
    });
}

#[test]
fn windows_of_the_calendar_are_told_again_where_the_callers_clock_is_wrong() {
    let Some(server) = Server::own(&[]) else { return };
    run(async {
        let mut raw = server.raw();
        let units = [Calendar::Minute, Calendar::Hour, Calendar::Day, Calendar::Week, Calendar::Month];
        for (unit, off) in units.into_iter().flat_map(|unit| [1, 3, 400].map(|days| (unit, days))) {
            for ahead in [true, false] {
                let store = connected(server.store()).await;
                let strategy = calendar(unit, "Asia/Kolkata");
                let policy = policy(&strategy);
                let wrong = || {
                    let off = Span::from_secs(86_400 * off);
                    if ahead { system_now().plus(off) } else { system_now().minus(off) }
                };
                let before = calls(&mut raw);
                let both = [ask(&policy, "a", 1), ask(&policy, "b", 2)];
                let weighed = store.weigh(wrong(), &both, &[]).await.unwrap();
                let asked = calls(&mut raw) - before;
                // A month is long enough to be next to the right one.
                let told = off == 1 && matches!(unit, Calendar::Day | Calendar::Week | Calendar::Month)
                    || off == 3 && matches!(unit, Calendar::Week | Calendar::Month);
                assert_eq!(asked, if told { 1 } else { 2 }, "{unit:?} {off}");
                let expected = strategy.view(&strategy.fresh(weighed.at), weighed.at);
                for (found, takes) in weighed.found.iter().zip([1, 2]) {
                    assert_eq!(found.view.reset_at, expected.reset_at, "{unit:?} {off}");
                    assert_eq!((found.view.window, found.view.remaining), (expected.window, 10 - takes));
                }
                // By now it is known how far the clocks are apart.
                let before = calls(&mut raw);
                let receipt = weighed.found[0].receipt.unwrap();
                let back = Settling { key: "c", strategy: &strategy, shadow: false, receipt, real: 5 };
                store.weigh(wrong(), &[ask(&policy, "c", 1)], &[back]).await.unwrap();
                assert_eq!(calls(&mut raw) - before, 1);
            }
        }
    });
}

#[test]
fn a_key_that_has_seen_a_later_instant_gets_its_own_window() {
    let Some(server) = Server::any() else { return };
    run(async {
        let store = connected(server.store().by_callers_clock()).await;
        let (early, late) = (At::from_micros(1_764_000_000_000_000), At::from_micros(1_774_000_000_000_000));
        let bucket = policy(&Strategy::Bucket(Bucket::new(10, 1, DAY)));
        store.weigh(late, &[ask(&bucket, "k", 3)], &[]).await.unwrap();
        // The clock goes back by months, and the policy becomes one of the calendar.
        let strategy = calendar(Calendar::Hour, "UTC");
        let hourly = policy(&strategy);
        let both = [ask(&hourly, "new", 1), ask(&hourly, "k", 1)];
        let weighed = store.weigh(early, &both, &[]).await.unwrap();
        assert_eq!(weighed.at, early);
        let reset = |at| strategy.view(&strategy.fresh(at), at).reset_at;
        let found = |at: usize| (weighed.found[at].view.reset_at, weighed.found[at].view.remaining);
        assert_eq!((found(0), found(1)), ((reset(early), 9), (reset(late), 6)));
    });
}
