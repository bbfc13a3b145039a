//! The cases of `oracles/price_selection.jsonl`, every field of what is expected.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::money::{Currency, Money, format_scaled};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::super::*;
use super::quantities::factor;
use crate::money::exponent;
use crate::quantity::Quantity;
use crate::row::{TermKey, TermRow};
use crate::testing::oracle;

fn parse<T: std::str::FromStr>(json: &Value, name: &str) -> Option<T>
where
    T::Err: std::fmt::Debug,
{
    json[name].as_str().map(|text| text.parse().unwrap())
}

fn offer(row: &Value) -> Offer {
    let price = format!("{} {}", row["unit_price"].as_str().unwrap(), row["currency"].as_str().unwrap());
    let unit = row["unit"].as_str().unwrap();
    let term = TermRow {
        // Ties are decided by the row's id alone.
        key: TermKey { item: "I".into(), supplier: "S".into(), term: row["id"].as_str().unwrap().into() },
        version: 1,
        unit: unit.into(),
        price: price.parse::<Money>().unwrap(),
        price_per: parse(row, "price_per").unwrap(),
        discount: parse(row, "discount_percent").unwrap(),
        break_quantity: parse(row, "break_quantity").unwrap(),
        minimum: parse(row, "minimum_quantity").unwrap(),
        multiple: None,
        maximum: None,
        lead_time_days: None,
        valid_from: parse(row, "valid_from"),
        valid_to: parse(row, "valid_to"),
        sequence: parse(row, "sequence").unwrap(),
        active: true,
    };
    let unit = PurchaseUnit {
        unit: unit.into(),
        factor: factor(&row["stock_units_per_unit"]),
        grid: parse(row, "unit_grid").unwrap(),
    };
    Offer { term, unit, supplier_active: true, supplier_approved: true }
}

fn rates(inputs: &Value) -> Rates {
    let home: Currency = parse(inputs, "home_currency").unwrap();
    inputs["rates"].as_array().unwrap().iter().fold(Rates::of(home), |rates, rate| {
        let (currency, date) = (parse(rate, "currency").unwrap(), parse(rate, "date").unwrap());
        rates.with(currency, date, parse(rate, "units_for_one_home").unwrap())
    })
}

fn rounded(amount: Ratio, currency: Currency) -> String {
    let digits = exponent(currency);
    format_scaled(amount.half_up(digits).unwrap().try_into().unwrap(), digits, digits)
}

fn computed(inputs: &Value) -> Value {
    let zone = jiff::tz::TimeZone::get(inputs["zone"].as_str().unwrap()).unwrap();
    let at = Timestamp::parse(inputs["instant"].as_str().unwrap()).unwrap();
    let date: Date = zone.to_datetime(at.to_jiff().unwrap()).date();
    let offers: Vec<Offer> = inputs["price_rows"].as_array().unwrap().iter().map(offer).collect();
    let rates = rates(inputs);
    let need: Quantity = parse(inputs, "needed_quantity_stock").unwrap();
    let compared = compare(need.into(), date, &rates, &offers);
    let selected = compared.candidates.first().map(|(place, Costed { term, cost, .. })| {
        json!({
            "row": term, "quantity": cost.quantity, "quantity_stock": cost.quantity_stock,
            "unit": offers[*place].unit.unit, "currency": cost.currency, "total": cost.total,
            "total_rounded": rounded(cost.total, cost.currency), "total_home": cost.total_home,
            "total_home_rounded": rounded(cost.total_home, rates.home()),
        })
    });
    let rows: Map<String, Value> =
        compared.verdicts.iter().map(|judged| (judged.term.to_string(), json!(judged.verdict))).collect();
    let hints: Vec<Value> = compared
        .hints
        .iter()
        .map(|(_, Hint { kind, offer, saving_home })| {
            let mut shown = json!({
                "row": offer.term, "kind": kind, "quantity": offer.cost.quantity,
                "quantity_stock": offer.cost.quantity_stock, "total_home": offer.cost.total_home,
            });
            if let Some(saving) = saving_home {
                shown["saving_home"] = json!(saving);
            }
            shown
        })
        .collect();
    json!({ "price_date": date, "selected": selected, "rows": rows, "hints": hints })
}

#[test]
fn every_price_of_the_oracle() {
    let mut failing = Vec::new();
    let cases = oracle("price_selection.jsonl", "lowest_total_cost");
    for case in &cases {
        let got = computed(&case["inputs"]);
        if got != case["expected"] {
            failing.push(format!("{}: {}\n   got {got}\n  want {}", case["id"], case["title"], case["expected"]));
        }
    }
    assert!(failing.is_empty(), "{} of {} cases fail:\n{}", failing.len(), cases.len(), failing.join("\n"));
    println!("{} cases of price_selection", cases.len());
}
