//! What is recorded reads back; what is no segment is told to be none.

use std::net::IpAddr;

use fluxor_limits::traffic::{Unreadable, Would};
use fluxor_limits::{At, Called, Caller, Calls, Class, Recorder, Span};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

use super::{DAY, after, call, read, told};

/// A call that owns its texts.
#[derive(Clone, Debug)]
struct Own {
    at: u64,
    took: u64,
    texts: [Option<String>; 6],
    address: Option<IpAddr>,
    class: Option<Class>,
    cost: u64,
    real: u64,
    refused: Option<String>,
    would: Vec<&'static str>,
}

impl Own {
    fn called(&self) -> Called<'_> {
        let [tenant, user, api_key, route, method, object] = self.texts.each_ref().map(Option::as_deref);
        let (address, class) = (self.address, self.class);
        Called {
            at: At::from_micros(self.at),
            took: Span::from_micros(self.took),
            caller: Caller { tenant, user, api_key, route, method, object, address, class },
            cost: self.cost,
            real: self.real,
            refused: self.refused.as_deref(),
            would: self.would[..].into(),
        }
    }
}

fn text() -> impl Generator<Value = Option<String>> {
    prop_oneof![Just(None), Just(Some(String::new())), "[ab]".prop_map(Some), any::<String>().prop_map(Some)]
        .prop_map(|text| text.filter(|text| text.len() <= 200))
}

fn address() -> impl Generator<Value = Option<IpAddr>> {
    // As keys count them: IPv6 by its /64.
    let v6 = (1..u128::from(u64::MAX)).prop_map(|high| IpAddr::from((high << 64).to_be_bytes()));
    prop_oneof![Just(None), any::<[u8; 4]>().prop_map(|octets| Some(octets.into())), v6.prop_map(Some)]
}

