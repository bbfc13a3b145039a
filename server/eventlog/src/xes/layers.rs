//! The values around an event: its own, its trace's, the log's, and the defaults of both.
//!
//! What must hold: what is held is the first value of each wanted key only, so a document cannot make it grow; nothing
//! changes under events that have been read.

use hashbrown::HashMap;

use crate::plan::{CASE, Plan};
use crate::unreadable::{Unreadable, short};

/// As many of the log's names are told where one is missing, at each of event, trace and log.
const MOST_NAMES: usize = 60;
/// Longer names are not told.
const MOST_BYTES: usize = 200;

/// Whose attributes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Event,
    EventDefaults,
    Trace,
    TraceDefaults,
    Log,
}

const LAYERS: usize = 5;

pub(super) struct Layers<'p> {
    plan: &'p Plan,
    values: [Values; LAYERS],
    /// Where the value of each slot is looked for, in this order.
    order: Vec<&'static [Layer]>,
    /// The slots that a key is for; those of [`Values::keys`] by layer.
    event: Keys,
    trace: Keys,
    log: Keys,
    /// The slots that had a value somewhere.
    seen: Vec<bool>,
    traces: u64,
    /// Whether the trace, and the document, has had an event.
    event_in_trace: bool,
    event_in_log: bool,
}

/// The first value of each slot.
#[derive(Default)]
struct Values {
    letters: Vec<u8>,
    /// Where the value of a slot stands in `letters`.
    places: Vec<Option<(usize, usize)>>,
}

/// The keys of one level: those that are wanted, and those that it has.
#[derive(Default)]
struct Keys {
    known: HashMap<String, Known>,
    /// How many are known only because the level has them.
    others: usize,
}

/// A key that is wanted by some slots, or that the level has.
#[derive(Default)]
struct Known {
    slots: Vec<usize>,
    had: bool,
}

impl<'p> Layers<'p> {
    pub(super) fn new(plan: &'p Plan) -> Layers<'p> {
        let mut layers = Layers {
            plan,
            values: std::array::from_fn(|_| Values::of(plan.names.len())),
            order: Vec::with_capacity(plan.names.len()),
            event: Keys::default(),
            trace: Keys::default(),
            log: Keys::default(),
            seen: vec![false; plan.names.len()],
            traces: 0,
            event_in_trace: false,
            event_in_log: false,
        };
        for (slot, name) in plan.names.iter().enumerate() {
            let order: &'static [Layer] = if let Some(key) = name.strip_prefix("case:") {
                layers.trace.want(key, slot);
                // A case that is named by the default is none of its own.
                if slot == plan.case { &[Layer::Trace] } else { &[Layer::Trace, Layer::TraceDefaults] }
            } else if let Some(key) = name.strip_prefix("log:") {
                layers.log.want(key, slot);
                &[Layer::Log]
            } else {
                layers.event.want(name, slot);
                // An activity or a time that an event does not have itself would be made up.
                if slot == plan.activity || slot == plan.time {
                    &[Layer::Event]
                } else {
                    layers.trace.want(name, slot);
                    if slot == plan.case {
                        &[Layer::Event, Layer::Trace]
                    } else {
                        &[Layer::Event, Layer::EventDefaults, Layer::Trace]
                    }
                }
            };
            layers.order.push(order);
        }
        layers
    }

    /// A trace begins.
    pub(super) fn trace(&mut self) {
        self.traces += 1;
        self.event_in_trace = false;
        self.values[Layer::Trace as usize].clear();
    }

    /// An event begins. A trace that has no name by now is named by its number.
    pub(super) fn event(&mut self) {
        self.values[Layer::Event as usize].clear();
        if !self.event_in_trace && self.plan.names[self.plan.case] == CASE {
            let name = format!("trace {}", self.traces);
            self.values[Layer::Trace as usize].set(self.plan.case, &name);
        }
        (self.event_in_trace, self.event_in_log) = (true, true);
    }

