//! The stock levels that a command changes: each is changed as often as it takes, and written once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use fluxor_engine::clock::Timestamp;

use crate::action::{Answer, Call, fail, needs, refuse};
use crate::quantity::Quantity;
use crate::row::{MovementRow, Op, Rows, StockKey, StockRow};

/// Stock levels as a command has them.
pub(crate) struct Levels<'a> {
    call: &'a Call<'a>,
    rows: BTreeMap<StockKey, StockRow>,
    movements: Vec<MovementRow>,
}

/// One of the quantities of a stock level.
type Column = fn(&mut StockRow) -> &mut Quantity;

impl<'a> Levels<'a> {
    pub(crate) const fn new(call: &'a Call<'a>) -> Self {
        Self { call, rows: BTreeMap::new(), movements: Vec::new() }
    }

    fn at(&mut self, key: &StockKey) -> Answer<&mut StockRow> {
        match self.rows.entry(key.clone()) {
            Entry::Occupied(row) => Ok(row.into_mut()),
            Entry::Vacant(free) => {
                let stored = self.call.facts.stock(self.call.tenant, key).map_err(needs)?;
                Ok(free.insert(stored.cloned().unwrap_or_else(|| StockRow::empty(key.clone()))))
            }
        }
    }

    fn add(&mut self, key: &StockKey, column: Column, more: i64, may_be_negative: bool) -> Answer<()> {
        let place = column(self.at(key)?);
        match place.0.checked_add(more) {
            Some(sum) if sum >= 0 || may_be_negative => place.0 = sum,
            // What is taken off was put on before: the rows contradict each other.
            Some(sum) => return fail(format!("the stock {key} would have {} less than nothing", Quantity(sum))),
            None => return refuse("too_much_stock", format!("There would be more of {key} than can be counted.")),
        }
        Ok(())
    }

    /// What is on order, and what comes off it.
    pub(crate) fn order(&mut self, key: &StockKey, more: i64) -> Answer<()> {
        self.add(key, |row| &mut row.on_order, more, false)
    }

    /// What is reserved, and what is free again.
    pub(crate) fn reserve(&mut self, key: &StockKey, more: i64) -> Answer<()> {
        self.add(key, |row| &mut row.reserved, more, false)
    }

    /// A movement, which gets the next number of its stock level.
    pub(crate) fn move_stock(&mut self, mut movement: MovementRow) -> Answer<()> {
        self.add(&movement.key, |row| &mut row.on_hand, movement.quantity.0, true)?;
        let row = self.at(&movement.key)?;
        row.movements += 1;
        movement.seq = row.movements;
        self.movements.push(movement);
        Ok(())
    }

    /// The row changes: stock levels that became others, and the movements.
    pub(crate) fn finish(self) -> Answer<Vec<Op>> {
        let mut changed = Vec::new();
        for (key, mut row) in self.rows {
            let stored = self.call.facts.stock(self.call.tenant, &key).map_err(needs)?;
            let same = match stored {
                Some(stored) => *stored == row,
                None => row == StockRow::empty(key),
            };
            if !same {
                row.version += 1;
                changed.push(row);
            }
        }
        let mut ops = Vec::new();
        if !changed.is_empty() {
            ops.push(Op::StockLevel(Rows(changed)));
        }
        if !self.movements.is_empty() {
            ops.push(Op::StockMovement(Rows(self.movements)));
        }
        Ok(ops)
    }
}

/// A movement that has no number yet.
pub(crate) fn unnumbered(
    key: StockKey,
    at: Timestamp,
    kind: crate::row::MovementKind,
    quantity: Quantity,
) -> MovementRow {
    MovementRow {
        key,
        seq: 0,
        at,
        kind,
        quantity,
        reference: None,
        order_id: None,
        line: None,
        note: None,
        person: None,
    }
}
