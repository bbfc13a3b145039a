//! Phase A: what a whole tenant would order, from one view of the store, without holding a writer.
//!
//! Policies are read page by page behind the last key, so that memory holds one page and the result. What is short is
//! computed by [`propose`], which computes it again on locked rows when an order is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_engine::money::{Currency, Money};
use fluxor_engine::store::{Connection, StoreError};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;

use super::price::Offer;
use super::propose::{Case, Obstacle, Outcome, Proposed, Reordered, Why, propose};
use super::rates::Rates;
use super::ratio::Ratio;
use super::shortage::{OnOrder, Position, Shortage};
use super::source::Source;
use crate::memory::Memory;
use crate::quantity::Quantity;
use crate::row::{ItemRow, PolicyRow, StockKey, StockRow};
use crate::statement::broken;

/// The most lines of one order of a run: what is more becomes another part.
pub const MOST_CHUNK_LINES: usize = 500;

/// Policies read at once.
const PAGE: i64 = 1_000;

/// For which day, and by which rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The local day.
    pub today: Date,
    /// The home currency and the rates of others.
    pub rates: Rates,
}

/// What a tenant would order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Orders to write, by supplier, location, currency and part.
    pub chunks: Vec<Chunk>,
    /// What is short and cannot be ordered, by item and location.
    pub unplaceable: Vec<Shortfall>,
    /// Counts and sums.
    pub totals: Totals,
}

/// The lines of one order: one supplier, location and currency, at most [`MOST_CHUNK_LINES`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// From whom.
    pub supplier: Arc<str>,
    /// Where to.
    pub location: Arc<str>,
    /// In which currency.
    pub currency: Currency,
    /// Which of the orders that the lines were divided into, from 1.
    pub part: usize,
    /// Its lines, items in the order of their codes.
    pub lines: Vec<ChunkLine>,
}

/// A line as the snapshot saw it. What is ordered is computed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkLine {
    /// What.
    pub item: Arc<str>,
    /// On which of the supplier's terms.
    pub term: Arc<str>,
    /// What was on order, by how far the orders were.
    #[serde(default, skip_serializing_if = "OnOrder::is_nothing")]
    pub on_order: OnOrder,
    /// Supplier and term of every offer that was compared: the rows to compare again.
    pub compared: Vec<(Arc<str>, Arc<str>)>,
    /// How much, in purchase units.
    pub quantity: Quantity,
    /// The purchase unit.
    pub unit: Arc<str>,
    /// Other units that terms and stock are counted in: with the rest they are all the rows that a part asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_units: Vec<Arc<str>>,
    /// For how much.
    pub total: Money,
}

/// Something short that is not ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    /// What.
    pub item: Arc<str>,
    /// Where.
    pub location: Arc<str>,
    /// Why not.
    #[serde(flatten)]
    pub obstacle: Obstacle,
    /// The position, in stock units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Quantity>,
    /// What is needed, in stock units; none where settings do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<Ratio>,
}

/// Counts and sums of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Active policies: items at locations that were looked at.
    pub looked_at: u64,
    /// How many of them are short.
    pub short: u64,
    /// How many lines would be ordered.
    pub lines: u64,
    /// How many are short and cannot be ordered, by reason.
    pub not_purchasable: BTreeMap<Why, u64>,
    /// What the lines cost, one amount a currency. An amount that does not fit is the largest that does.
    pub value: Vec<Money>,
}

/// One item at one location, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// What.
    pub item: Arc<str>,
    /// Where.
    pub location: Arc<str>,
    /// The item's name; none where the item is missing.
    pub name: Option<Arc<str>>,
    /// The unit that its stock is counted in.
    pub stock_unit: Option<Arc<str>>,
    /// The answer and its arithmetic.
    #[serde(flatten)]
    pub proposed: Proposed,
}

/// Runs `$work` on a source inside a transaction that sees one state of the database and changes nothing.
macro_rules! one_view {
    ($connection:expr, $tenant:expr, $source:ident => $work:expr) => {
        match $connection {
            Connection::Memory(memory) => {
                let mut $source = Source::new(Connection::Memory(memory), $tenant);
                $work
            }
            Connection::Sqlite(connection) => {
                let mut view = connection.begin().await.map_err(|error| broken(error, "reorder_policy"))?;
                let mut $source = Source::new(Connection::Sqlite(&mut view), $tenant);
                let found = $work;
                view.rollback().await.map_err(|error| broken(error, "reorder_policy"))?;
                found
            }
            Connection::Postgres(connection) => {
                // Its default would show each statement another state.
                let begun = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await;
                let mut view = begun.map_err(|error| broken(error, "reorder_policy"))?;
                let mut $source = Source::new(Connection::Postgres(&mut view), $tenant);
                let found = $work;
                view.rollback().await.map_err(|error| broken(error, "reorder_policy"))?;
                found
            }
        }
    };
}

