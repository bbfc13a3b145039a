//! The table against what must hold in it, whatever is put, touched and taken out.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::{Just, Strategy as _, any, prop, prop_oneof, proptest};

use super::{Print, Slot, Table};
use crate::at::{At, Span};
use crate::strategy::{Log, Strategy};

const LOG: Strategy = Strategy::Log(Log { limit: 100, window: Span::from_secs(60) });
const CAPACITY: usize = 40;
const BUDGET: usize = 256 * CAPACITY;

/// A scope, and a key of it. The first scopes have more keys than the last.
type Call = (u8, u8);

/// All that the table keeps twice agrees, and the bounds hold.
fn check(table: &Table) {
    let mut scopes = BTreeMap::<u32, (usize, usize)>::new();
    for (at, slot) in table.slots.iter().enumerate() {
        assert_eq!(table.find(slot.print), Some(at as u32));
        assert_eq!(table.scopes.slots(slot.scope)[slot.place as usize], at as u32);
        let scope = scopes.entry(slot.scope).or_default();
        *scope = (scope.0 + 1, scope.1 + slot.bytes());
    }
    assert_eq!(table.index.len(), table.slots.len());
    assert_eq!(table.bytes, scopes.values().map(|&(_, bytes)| bytes).sum::<usize>());
    for (&number, &(keys, bytes)) in &scopes {
        assert_eq!(table.scopes.slots(number).len(), keys);
        assert_eq!(table.scopes.held(number), bytes);
    }
    assert_eq!(table.scopes.len(), scopes.len());
    let most = scopes.values().map(|&(_, bytes)| bytes).max();
    let payer = table.scopes.payer(0, 0);
    assert_eq!(payer.map(|number| scopes[&number].1), most);
    assert!(table.len() <= CAPACITY);
}

fn call(table: &mut Table, (scope, key): Call, now: At) {
    let key: Arc<str> = format!("scope{scope}|p|object={}", key >> scope.min(7)).into();
    let place = key.bytes().fold(7, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let print = Print { place, check: !place };
    let found = table.find(print);
    if let Some(state) = found.and_then(|at| table.at(at)) {
        LOG.charge(state, now, 1);
    } else {
        let mut state = LOG.fresh(now);
        LOG.charge(&mut state, now, 1);
        let at = table.put(Slot::new(&key, print, state, 100), now);
        assert!(table.holds(at, print));
    }
    table.grown(print, now);
    let at = table.find(print).expect("what was called is not what is forgotten");
    // What was put may be one too many, by its bytes, until the next one is.
    let slack = table.slots[at as usize].bytes() + table.scopes.bytes();
    assert!(table.bytes() <= BUDGET + slack, "{} of {BUDGET}, and {slack}", table.bytes());
}

proptest! {
    #[test]
    fn it_agrees_with_itself(
        steps in prop::collection::vec(prop_oneof![
            8 => (0..9_u8, any::<u8>()).prop_map(Ok),
            1 => any::<u8>().prop_map(Err),
            1 => Just(Err(0)),
        ], 1..400),
    ) {
        let mut table = Table::new(CAPACITY, BUDGET, 5);
        let mut now = At::from_micros(1_000_000_000_000);
        for step in steps {
            now = now.plus(Span::from_micros(200_000));
            match step {
                Ok(called) => call(&mut table, called, now),
                Err(0) => now = now.plus(Span::from_secs(3_000)),
                Err(drawn) if table.len() > 0 => drop(table.take(u32::from(drawn) % table.len() as u32)),
                Err(_) => {}
            }
            check(&table);
        }
    }
}

/// The README tells them.
#[test]
fn sizes() {
    assert_eq!((size_of::<Slot>(), super::super::scopes::BYTES), (128, 80));
}