fn own() -> impl Generator<Value = Own> {
    let number = || prop_oneof![0..3_u64, any::<u64>()];
    let at = prop_oneof![DAY..DAY + 200_000_000, Just(DAY), any::<u64>().prop_map(|any| any >> 3)];
    let took = prop_oneof![Just(0), 0..300_000_u64, 0..7_200_000_000_u64];
    let texts = [text(), text(), text(), text(), text(), text()];
    let class = prop::option::of(prop::sample::select(Class::ALL.to_vec()));
    let would = prop::collection::vec(prop::sample::select(vec!["watched", "a", "ab"]), 0..3);
    (at, took, texts, address(), class, number(), number(), text(), would).prop_map(
        |(at, took, texts, address, class, cost, real, refused, would)| Own {
            at,
            took,
            texts,
            address,
            class,
            cost,
            real,
            refused,
            would,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// Every field, by several processes, taken now and then.
    #[test]
    fn what_is_recorded_reads_back(calls in prop::collection::vec((own(), 0..3_usize, 0..20_u8), 0..60)) {
        let replicas: [Recorder; 3] = Default::default();
        let mut segments = Vec::new();
        for (own, replica, take) in &calls {
            replicas[*replica].record("acme", &own.called());
            match take {
                0 => segments.extend(replicas[*replica].all()),
                1 => segments.extend(replicas[*replica].finished(At::from_micros(own.at))),
                _ => {}
            }
        }
        replicas.iter().for_each(|replica| segments.extend(replica.all()));
        prop_assert!(replicas.iter().all(|replica| replica.held() == 0));
        let read = read(&segments);
        prop_assert!(!read.sampled() && read.total() == calls.len() as u64);
        prop_assert!(read.iter().is_sorted_by_key(|kept| kept.called.at));
        let mut found: Vec<String> = read.iter().map(|kept| { assert_eq!(kept.weight, 1); told(&kept) }).collect();
        let kept = |called| fluxor_limits::traffic::Kept { called, weight: 1 };
        let mut expected: Vec<String> = calls.iter().map(|(own, ..)| told(&kept(own.called()))).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }

    /// Bytes that were changed, cut or drawn: an answer, and no memory but for what is there.
    #[test]
    fn hostile_bytes(
        calls in prop::collection::vec(own(), 1..20),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        cut in any::<usize>(),
        random in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let recorder = Recorder::default();
        calls.iter().for_each(|own| recorder.record("", &own.called()));
        for segment in recorder.all() {
            let mut bytes = segment.bytes;
            let whole = bytes.len();
            let cut = cut % whole;
            prop_assert!(Calls::read([&bytes[..cut]]).is_err());
            let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            prop_assert!(Calls::read([longer]).is_err());
            for (place, byte) in &changes {
                bytes[place % whole] = *byte;
            }
            is_bounded(&bytes);
        }
        is_bounded(&random);
        let begun: Vec<u8> = [1, 0, 0].into_iter().chain(random).collect();
        is_bounded(&begun);
    }
}

/// Whatever is read, it takes a small multiple of its bytes.
fn is_bounded(bytes: &[u8]) {
    let (calls, unreadable) = Calls::read_lossy([bytes]);
    assert!(unreadable == 0 || calls.is_empty());
    assert!(calls.memory() <= 100 * bytes.len() + 4_096, "{} of {}", calls.memory(), bytes.len());
    for kept in calls.iter() {
        assert!(kept.called.at <= kept.called.at.plus(kept.called.took));
    }
}

#[test]
fn the_worst_bytes_take_a_small_multiple() {
    let number = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let count = 100_000;
    // Texts without a letter, halves of callers that have nothing, calls of nothing.
    let texts = [&[1, 0, 0][..], &number(count), &vec![0; count], &[0, 0]].concat();
    let callers = [&[1, 0, 0, 0][..], &number(count), &vec![0; count], &[0]].concat();
    let calls = [&[1, 0, 0, 0, 1, 0][..], &number(count), &vec![0; 5 * count]].concat();
    // Each call with another list of policies that would have refused it.
    let lists: Vec<u8> = (0..count).flat_map(|list| [&[16, 0, 0, 0, 0, 1][..], &number(list)].concat()).collect();
    let lists = [&[1, 0, 0][..], &number(count), &vec![0; count], &[1, 0], &number(count), &lists].concat();
    for bytes in [texts, callers, calls, lists] {
        assert!(Calls::read([&bytes]).is_ok());
        is_bounded(&bytes);
    }
    // Counts that lie.
    for bytes in [vec![1, 0, 0, 255, 255, 255, 255, 15], vec![1, 0, 0, 0, 255, 255, 255, 255, 15]] {
        assert!(Calls::read([&bytes]).unwrap_err().reason.contains("counts more"));
        is_bounded(&bytes);
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let recorder = Recorder::default();
    recorder.record("acme", &call(5, "ann"));
    let good = recorder.all().remove(0).bytes;
    let reasons: [(&[u8], &str); 13] = [
        (&[], "it ends too early"),
        (&[2], "its version is not known"),
        (&[1, 33], "its weight is too large"),
        (&[1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], "a number is too large"),
        (&[1, 0, 0, 1, 1, 255], "a text is not UTF-8"),
        (&[1, 0, 0, 1, 5, 65], "it counts more than it has bytes for"),
        (&[1, 0, 0, 0, 1, 96, 0, 0], "a caller has two addresses"),
        (&[1, 0, 0, 0, 1, 0x80, 4, 0], "a class is not known"),
        (&[1, 0, 0, 0, 1, 1, 1, 0], "it refers to something that is not there"),
        (&[1, 0, 0, 0, 1, 0, 1, 32, 0, 0, 0, 0], "a call has what is not known"),
        (&[1, 0, 0, 0, 1, 0, 1, 16, 0, 0, 0, 0, 9, 0], "it counts more than it has bytes for"),
        (&[1, 0, 0, 0, 1, 64, 1, 2], "it ends too early"),
        (&[1, 0, 0, 0, 0, 0, 7], "there is more than it counts"),
    ];
    for (bytes, reason) in reasons {
        let unreadable = Calls::read([&good[..], bytes, &good]).unwrap_err();
        assert_eq!((unreadable.segment, unreadable.reason), (1, reason), "{bytes:?}");
        let (calls, lost) = Calls::read_lossy([&good[..], bytes, &good]);
        assert_eq!((calls.len(), lost), (2, 1));
    }
    let told = Unreadable { segment: 3, byte: 7, reason: "it ends too early" }.to_string();
    assert_eq!(told, "segment 3 cannot be read at byte 7: it ends too early");
}

/// Segments are kept for months: what was written once must be read.
#[test]
fn the_format_stays() {
    let recorder = Recorder::default();
    let user = Caller {
        tenant: Some("acme"),
        user: Some("ann"),
        route: Some("/v1"),
        method: Some("GET"),
        ..Caller::default()
    };
    let address = Some("192.0.2.1".parse().unwrap());
    let key = Caller { tenant: Some("acme"), api_key: Some("k"), address, class: Some(Class::Batch), ..user };
    let key = Caller { user: None, object: Some("o"), ..key };
    let called = |at, caller| Called {
        at: after(at),
        took: Span::from_millis(3),
        caller,
        cost: 1,
        real: 1,
        refused: None,
        would: Would::default(),
    };
    recorder.record("acme", &called(1_000, user));
    recorder.record("acme", &Called { cost: 5, real: 2, refused: Some("daily"), ..called(900, key) });
    let segments = recorder.all();
    assert_eq!((segments[0].scope.as_str(), segments[0].minute), ("acme", after(0)));
    let expected: Vec<u8> = [
        &[1, 0][..],
        &minutes(),
        &[7, 4],
        b"acme",
        &[3],
        b"ann",
        &[3],
        b"/v1",
        &[3],
        b"GET",
        &[1],
        b"k",
        &[1],
        b"o",
        &[5],
        b"daily",
        // Who, what for, who.
        &[3, 0b11, 1, 2, 0b11000, 3, 4, 0xa5, 2, 1, 5, 192, 0, 2, 1],
        &[2],
        // It ended 4,000 after the minute's begin: zigzag 8,000.
        &[0, 0, 1, 0xc0, 0x3e, 0xb8, 0x17],
        // 100 before that: zigzag 199.
        &[0b1111, 2, 1, 0xc7, 1, 0xb8, 0x17, 6, 5, 2, 7],
    ]
    .concat();
    assert_eq!(segments[0].bytes, expected);
    let read = read(&segments);
    assert_eq!(read.span(), Some((after(900), after(1_000))));
    assert_eq!(read.iter().next().unwrap().called.refused, Some("daily"));
    assert!(read.iter().all(|kept| kept.called.would.is_empty()), "it is as segments were before shadows were noted");

    let would = (&["new", "daily"][..]).into();
    recorder.record("acme", &Called { refused: Some("daily"), would, ..called(1_000, Caller::default()) });
    let segments = recorder.all();
    let calls = [&[2, 5][..], b"daily", &[3], b"new", &[1, 0, 1, 0b11000, 0, 0, 0xc0, 0x3e, 0xb8, 0x17, 1, 2, 2, 1]];
    assert_eq!(segments[0].bytes, [&[1, 0][..], &minutes(), &calls.concat()].concat());
    assert_eq!(format!("{:?}", self::read(&segments).iter().next().unwrap().called.would), r#"["new", "daily"]"#);
}

/// The minutes of the day, as a varint.
fn minutes() -> Vec<u8> {
    let minutes = DAY / 60_000_000;
    vec![minutes as u8 | 0x80, (minutes >> 7) as u8 | 0x80, (minutes >> 14) as u8 | 0x80, (minutes >> 21) as u8]
}

#[test]
fn addresses_are_kept_as_keys_count_them() {
    let recorder = Recorder::default();
    for address in ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", "::ffff:192.0.2.7", "192.0.2.7"] {
        let caller = Caller { address: Some(address.parse().unwrap()), ..Caller::default() };
        recorder.record("", &Called { caller, ..call(1, "") });
    }
    let read = read(&recorder.all());
    let found: Vec<String> = read.iter().map(|kept| kept.called.caller.address.unwrap().to_string()).collect();
    assert_eq!(found, ["2001:db8:1:2::", "2001:db8:1:2::", "192.0.2.7", "192.0.2.7"]);
}

#[test]
fn only_some_time() {
    let recorder = Recorder::default();
    (0..100).for_each(|call_at| recorder.record("acme", &call(call_at * 10_000_000, "ann")));
    let read = read(&recorder.all()).within(after(20_000_000), after(50_000_000));
    assert_eq!((read.len(), read.span()), (3, Some((after(20_000_000), after(40_000_000)))));
    assert!(Calls::default().is_empty() && Calls::default().span().is_none());
}
