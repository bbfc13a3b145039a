//! The values around an event: its own, its trace's, the log's, and the defaults of both.
//!
//! What must hold: what is held is the first value of each wanted key only, so a document cannot make it grow; nothing
//! changes under events that have been read.

use hashbrown::{HashMap, HashSet};

use crate::limits::Limits;
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
    limits: &'p Limits,
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

/// The keys of one level, with the slots that want them.
#[derive(Default)]
struct Keys {
    wanted: HashMap<String, Vec<usize>>,
    /// Those that the level has.
    has: HashSet<String>,
}

impl<'p> Layers<'p> {
    pub(super) fn new(plan: &'p Plan, limits: &'p Limits) -> Layers<'p> {
        let mut layers = Layers {
            plan,
            limits,
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

    /// Notes an attribute.
    pub(super) fn note(&mut self, layer: Layer, key: &str, value: &str, line: u64) -> Result<(), Unreadable> {
        let (keys, late) = match layer {
            Layer::Event => (&mut self.event, false),
            Layer::EventDefaults => (&mut self.event, self.event_in_log),
            Layer::Trace => (&mut self.trace, self.event_in_trace),
            Layer::TraceDefaults => (&mut self.trace, self.event_in_log),
            Layer::Log => (&mut self.log, self.event_in_log),
        };
        let Some(slots) = keys.slots(key) else { return Ok(()) };
        for slot in slots.iter().filter(|slot| self.order[**slot].contains(&layer)) {
            if late {
                let why = format!(
                    "the attribute `{}` stands after events that it is about: put it before them, as XES has it",
                    short(key)
                );
                return Err(Unreadable::Xml { line, why });
            }
            if value.len() > self.limits.text {
                return Err(self.limits.text_too_long(line, &self.plan.names[*slot], value.len()));
            }
            self.seen[*slot] = true;
            self.values[layer as usize].set(*slot, value);
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
        let missing = self.seen.iter().enumerate().position(|(slot, seen)| !seen && !named(slot));
        let Some(slot) = missing.filter(|_| self.event_in_log) else { return Ok(()) };
        let levels = [("", &self.event), ("case:", &self.trace), ("log:", &self.log)];
        let has = levels.iter().flat_map(|(before, keys)| keys.names(before)).collect();
        Err(self.plan.missing(slot, has))
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
        self.wanted.entry_ref(key).or_default().push(slot);
    }

    /// The slots that want a key, which is noted as one that the level has.
    fn slots(&mut self, key: &str) -> Option<&[usize]> {
        if self.has.len() < MOST_NAMES && key.len() <= MOST_BYTES && !self.has.contains(key) {
            self.has.insert(key.to_owned());
        }
        self.wanted.get(key).map(Vec::as_slice)
    }

    fn names(&self, before: &str) -> Vec<String> {
        let mut names: Vec<String> = self.has.iter().map(|key| format!("{before}{key}")).collect();
        names.sort();
        names
    }
}
