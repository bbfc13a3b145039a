//! Where in a document something stands.

use super::layers::Layer;

/// The element that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the log.
    Outside,
    Log,
    /// `<global scope="event">`
    EventDefaults,
    /// `<global scope="trace">`
    TraceDefaults,
    /// A `<global>` of another scope.
    NoDefaults,
    Trace,
    Event,
    /// After the log.
    After,
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Place::Log | Place::Outside | Place::After => "log",
            Place::EventDefaults | Place::TraceDefaults | Place::NoDefaults => "global",
            Place::Trace => "trace",
            Place::Event => "event",
        }
    }

    /// Whose attributes stand here.
    pub(super) fn layer(self) -> Option<Layer> {
        match self {
            Place::Log => Some(Layer::Log),
            Place::EventDefaults => Some(Layer::EventDefaults),
            Place::TraceDefaults => Some(Layer::TraceDefaults),
            Place::Trace => Some(Layer::Trace),
            Place::Event => Some(Layer::Event),
            Place::Outside | Place::NoDefaults | Place::After => None,
        }
    }
}

/// What an element is, by its name without a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Global,
    Trace,
    Event,
    /// An attribute that has a value.
    Attribute,
    /// Extensions, classifiers, lists, and what else may be there.
    Other,
}

impl Kind {
    pub(super) fn of(name: &str) -> Kind {
        match name {
            "string" | "date" | "int" | "float" | "boolean" | "id" => Kind::Attribute,
            "event" => Kind::Event,
            "trace" => Kind::Trace,
            "log" => Kind::Log,
            "global" => Kind::Global,
            _ => Kind::Other,
        }
    }
}
