//! The cases of `oracles/reorder_quantity.jsonl`, every field of what is expected.

use serde_json::{Map, Value, json};

use super::super::*;
use crate::quantity::Quantity;
use crate::row::{Factor, PolicyRow, StockKey};
use crate::testing::oracle;

fn text<'a>(json: &'a Value, pointer: &str) -> Option<&'a str> {
    json.pointer(pointer).and_then(Value::as_str)
}

fn quantity(json: &Value, pointer: &str) -> Option<Quantity> {
    text(json, pointer).map(|text| text.parse().unwrap())
}

pub(super) fn factor(json: &Value) -> Option<Factor> {
    let part = |name: &str| text(json, name).map(|text| text.parse().unwrap());
    Some(Factor { numerator: part("/numerator")?, denominator: part("/denominator")? })
}

fn policy(case: &Value) -> PolicyRow {
    let parameters = &case["parameters"]["policy"];
    PolicyRow {
        key: StockKey { item: "I".into(), location: "L".into() },
        version: 1,
        method: text(parameters, "/method").unwrap().parse().unwrap(),
        trigger: text(parameters, "/trigger").unwrap().parse().unwrap(),
        order_point: quantity(parameters, "/order_point").unwrap(),
        order_up_to: quantity(parameters, "/order_up_to"),
        quantity: quantity(parameters, "/quantity"),
        maximum: None,
        maximum_rule: text(case, "/parameters/maximum/rule").unwrap_or("need_wins").parse().unwrap(),
        active: true,
        snoozed_until: None,
    }
}

fn limits(case: &Value, factor: Ratio) -> Limits {
    let purchase = |name: &str| {
        let given = quantity(case, &format!("/parameters/{name}/quantity")).map(Ratio::from)?;
        let in_stock = text(case, &format!("/parameters/{name}/unit")) == Some("stock");
        Some(if in_stock { given.over(factor).unwrap() } else { given })
    };
    let after = text(case, "/parameters/maximum/applies_to") == Some("position_after");
    Limits {
        minimum: purchase("minimum").unwrap_or(Ratio::ZERO),
        multiple: quantity(case, "/parameters/multiple_purchase"),
        maximum: purchase("maximum").filter(|_| !after),
        maximum_position: quantity(case, "/parameters/maximum/quantity").filter(|_| after),
    }
}

fn computed(case: &Value) -> Result<Value, Fault> {
    let position: Position = serde_json::from_value(case["inputs"]["position"].clone()).unwrap();
    let unit = &case["inputs"]["purchase_unit"];
    let unit = PurchaseUnit {
        unit: text(unit, "/name").unwrap().into(),
        factor: factor(&unit["stock_units_per_purchase_unit"]),
        grid: quantity(unit, "/grid").unwrap(),
    };
    let (policy, limits) = (policy(case), limits(case, unit.stock_units()?));
    unit.step(limits.multiple)?;
    let total = position.total()?;
    let mut got = Map::new();
    let mut set = |name: &str, value: Value| drop(got.insert(name.to_owned(), value));
    set("refused", false.into());
    set("position", json!(total));
    match policy.shortage(&position)? {
        Shortage::NotShort(why) => {
            set("order", false.into());
            set("reasons", json!([why]));
            if why == NotShort::NothingNeeded {
                set("need_stock", "0".into());
            }
        }
        Shortage::Short { need, times } => {
            let steps = order_quantity(&policy, total, (need, times), &unit, &limits)?;
            set("order", steps.order.is_some().into());
            set("reasons", json!(steps.reasons));
            set("need_stock", json!(steps.need_stock));
            set("need_purchase", json!(steps.need_purchase));
            if let Some(order) = steps.order {
                set("quantity_purchase", json!(order.purchase));
                set("quantity_stock", json!(order.stock));
                set("position_after", json!(order.position_after));
                set("over_need_stock", json!(order.over_need));
            }
        }
    }
    Ok(got.into())
}

#[test]
fn every_quantity_of_the_oracle() {
    let mut failing = Vec::new();
    let cases = oracle("reorder_quantity.jsonl", "reorder_quantity");
    for case in &cases {
        let got = computed(case).unwrap_or_else(|fault| json!({"order": false, "refused": true, "reasons": [fault]}));
        if got != case["expected"] {
            failing.push(format!("{}: {}\n   got {got}\n  want {}", case["id"], case["title"], case["expected"]));
        }
    }
    assert!(failing.is_empty(), "{} of {} cases fail:\n{}", failing.len(), cases.len(), failing.join("\n"));
    println!("{} cases of reorder_quantity", cases.len());
}