/// What a tenant would order on a day. The connection must not be in a transaction.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn snapshot(connection: Connection<'_, Memory>, tenant: TenantId, ask: &Ask) -> Result<Snapshot, StoreError> {
    one_view!(connection, tenant, source => whole(&mut source, ask).await)
}

/// Why an item is, or is not, ordered at a location, or at every location that has a policy for it; empty where there is
/// no policy. The connection must not be in a transaction.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn explain(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    ask: &Ask,
    item: &str,
    location: Option<&str>,
) -> Result<Vec<Explained>, StoreError> {
    one_view!(connection, tenant, source => one_item(&mut source, ask, item, location).await)
}

async fn whole(source: &mut Source<'_>, ask: &Ask) -> Result<Snapshot, StoreError> {
    let mut found = Found::default();
    let mut last = (Arc::from(""), Arc::from(""));
    loop {
        let page = source.policies((&last.0, &last.1), PAGE).await?;
        let Some(end) = page.last() else { break };
        last = (end.key.item.clone(), end.key.location.clone());
        let full = i64::try_from(page.len()) == Ok(PAGE);
        let active: Vec<PolicyRow> = page.into_iter().filter(|policy| policy.active).collect();
        for looked in look(source, ask, active, false).await? {
            found.add(looked);
        }
        if !full {
            break;
        }
    }
    Ok(found.finish())
}

async fn one_item(
    source: &mut Source<'_>,
    ask: &Ask,
    item: &str,
    location: Option<&str>,
) -> Result<Vec<Explained>, StoreError> {
    let mut policies = Vec::new();
    if let Some(location) = location {
        policies.extend(source.policy(&StockKey { item: item.into(), location: location.into() }).await?);
    } else {
        let mut last = Arc::from("");
        loop {
            let page = source.policies((item, &last), 100).await?;
            let full = page.len() == 100 && page.last().is_some_and(|policy| *policy.key.item == *item);
            policies.extend(page.into_iter().filter(|policy| *policy.key.item == *item));
            let Some(end) = policies.last().filter(|_| full) else { break };
            last = end.key.location.clone();
        }
    }
    let looked = look(source, ask, policies, true).await?;
    Ok(looked
        .into_iter()
        .map(|Looked { key, item, proposed, .. }| Explained {
            item: key.item,
            location: key.location,
            name: item.as_ref().map(|item| item.name.clone()),
            stock_unit: item.map(|item| item.stock_unit),
            proposed,
        })
        .collect())
}

/// A policy that was looked at.
struct Looked {
    key: StockKey,
    item: Option<ItemRow>,
    /// Units that its stock and its offers are counted in, each once.
    units: Vec<Arc<str>>,
    proposed: Proposed,
}

/// Computes a page of policies. Offers and order lines are read of what is short; with `all`, of everything.
async fn look(
    source: &mut Source<'_>,
    ask: &Ask,
    policies: Vec<PolicyRow>,
    all: bool,
) -> Result<Vec<Looked>, StoreError> {
    let keys: Vec<&StockKey> = policies.iter().map(|policy| &policy.key).collect();
    let stock = source.stock(&keys).await?;
    let mut codes: Vec<Arc<str>> = keys.iter().map(|key| key.item.clone()).collect();
    codes.dedup();
    let items = source.items(&codes).await?;
    source.keep_locations(keys.iter().map(|key| key.location.clone())).await?;

    let nothing = |key: &StockKey| StockRow::empty(key.clone());
    let positions: Vec<Position> =
        keys.iter().map(|key| Position::from(stock.get(key).unwrap_or(&nothing(key)))).collect();
    let wanted =
        |place: &usize| all || matches!(policies[*place].shortage(&positions[*place]), Ok(Shortage::Short { .. }));
    let wanted: Vec<usize> = (0..policies.len()).filter(wanted).collect();
    let offers = offers(source, wanted.iter().map(|place| keys[*place]), &items).await?;
    let ordered: Vec<&StockKey> = wanted.iter().map(|place| keys[*place]).collect();
    let ordered: Vec<&StockKey> =
        ordered.into_iter().filter(|key| stock.get(key).is_some_and(|row| row.on_order.0 > 0)).collect();
    let on_order = source.on_order(&ordered).await?;

    let mut looked = Vec::new();
    for (policy, position) in policies.iter().zip(positions) {
        let position = on_order.get(&policy.key).map_or(position, |kinds| position.told(*kinds));
        let item = items.get(&policy.key.item);
        let offers = offers.get(&policy.key.item).map_or(&[][..], Vec::as_slice);
        let proposed = propose(&Case {
            item_active: item.is_some_and(|item| item.active),
            location_active: source.location(&policy.key.location).is_some_and(|location| location.active),
            policy,
            position: &position,
            offers,
            supplier: None,
            today: ask.today,
            rates: &ask.rates,
        });
        looked.push(Looked { key: policy.key.clone(), item: item.cloned(), units: units(item, offers), proposed });
    }
    Ok(looked)
}

