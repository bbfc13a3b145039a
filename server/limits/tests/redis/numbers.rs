//! Products and quotients in the script are those of whole numbers.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::model::LARGEST;
use crate::support::Server;

const SCRIPT: &str = concat!(
    include_str!("../../src/shared/redis/numbers.lua"),
    r"
    local answers = {}
    for i = 1, #ARGV, 3 do
      local a, b, c = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
      answers[#answers + 1] = muldiv(a, b, c, false)
      answers[#answers + 1] = muldiv(a, b, c, true)
    end
    return answers"
);

/// Numbers of all magnitudes, those at the edges more often than others.
fn numbers() -> impl proptest::strategy::Strategy<Value = u64> {
    let near = |exponent: u32, more: i64| ((1_i64 << exponent) + more).clamp(0, LARGEST as i64) as u64;
    prop_oneof![
        0..=LARGEST,
        (0..9_u64).prop_map(|less| LARGEST - less),
        (0..54_u32, -3..4_i64).prop_map(move |(exponent, more)| near(exponent, more)),
        (0..53_u32, any::<u64>()).prop_map(|(bits, random)| random & ((1 << bits) - 1)),
    ]
}

/// Triples; of some the product is a multiple of the divisor, or almost.
fn triples() -> impl proptest::strategy::Strategy<Value = (u64, u64, u64)> {
    let even = (0..1_u64 << 26, 1..1_u64 << 27, 1..1_u64 << 26, -1..2_i64).prop_map(|(a, b, c, more)| {
        let first = (a * c).min(LARGEST).saturating_add_signed(more).min(LARGEST);
        (first, b, c.max(1))
    });
    // What the strategies ask: the quotient is at most the one factor.
    let share = (numbers(), numbers(), numbers()).prop_map(|(a, b, c)| (a, b.min(c), c.max(1)));
    prop_oneof![(numbers(), numbers(), numbers().prop_map(|c| c.max(1))), even, share]
}

#[test]
fn products_and_quotients_are_exact() {
    let Some(server) = Server::any() else { return };
    let mut raw = server.raw();
    let mut runner = TestRunner::default();
    let batches = if std::env::var_os("FLUXOR_TEST_ALL").is_some() { 500 } else { 60 };
    for _ in 0..batches {
        let batch = prop::collection::vec(triples(), 1_000).new_tree(&mut runner).unwrap().current();
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(0);
        for (a, b, c) in &batch {
            command.arg(a).arg(b).arg(c);
        }
        let answers: Vec<u64> = command.query(&mut raw).unwrap();
        let (pairs, []) = answers.as_chunks::<2>() else { panic!("pairs") };
        assert_eq!(pairs.len(), batch.len());
        for (&(a, b, c), &pair) in batch.iter().zip(pairs) {
            let product = u128::from(a) * u128::from(b);
            let bounded = |number: u128| u64::try_from(number).unwrap_or(LARGEST).min(LARGEST);
            let expected = [bounded(product / u128::from(c)), bounded(product.div_ceil(u128::from(c)))];
            assert_eq!(pair, expected, "{a} * {b} / {c}");
        }
    }
}
