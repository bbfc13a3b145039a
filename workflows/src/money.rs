//! How money is rounded: to the digits of its currency, half away from zero, at one named point.

use fluxor_engine::money::{Currency, Money, format_scaled};

use crate::quantity::{PLACES as QUANTITY_PLACES, Quantity};

/// How many places the engine's money has.
const MONEY_PLACES: u32 = 4;

/// Currencies without a minor unit (ISO 4217, list one, 2024).
const NO_DIGITS: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];

/// Currencies with a thousandth.
const THREE_DIGITS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Units of account with four digits.
const FOUR_DIGITS: &[&str] = &["CLF", "UYW"];

/// How many digits after the point an amount of this currency has (ISO 4217); 2 where the lists say nothing.
#[must_use]
pub fn exponent(currency: Currency) -> u32 {
    let code = currency.code();
    if NO_DIGITS.contains(&code) {
        0
    } else if THREE_DIGITS.contains(&code) {
        3
    } else if FOUR_DIGITS.contains(&code) {
        4
    } else {
        2
    }
}

/// `1,200.00 EUR`, as people read it everywhere: with the digits of its currency, more only where there are more.
#[must_use]
pub fn shown(money: Money) -> String {
    format!("{} {}", grouped(&format_scaled(money.units, MONEY_PLACES, exponent(money.currency))), money.currency)
}

/// `1,200.5`: the whole part in groups of three digits.
#[must_use]
pub fn grouped(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `value` (units of 10^-`from`) in whole units of 10^-`to`, a half going away from zero.
#[must_use]
pub fn round_half_up(value: i128, from: u32, to: u32) -> i128 {
    if from <= to {
        return value * 10_i128.pow(to - from);
    }
    let divisor = 10_i128.pow(from - to);
    let (whole, rest) = (value / divisor, value % divisor);
    if rest.abs() * 2 >= divisor { whole + value.signum() } else { whole }
}

/// What a line costs: quantity times the price of one unit, exactly, then rounded once, half up, to the digits of the
/// currency. `None` if it is larger than money can be.
#[must_use]
pub fn line_total(quantity: Quantity, price: Money) -> Option<Money> {
    let digits = exponent(price.currency);
    let exact = i128::from(quantity.0) * i128::from(price.units);
    let rounded = round_half_up(exact, QUANTITY_PLACES + MONEY_PLACES, digits);
    let units = i64::try_from(round_half_up(rounded, digits, MONEY_PLACES)).ok()?;
    Some(Money { units, currency: price.currency })
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::testing::oracle;

    fn text<'a>(json: &'a Json, pointer: &str) -> &'a str {
        json.pointer(pointer).and_then(Json::as_str).unwrap()
    }

    fn money(amount: &str, currency: &str) -> Money {
        format!("{amount} {currency}").parse().unwrap()
    }

    #[test]
    fn amounts_are_rounded_as_the_oracle_says() {
        let mut seen = 0;
        for case in oracle("money.jsonl", "round_amount") {
            if text(&case, "/parameters/mode") != "half_up" {
                continue;
            }
            let amount = money(text(&case, "/inputs/amount"), text(&case, "/inputs/currency"));
            let digits = exponent(amount.currency);
            assert_eq!(digits.to_string(), text(&case, "/parameters/decimals"), "{case}");
            let rounded = round_half_up(amount.units.into(), MONEY_PLACES, digits);
            let expected = money(text(&case, "/expected/amount"), amount.currency.code());
            assert_eq!(round_half_up(rounded, digits, MONEY_PLACES), expected.units.into(), "{case}");
            seen += 1;
        }
        println!("{seen} cases of round_amount");
    }

    #[test]
    fn lines_cost_what_the_oracle_says() {
        let mut seen = 0;
        for case in oracle("money.jsonl", "document_totals") {
            let ours =
                text(&case, "/parameters/mode") == "half_up" && text(&case, "/parameters/round_net_at") == "line";
            let lines = case["inputs"]["lines"].as_array().unwrap();
            if !ours || lines.iter().any(|line| text(line, "/discount_percent") != "0") {
                continue;
            }
            let currency = text(&case, "/inputs/currency");
            let mut sum = 0;
            for (line, net) in lines.iter().zip(case["expected"]["line_nets"].as_array().unwrap()) {
                let quantity = text(line, "/quantity").parse().unwrap();
                let total = line_total(quantity, money(text(line, "/unit_price"), currency)).unwrap();
                assert_eq!(total, money(net.as_str().unwrap(), currency), "{case}");
                sum += total.units;
            }
            assert_eq!(sum, money(text(&case, "/expected/net"), currency).units, "{case}");
            seen += 1;
        }
        println!("{seen} cases of document_totals");
    }

    #[test]
    fn what_is_too_large_has_no_total() {
        assert_eq!(line_total(Quantity(i64::MAX), money("900000000000", "EUR")), None);
        assert_eq!(line_total(Quantity(1), money("0.0001", "EUR")), Some(money("0", "EUR")));
    }
}