fn units(item: Option<&ItemRow>, offers: &[Offer]) -> Vec<Arc<str>> {
    let stock = item.map(|item| item.stock_unit.clone());
    let mut units: Vec<_> = offers.iter().map(|offer| offer.term.unit.clone()).chain(stock).collect();
    units.sort_unstable();
    units.dedup();
    units
}

/// Every offer for the items of these places.
async fn offers(
    source: &mut Source<'_>,
    places: impl Iterator<Item = &StockKey>,
    items: &BTreeMap<Arc<str>, ItemRow>,
) -> Result<BTreeMap<Arc<str>, Vec<Offer>>, StoreError> {
    let mut codes: Vec<&str> = places.map(|key| &*key.item).collect();
    codes.dedup();
    let terms = source.terms(&codes).await?;
    let rows = || terms.values().flatten().map(|(term, _)| term);
    source.keep_suppliers(rows().map(|term| term.key.supplier.clone())).await?;
    let stock_units = items.values().map(|item| item.stock_unit.clone());
    source.keep_units(rows().map(|term| term.unit.clone()).chain(stock_units)).await?;
    let mut offers = BTreeMap::new();
    for (item, terms) in terms {
        let stock_unit = items.get(&item).map(|item| item.stock_unit.clone());
        let stock = stock_unit.as_ref().map(|code| (&**code, source.unit(code)));
        let of_item = terms.into_iter().map(|(term, factor)| {
            let (supplier, unit) = (source.supplier(&term.key.supplier), source.unit(&term.unit));
            Offer::of(term, supplier, unit, factor, stock)
        });
        offers.insert(item, of_item.collect());
    }
    Ok(offers)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    groups: BTreeMap<(Arc<str>, Arc<str>, Currency), Vec<ChunkLine>>,
    unplaceable: Vec<Shortfall>,
    totals: Totals,
    value: BTreeMap<Currency, i64>,
}

impl Found {
    fn add(&mut self, looked: Looked) {
        let Looked { key: StockKey { item, location }, units, proposed: Proposed { outcome, why }, .. } = looked;
        self.totals.looked_at += 1;
        match outcome {
            Outcome::NotShort(_) => {}
            Outcome::Order(Reordered { supplier, term, quantity, unit, total, .. }) => {
                self.totals.short += 1;
                self.totals.lines += 1;
                let value = self.value.entry(total.currency).or_default();
                *value = value.saturating_add(total.units);
                let lines = self.groups.entry((supplier, location, total.currency)).or_default();
                let on_order = why.position.on_order;
                let compared = why.offers.into_iter().map(|offer| (offer.supplier, offer.term)).collect();
                let other_units = units.into_iter().filter(|other| *other != unit).collect();
                lines.push(ChunkLine { item, term, on_order, compared, quantity, unit, other_units, total });
            }
            Outcome::NotPurchasable(obstacle) => {
                self.totals.short += 1;
                *self.totals.not_purchasable.entry(obstacle.reason).or_default() += 1;
                let (position, need) = (why.position_total, why.need);
                self.unplaceable.push(Shortfall { item, location, obstacle, position, need });
            }
        }
    }

    fn finish(self) -> Snapshot {
        let Self { groups, unplaceable, mut totals, value } = self;
        totals.value = value.into_iter().map(|(currency, units)| Money { units, currency }).collect();
        let mut chunks = Vec::new();
        for ((supplier, location, currency), lines) in groups {
            for (number, lines) in lines.chunks(MOST_CHUNK_LINES).enumerate() {
                let (supplier, location, lines) = (supplier.clone(), location.clone(), lines.to_vec());
                chunks.push(Chunk { supplier, location, currency, part: number + 1, lines });
            }
        }
        Snapshot { chunks, unplaceable, totals }
    }
}
