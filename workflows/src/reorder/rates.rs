//! Exchange rates for comparing offers. Nothing is paid by them.

use std::collections::BTreeMap;

use fluxor_engine::money::Currency;
use jiff::civil::Date;

use super::ratio::Ratio;

/// Rates by currency and day, as units of the currency for one of the home currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    home: Currency,
    known: BTreeMap<(Currency, Date), Ratio>,
}

impl Rates {
    /// No rate but that of the home currency, which is always one.
    #[must_use]
    pub const fn of(home: Currency) -> Self {
        Self { home, known: BTreeMap::new() }
    }

    /// Adds a rate from `date` on, until a later one. A rate that is not above zero is none.
    #[must_use]
    pub fn with(mut self, currency: Currency, date: Date, units_for_one_home: Ratio) -> Self {
        if units_for_one_home > Ratio::ZERO {
            self.known.insert((currency, date), units_for_one_home);
        }
        self
    }

    /// The currency that offers are compared in.
    #[must_use]
    pub const fn home(&self) -> Currency {
        self.home
    }

    /// The last rate on or before `date`.
    #[must_use]
    pub fn on(&self, currency: Currency, date: Date) -> Option<Ratio> {
        if currency == self.home {
            return Some(Ratio::ONE);
        }
        self.known.range((currency, Date::MIN)..=(currency, date)).next_back().map(|(_, rate)| *rate)
    }
}
