//! What calls cost by settings. Several sets may decide one call, each with costs of its own; a call is told with one cost, that by
//! the last set, and a [`Shift`] makes of it what it is by another.

use serde::Serialize;

use super::covers;

/// What a call on a route costs, if not 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The method; any if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The route's template, or a prefix that ends in `*`.
    pub route: String,
    /// The cost.
    pub cost: u64,
}

/// The costs of a set, the most particular first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Costs(Vec<Cost>);

impl Costs {
    pub(super) fn new(mut costs: Vec<Cost>) -> Costs {
        // A route before a prefix, the longer prefix, and a method before any.
        let rank = |cost: &Cost| (!cost.route.ends_with('*'), cost.route.len(), cost.method.is_some());
        costs.sort_by_key(|cost| std::cmp::Reverse(rank(cost)));
        Costs(costs)
    }

    /// That of the most particular entry that covers it, otherwise 1.
    pub(super) fn of(&self, method: &str, route: &str) -> u64 {
        let covering =
            |cost: &&Cost| cost.method.as_deref().is_none_or(|own| own == method) && covers(&cost.route, route);
        self.0.iter().find(covering).map_or(1, |cost| cost.cost)
    }
}

/// What a method and route cost by the set by which a call's cost is told, and by the set of the policy that counts it. What the
/// call costs more or less than that (the rows of a page) is the same for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    own: u64,
    theirs: u64,
}

impl Shift {
    pub(super) fn new(own: u64, theirs: u64) -> Shift {
        Shift { own, theirs }
    }

    /// What a call costs by the policy's set that costs so much as it was told.
    pub fn of(self, cost: u64) -> u64 {
        match cost.checked_sub(self.own) {
            Some(more) => self.theirs.saturating_add(more),
            None => self.theirs.saturating_sub(self.own - cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_changes_what_the_route_costs_and_nothing_else() {
        assert_eq!(Shift::default().of(7), 7);
        // Free by the one, 10 by the other: a page of 4 more is 4 more for both.
        let dearer = Shift::new(0, 10);
        assert_eq!([0, 4, u64::MAX].map(|cost| dearer.of(cost)), [10, 14, u64::MAX]);
        let cheaper = Shift::new(50, 1);
        assert_eq!([50, 54, 49, 3].map(|cost| cheaper.of(cost)), [1, 5, 0, 0]);
    }
}
