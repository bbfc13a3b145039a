//! Items, made from the families, and the units that they are bought in.

use super::dice::Dice;
use super::families::FAMILIES;
use super::number::{MICRO, scale};

/// Code, name, smallest step, base, numerator, denominator; what others are based on goes first. (A pound is 453.59237 g,
/// so that grams have five places.)
pub(crate) const UNITS: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("g", "Gram", "0.00001", "", "", ""),
    ("ml", "Millilitre", "1", "", "", ""),
    ("bag", "Bag", "1", "", "", ""),
    ("bottle", "Bottle", "1", "", "", ""),
    ("box", "Box", "1", "", "", ""),
    ("bundle", "Bundle", "1", "", "", ""),
    ("can", "Can", "1", "", "", ""),
    ("carton", "Carton", "1", "", "", ""),
    ("drum", "Drum", "1", "", "", ""),
    ("kg", "Kilogram", "0.1", "g", "1000", "1"),
    ("l", "Litre", "0.1", "ml", "1000", "1"),
    ("lb", "Pound", "1", "g", "45359237", "100000"),
    ("m", "Metre", "0.1", "", "", ""),
    ("pail", "Pail", "1", "", "", ""),
    ("pair", "Pair", "1", "", "", ""),
    ("pallet", "Pallet", "1", "", "", ""),
    ("pcs", "Piece", "1", "", "", ""),
    ("roll", "Roll", "1", "", "", ""),
    ("spool", "Spool", "1", "", "", ""),
];

/// What the company keeps.
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) category: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) market: &'static str,
    /// At 10^-4 EUR for one stock unit.
    pub(crate) price: i64,
    /// Needed in an average week, in micro stock units.
    pub(crate) weekly: i64,
    /// The unit that its suppliers pack it in, with its factor.
    pub(crate) pack: Option<(&'static str, i64, i64)>,
    /// Leipzig keeps it too.
    pub(crate) service: bool,
    pub(crate) active: bool,
}

impl Item {
    /// The least that anybody asks for, in micro stock units.
    pub(crate) fn step(&self) -> i64 {
        match self.unit {
            "m" | "kg" | "l" => MICRO / 2,
            "g" | "ml" => 10 * MICRO,
            _ => MICRO,
        }
    }

    /// What a week costs, at 10^-4 EUR: what sorts dear items from cheap ones.
    pub(crate) fn turnover(&self) -> i64 {
        scale(self.weekly, self.price, MICRO)
    }

    /// For how many weeks one order lasts: dear items are ordered often, cheap ones seldom.
    pub(crate) fn cycle(&self) -> i64 {
        match self.turnover() {
            10_000_000.. => 4,
            1_500_000.. => 7,
            _ => 12,
        }
    }

    /// Every so many weeks somebody asks for it.
    pub(crate) fn rhythm(&self) -> i64 {
        match self.cycle() {
            4 => 1,
            7 => 2,
            _ => 4,
        }
    }
}

/// All of them, by code.
pub(crate) fn items() -> Vec<Item> {
    let mut items: Vec<_> = FAMILIES.lines().filter(|line| !line.is_empty()).flat_map(family).collect();
    items.sort_by(|a, b| a.code.cmp(&b.code));
    items
}

/// How much of the first variant's need the later ones have, in percent.
const SHARE: [i64; 8] = [100, 74, 52, 41, 33, 27, 22, 18];

fn family(line: &'static str) -> Vec<Item> {
    let mut cells = line.split('|').map(str::trim);
    let mut cell = || cells.next().unwrap_or_default();
    let (prefix, category, name, variants, unit) = (cell(), cell(), cell(), cell(), cell());
    let (price, weekly, market, pack, service) = (cell(), cell(), cell(), cell(), cell() == "s");
    let price = money(price);
    let weekly: i64 = weekly.parse().unwrap_or(1);
    let mut dice = Dice::of(prefix);
    let mut made = Vec::new();
    for ((variant, share), number) in variants.split(';').zip(SHARE).zip(1..) {
        let dearer = 100 + (number - 1) * dice.from(2, 9);
        made.push(Item {
            code: format!("{prefix}-{number:02}"),
            name: name.replace("{}", variant),
            category,
            unit,
            market,
            price: rounded(price * dearer / 100),
            weekly: weekly * MICRO * share / 100 * dice.from(85, 115) / 100,
            pack: packed(pack),
            // The service keeps the variant that is asked for most.
            service: service && number == 1,
            active: variant != "SIM card",
        });
    }
    made
}

/// `box:12` is twelve stock units. A pound is 453.59237 g, exactly.
fn packed(pack: &'static str) -> Option<(&'static str, i64, i64)> {
    match pack.split_once(':') {
        Some((unit, content)) => content.parse().ok().map(|content| (unit, content, 1)),
        None if pack == "lb" => Some(("lb", 45_359_237, 100_000)),
        None => None,
    }
}

fn money(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<4}").parse().unwrap_or(0)
}

/// To cents, and from 20 EUR to ten of them; what costs less than a few cents keeps its fractions.
fn rounded(price: i64) -> i64 {
    let step = match price {
        ..2_000 => 5,
        2_000..200_000 => 100,
        _ => 1_000,
    };
    (price + step / 2) / step * step
}