    /// Whether a key is wanted. It is noted as one that the log has.
    pub(super) fn wants(&mut self, layer: Layer, key: &str) -> bool {
        match layer {
            Layer::Event | Layer::EventDefaults => self.event.wants(key),
            Layer::Trace | Layer::TraceDefaults => self.trace.wants(key),
            Layer::Log => self.log.wants(key),
        }
    }

    /// Notes an attribute that is wanted.
    pub(super) fn note(&mut self, layer: Layer, key: &str, value: &str, line: u64) -> Result<(), Unreadable> {
        let (keys, late) = match layer {
            Layer::Event => (&self.event, false),
            Layer::EventDefaults => (&self.event, self.event_in_log),
            Layer::Trace => (&self.trace, self.event_in_trace),
            Layer::TraceDefaults => (&self.trace, self.event_in_log),
            Layer::Log => (&self.log, self.event_in_log),
        };
        let Some(known) = keys.known.get(key) else { return Ok(()) };
        for slot in known.slots.iter().filter(|slot| self.order[**slot].contains(&layer)) {
            if late {
                let why = format!(
                    "the attribute `{}` stands after events that it is about: put it before them, as XES has it",
                    short(key)
                );
                return Err(Unreadable::Xml { line, why });
            }
            self.seen[*slot] = true;
            // A default says that there is such an attribute, and nothing of this event.
            let defaults = matches!(layer, Layer::EventDefaults | Layer::TraceDefaults);
            if !(defaults && self.plan.own[*slot]) {
                self.values[layer as usize].set(*slot, value);
            }
        }
        Ok(())
    }

    /// The value of a slot at the event that is being read; what is the trace's only if it stands in one.
    pub(super) fn value(&self, slot: usize, in_trace: bool) -> Option<&[u8]> {
        let counts = |layer: &&Layer| in_trace || !matches!(layer, Layer::Trace | Layer::TraceDefaults);
        let values = self.order[slot].iter().filter(counts).find_map(|layer| self.values[*layer as usize].get(slot));
        values.filter(|value| !value.is_empty())
    }

    /// Fails if a wanted column was nowhere in the log, though it has events.
    pub(super) fn finish(self) -> Result<(), Unreadable> {
        let named = |slot: usize| slot == self.plan.case && self.plan.names[slot] == CASE;
        let missing = self.seen.iter().enumerate().filter(|(slot, seen)| !**seen && !named(*slot));
        let missing: Vec<usize> = missing.map(|(slot, _)| slot).collect();
        if missing.is_empty() || !self.event_in_log {
            return Ok(());
        }
        let levels = [("", &self.event), ("case:", &self.trace), ("log:", &self.log)];
        let has = levels.iter().flat_map(|(before, keys)| keys.names(before)).collect();
        Err(self.plan.missing(&missing, Vec::new(), has))
    }
}

impl Values {
    fn of(slots: usize) -> Values {
        Values { letters: Vec::new(), places: vec![None; slots] }
    }

    fn clear(&mut self) {
        self.letters.clear();
        self.places.fill(None);
    }

    fn set(&mut self, slot: usize, value: &str) {
        if self.places[slot].is_none() {
            let begin = self.letters.len();
            self.letters.extend_from_slice(value.as_bytes());
            self.places[slot] = Some((begin, self.letters.len()));
        }
    }

    fn get(&self, slot: usize) -> Option<&[u8]> {
        self.places[slot].and_then(|(begin, end)| self.letters.get(begin..end))
    }
}

impl Keys {
    fn want(&mut self, key: &str, slot: usize) {
        self.known.entry_ref(key).or_default().slots.push(slot);
    }

    fn wants(&mut self, key: &str) -> bool {
        if let Some(known) = self.known.get_mut(key) {
            known.had = true;
            return !known.slots.is_empty();
        }
        if self.others < MOST_NAMES && key.len() <= MOST_BYTES {
            self.others += 1;
            self.known.insert(key.to_owned(), Known { slots: Vec::new(), had: true });
        }
        false
    }

    fn names(&self, before: &str) -> Vec<String> {
        let had = self.known.iter().filter(|(_, known)| known.had);
        let mut names: Vec<String> = had.map(|(key, _)| format!("{before}{key}")).collect();
        names.sort();
        names
    }
}
