//! Exact numbers as text: quantities at 10^-6, amounts at 10^-4, factors as two whole numbers.

/// One of a unit, at 10^-6.
pub(crate) const MICRO: i64 = 1_000_000;

/// `1.5`: a quantity without zeros at its end.
pub(crate) fn quantity(micro: i64) -> String {
    decimal(micro, 6, 0)
}

/// `12.50`: an amount with two places at least.
pub(crate) fn amount(scaled: i64) -> String {
    decimal(scaled, 4, 2)
}

fn decimal(scaled: i64, places: usize, least: usize) -> String {
    let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let kept = part.trim_end_matches('0').len().max(least);
    let sign = if scaled < 0 { "-" } else { "" };
    let point = if kept == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{}", &part[..kept])
}

/// `value * numerator / denominator`, upwards.
pub(crate) fn scale_up(value: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(value) * i128::from(numerator);
    let denominator = i128::from(denominator);
    i64::try_from(product.div_euclid(denominator) + i128::from(product.rem_euclid(denominator) != 0))
        .unwrap_or(i64::MAX)
}

/// `value * numerator / denominator`, to the nearest, halves upwards.
pub(crate) fn scale(value: i64, numerator: i64, denominator: i64) -> i64 {
    let product = 2 * i128::from(value) * i128::from(numerator) + i128::from(denominator);
    i64::try_from(product.div_euclid(2 * i128::from(denominator))).unwrap_or(i64::MAX)
}

/// The least multiple of `step` that is not below.
pub(crate) fn up_to_step(value: i64, step: i64) -> i64 {
    value.div_euclid(step) * step + if value.rem_euclid(step) == 0 { 0 } else { step }
}

/// Two leading digits, upwards: what people write into a policy.
pub(crate) fn readable(micro: i64) -> i64 {
    let mut step = MICRO;
    while micro >= 100 * step {
        step *= 10;
    }
    up_to_step(micro, step)
}
