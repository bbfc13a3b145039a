//! What must hold for any numbers.

use proptest::option::of;
use proptest::prelude::*;

use super::super::*;
use super::examples::{TODAY, offer, policy, position};
use crate::quantity::Quantity;
use crate::row::{Factor, MaximumRule, Method, PolicyRow, Trigger};

const RULES: &[MaximumRule] = MaximumRule::ALL;

/// Policies that are not refused, quantities in steps of a hundredth.
fn policies() -> impl Strategy<Value = PolicyRow> {
    let method = proptest::sample::select(Method::ALL);
    let trigger = proptest::sample::select(Trigger::ALL);
    let maximum = of(0_i64..100_000);
    (method, trigger, -1_000_i64..50_000, 0_i64..50_000, 1_i64..20_000, maximum, proptest::sample::select(RULES))
        .prop_map(|(method, trigger, point, above, fixed, maximum, maximum_rule)| PolicyRow {
            method,
            trigger,
            order_point: Quantity(point * 10_000),
            order_up_to: Some(Quantity((point + above) * 10_000)),
            quantity: Some(Quantity(fixed * 10_000)),
            maximum: maximum.map(|maximum| Quantity(maximum * 10_000)),
            maximum_rule,
            ..policy("0", "0")
        })
}

fn positions() -> impl Strategy<Value = Position> {
    proptest::array::uniform7(0_i64..30_000).prop_map(|parts| {
        let [on_hand, reserved, in_transit, draft, in_approval, approved, sent] =
            parts.map(|part| Quantity(part * 1_000));
        let on_order = OnOrder { draft, in_approval, approved, sent, ..OnOrder::default() };
        Position { on_hand: Quantity(on_hand.0 * 10 - 100_000_000), reserved, in_transit, on_order }
    })
}

fn offers() -> impl Strategy<Value = Offer> {
    let grid = proptest::sample::select(&[1_000_i64, 500_000, 1_000_000][..]);
    let limits = (of(1_i64..50), 0_i64..500, of(0_i64..500));
    (grid, 1_i64..5_000, 1_i64..50, limits, 0_i64..1_000_000, 0_i64..20).prop_map(
        |(grid, numerator, denominator, (multiple, minimum, maximum), price, break_quantity)| {
            let mut one = offer("A", "1.00 EUR", 1);
            one.unit.factor = Some(Factor { numerator, denominator });
            one.unit.grid = Quantity(grid);
            one.term.multiple = multiple.map(|multiple| Quantity(multiple * grid));
            one.term.minimum = Quantity(minimum * 100_000);
            one.term.maximum = maximum.map(|maximum| Quantity(maximum * 100_000));
            one.term.break_quantity = Quantity(break_quantity * 1_000_000);
            one.term.price.units = price;
            one
        },
    )
}

fn ask(policy: &PolicyRow, position: &Position, offers: &[Offer]) -> Proposed {
    let rates = Rates::of("EUR".parse().unwrap());
    propose(&Case {
        item_active: true,
        location_active: true,
        policy,
        position,
        offers,
        supplier: None,
        today: TODAY,
        rates: &rates,
    })
}

