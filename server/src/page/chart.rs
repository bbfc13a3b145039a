//! Bars as SVG: numbers and words of our own, nothing that somebody typed.

use std::fmt::Write as _;

/// A step of time.
pub(super) struct Bar {
    /// When it begins, in words of ours.
    pub when: String,
    /// What was admitted.
    pub cost: u64,
    /// How many calls were refused.
    pub refused: u64,
    /// How many a policy in shadow would have refused.
    pub would: u64,
}

const WIDTH: usize = 240;
const HEIGHT: u128 = 32;

fn high(value: u64, most: u64) -> u128 {
    (u128::from(value) * HEIGHT).div_ceil(u128::from(most.max(1))).min(HEIGHT)
}

/// What a shadow would have refused, if it would.
fn perhaps(would: u64) -> String {
    if would == 0 { String::new() } else { format!(", {would} would be refused") }
}

/// Bars of what was admitted, with what was refused on top. The highest fills the height.
pub(super) fn bars(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.cost.saturating_add(bar.refused)).max().unwrap_or(0);
    let (cost, refused) = bars.iter().fold((0_u64, 0_u64), |(cost, refused), bar| {
        (cost.saturating_add(bar.cost), refused.saturating_add(bar.refused))
    });
    let would = bars.iter().fold(0_u64, |would, bar| would.saturating_add(bar.would));
    let label = format!(
        "{cost} admitted by cost and {refused} calls refused{}, in {} steps of time",
        perhaps(would),
        bars.len()
    );
    let width = (WIDTH / bars.len().max(1)).max(1);
    let mut out = format!(
        "<svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">",
        width * bars.len().max(1)
    );
    for (place, bar) in bars.iter().enumerate() {
        let (cost, refused) = (high(bar.cost, most), high(bar.refused, most));
        let (x, wide) = (place * width, width.saturating_sub(1).max(1));
        let _ = write!(
            out,
            "<g><title>{}: cost {} admitted, {} calls refused{}</title>",
            bar.when,
            bar.cost,
            bar.refused,
            perhaps(bar.would)
        );
        let _ = write!(out, "<rect class=\"none\" x=\"{x}\" y=\"0\" width=\"{wide}\" height=\"{HEIGHT}\"/>");
        let top = HEIGHT.saturating_sub(cost);
        let _ = write!(out, "<rect x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{cost}\"/>");
        if refused > 0 {
            let y = top.saturating_sub(refused);
            let _ = write!(out, "<rect class=\"refused\" x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{refused}\"/>");
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_height_and_nothing_overflows() {
        let bar = |cost, refused| Bar { when: "10:00".to_owned(), cost, refused, would: 0 };
        let drawn = bars(&[bar(0, 0), bar(8, 8), bar(u64::MAX, u64::MAX)]);
        assert!(drawn.contains("calls refused, in 3 steps of time\""), "{drawn}");
        assert!(drawn.contains("height=\"32\"/></g></svg>") || drawn.contains("y=\"0\""), "{drawn}");
        let shadow = bars(&[Bar { when: "10:00".to_owned(), cost: 5, refused: 0, would: 3 }]);
        assert!(shadow.contains("5 admitted by cost and 0 calls refused, 3 would be refused, in 1 step"), "{shadow}");
        assert!(bars(&[]).starts_with("<svg viewBox=\"0 0 240 32\""));
        let one = bars(&[bar(3, 1)]);
        assert!(
            one.contains("y=\"8\" width=\"239\" height=\"24\"") && one.contains("class=\"refused\" x=\"0\" y=\"0\""),
            "{one}"
        );
    }
}