proptest! {
    #[test]
    fn an_order_keeps_to_step_minimum_and_target(
        policy in policies(),
        position in positions(),
        offer in offers(),
    ) {
        let found = ask(&policy, &position, std::slice::from_ref(&offer));
        let total = Ratio::from(position.total().unwrap());
        let triggered = policy.triggers(total);
        match &found.outcome {
            Outcome::Order(line) => {
                prop_assert!(triggered);
                let step = offer.term.multiple.unwrap_or(offer.unit.grid);
                prop_assert_eq!(line.quantity.0 % step.0, 0);
                prop_assert!(line.quantity.0 > 0);
                prop_assert!(line.quantity >= offer.term.minimum && line.quantity >= offer.term.break_quantity);
                let order = found.why.chosen.as_ref().unwrap().quantity.order.unwrap();
                let cut = [Reason::CutToMaximum, Reason::AboveMaximumForMinimum];
                let cut = found.why.reasons().iter().any(|reason| cut.contains(reason));
                if !cut {
                    let target = policy.target().map_or(Ratio::from(policy.order_point), Ratio::from);
                    prop_assert!(order.position_after >= target, "{} {}", order.position_after, target);
                    prop_assert!(order.over_need >= Ratio::ZERO);
                    // No more than the limits ask for: one step less would not do.
                    let less = Ratio::from(line.quantity).minus(step.into()).unwrap();
                    let least = found.why.chosen.as_ref().unwrap().limits.minimum;
                    prop_assert!(less < found.why.chosen.as_ref().unwrap().quantity.need_purchase || less < least);
                }
                if policy.maximum_rule == MaximumRule::MaximumWins {
                    prop_assert!(policy.maximum.is_none_or(|maximum| order.stock <= maximum.into()));
                    prop_assert!(offer.term.maximum.is_none_or(|maximum| line.quantity <= maximum));
                }
            }
            Outcome::NotShort(NotShort::NothingNeeded) => prop_assert!(triggered),
            Outcome::NotShort(_) => prop_assert!(!triggered),
            Outcome::NotPurchasable(_) => prop_assert!(triggered),
        }
    }

    /// The same stock counted in a smaller unit: the same order.
    #[test]
    fn the_unit_that_stock_is_counted_in_does_not_matter(
        policy in policies(),
        position in positions(),
        offer in offers(),
        scale in 2_i64..1_000,
    ) {
        let of = |quantity: Quantity| Quantity(quantity.0 * scale);
        let mut finer = policy.clone();
        finer.order_point = of(policy.order_point);
        finer.order_up_to = policy.order_up_to.map(of);
        finer.quantity = policy.quantity.map(of);
        finer.maximum = policy.maximum.map(of);
        let OnOrder { draft, in_approval, approved, sent, untold } = position.on_order;
        let on_order = OnOrder { draft: of(draft), in_approval: of(in_approval), approved: of(approved), sent: of(sent), untold: of(untold) };
        let Position { on_hand, reserved, in_transit, .. } = position;
        let counted = Position { on_hand: of(on_hand), reserved: of(reserved), in_transit: of(in_transit), on_order };
        let mut sold = offer.clone();
        let factor = offer.unit.factor.unwrap();
        sold.unit.factor = Some(Factor { numerator: factor.numerator * scale, ..factor });
        let quantity = |found: &Proposed| match &found.outcome {
            Outcome::Order(line) => Some((line.quantity, line.total)),
            _ => None,
        };
        let (coarse, fine) = (ask(&policy, &position, std::slice::from_ref(&offer)), ask(&finer, &counted, &[sold]));
        prop_assert_eq!(quantity(&coarse), quantity(&fine));
        prop_assert_eq!(coarse.why.reasons(), fine.why.reasons());
    }

    /// Whatever the numbers: an answer, never a panic.
    #[test]
    fn no_numbers_are_too_large_for_an_answer(
        parts in proptest::array::uniform7(any::<i64>()),
        settings in proptest::array::uniform7(any::<i64>()),
        terms in proptest::array::uniform7(any::<i64>()),
        factor in (any::<i64>(), any::<i64>()),
        (method, rule) in (proptest::sample::select(Method::ALL), proptest::sample::select(RULES)),
    ) {
        let mut stock = position("0");
        (stock.on_hand, stock.reserved, stock.in_transit) = (Quantity(parts[0]), Quantity(parts[1]), Quantity(parts[2]));
        (stock.on_order.draft, stock.on_order.sent) = (Quantity(parts[3]), Quantity(parts[4]));
        let mut extreme = policy("0", "0");
        (extreme.method, extreme.maximum_rule) = (method, rule);
        extreme.order_point = Quantity(settings[0]);
        extreme.order_up_to = Some(Quantity(settings[1]));
        extreme.quantity = Some(Quantity(settings[2]));
        extreme.maximum = Some(Quantity(settings[3])).filter(|_| settings[4] > 0);
        let mut one = offer("A", "1.00 EUR", 1);
        one.unit.factor = Some(Factor { numerator: factor.0, denominator: factor.1 });
        one.unit.grid = Quantity(terms[0]);
        one.term.multiple = Some(Quantity(terms[1])).filter(|_| settings[5] > 0);
        (one.term.minimum, one.term.break_quantity) = (Quantity(terms[2]), Quantity(terms[3]));
        (one.term.price.units, one.term.price_per) = (terms[4], Quantity(terms[5]));
        one.term.lead_time_days = Some(terms[6]);
        let _ = ask(&extreme, &stock, &[one]);
    }
}
