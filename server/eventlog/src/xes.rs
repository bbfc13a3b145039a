//! Logs in XES: `<log>` of `<trace>`s of `<event>`s, each with attributes.
//!
//! What must hold: an attribute belongs to the element that it stands in directly, whatever stands in the attribute; what is
//! not well formed, or stands where it cannot be meant, is an error and never half a log.

mod attribute;
mod layers;
mod place;

use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use crate::gather::Gather;
use crate::input::{Leash, Opened, Trouble};
use crate::limits::Limits;
use crate::plan::Plan;
use crate::unreadable::{Said, Unreadable, short};
use attribute::Attribute;
use layers::{Layer, Layers};
use place::{Kind, Place};

pub(crate) fn read<'p>(
    opened: Opened<'_>,
    plan: &'p Plan,
    limits: &'p Limits,
    gather: &mut Gather<'p>,
) -> Result<(), Unreadable> {
    let mut reader = Reader::from_reader(BufReader::with_capacity(256 << 10, Leash::new(opened.reader, limits.piece)));
    let mut document = Document::new(plan, limits, gather);
    let mut piece = Vec::new();
    loop {
        let reached = reader.buffer_position();
        reader.get_mut().get_mut().reached(reached);
        let event = reader.read_event_into(&mut piece).map_err(|error| unreadable(error, document.line))?;
        if !document.take(event)? {
            return document.finish();
        }
        document.line += newlines(&piece);
        piece.clear();
    }
}

fn newlines(piece: &[u8]) -> u64 {
    piece.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// What has been read of a document.
struct Document<'d, 'p> {
    gather: &'d mut Gather<'p>,
    limits: &'p Limits,
    layers: Layers<'p>,
    place: Place,
    /// Where the event that is being read began, and whether a trace is around it.
    begun: u64,
    in_trace: bool,
    /// How deep the element is that is being read over, with all that stands in it.
    over: u32,
    line: u64,
}

impl<'d, 'p> Document<'d, 'p> {
    fn new(plan: &'p Plan, limits: &'p Limits, gather: &'d mut Gather<'p>) -> Self {
        let layers = Layers::new(plan);
        Document { gather, limits, layers, place: Place::Outside, begun: 0, in_trace: false, over: 0, line: 1 }
    }

    /// Takes what comes next; false at the end.
    fn take(&mut self, event: Event<'_>) -> Result<bool, Unreadable> {
        match event {
            Event::Start(element) => {
                if self.over > 0 {
                    self.deeper()?;
                } else if !self.open(&element)? {
                    self.over = 1;
                }
            }
            Event::Empty(element) if self.over == 0 => self.whole(&element)?,
            Event::End(_) if self.over > 0 => self.over -= 1,
            Event::End(_) => self.close()?,
            Event::Text(text) => {
                let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
                if !blank && matches!(self.place, Place::Outside | Place::After) {
                    let before = text.len() - text.trim_start().len();
                    self.line += newlines(&text.as_bytes()[..before]);
                    return Err(self.stray(&text));
                }
            }
            Event::CData(_) | Event::GeneralRef(_) if matches!(self.place, Place::Outside | Place::After) => {
                return Err(self.stray("text"));
            }
            Event::DocType(declared) if declared.contains("<!ENTITY") => {
                return Err(self.wrong(
                    "the document declares entities, which are not read: put what they stand for in their place",
                ));
            }
            Event::Eof => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    /// Takes an element with nothing in it.
    fn whole(&mut self, element: &BytesStart<'_>) -> Result<(), Unreadable> {
        if self.open(element)? { self.close() } else { Ok(()) }
    }

    fn deeper(&mut self) -> Result<(), Unreadable> {
        self.over += 1;
        if self.over > self.limits.depth {
            return Err(Unreadable::TooLarge {
                line: self.line,
                what: format!("more than {} elements stand in each other", self.limits.depth),
                advice: "check that it is a log",
            });
        }
        Ok(())
    }

    /// Opens an element; false if it is to be read over with all that stands in it.
    fn open(&mut self, element: &BytesStart<'_>) -> Result<bool, Unreadable> {
        let local = element.local_name();
        let kind = Kind::of(local.into_inner());
        match (self.place, kind) {
            (Place::Outside, Kind::Log) => self.place = Place::Log,
            (Place::Outside, _) => {
                let name = short(local.into_inner());
                return Err(self.wrong(&format!("the document is a <{name}>, not a <log>: check that it is XES")));
            }
            (Place::After, _) => return Err(self.stray(&format!("<{}>", local.into_inner()))),
            (Place::Log, Kind::Global) => self.place = self.global(element)?,
            (Place::Log, Kind::Trace) => {
                (self.place, self.in_trace) = (Place::Trace, true);
                self.layers.trace();
            }
            (Place::Log | Place::Trace, Kind::Event) => {
                (self.place, self.begun) = (Place::Event, self.line);
                self.layers.event();
            }
            (_, Kind::Log | Kind::Trace | Kind::Event) => {
                let (inner, outer) = (local.into_inner(), self.place.name());
                return Err(
                    self.wrong(&format!("<{inner}> stands in <{outer}>: look for an end tag that is missing before"))
                );
            }
            (place, Kind::Attribute) => {
                if let Some(layer) = place.layer() {
                    self.attribute(layer, element)?;
                }
                return Ok(false);
            }
            (_, Kind::Other | Kind::Global) => return Ok(false),
        }
        Ok(true)
    }

    /// Notes an attribute of the element that it stands in.
    fn attribute(&mut self, layer: Layer, element: &BytesStart<'_>) -> Result<(), Unreadable> {
        let attribute = Attribute::of(element).map_err(|why| self.wrong(&why))?;
        let Some(attribute) = attribute else { return Ok(()) };
        if !self.layers.wants(layer, &attribute.key) {
            return Ok(());
        }
        let value = attribute.value().map_err(|why| self.wrong(&why))?;
        self.layers.note(layer, &attribute.key, &value, self.line)
    }

    /// Whose defaults a `<global>` has.
    fn global(&self, element: &BytesStart<'_>) -> Result<Place, Unreadable> {
        let scope = attribute::named(element, "scope").map_err(|why| self.wrong(&why))?;
        Ok(match scope.as_deref() {
            Some("trace") => Place::TraceDefaults,
            Some("event") | None => Place::EventDefaults,
            Some(_) => Place::NoDefaults,
        })
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        self.place = match self.place {
            Place::Event => {
                let layers = &self.layers;
                self.gather.event(self.begun, |slot| layers.value(slot, self.in_trace))?;
                if self.in_trace { Place::Trace } else { Place::Log }
            }
            Place::Trace => {
                self.in_trace = false;
                Place::Log
            }
            Place::EventDefaults | Place::TraceDefaults | Place::NoDefaults => Place::Log,
            Place::Log | Place::Outside | Place::After => Place::After,
        };
        Ok(())
    }

    fn finish(self) -> Result<(), Unreadable> {
        match self.place {
            Place::After => self.layers.finish(),
            Place::Outside => Err(self.wrong("there is no <log>: check that this is the whole file")),
            _ => Err(self.wrong("the file ends before </log>: it was cut off, fetch it again")),
        }
    }

    fn wrong(&self, why: &str) -> Unreadable {
        Unreadable::Xml { line: self.line, why: why.to_owned() }
    }

    fn stray(&self, what: &str) -> Unreadable {
        let side = if matches!(self.place, Place::After) { "after the end" } else { "before the beginning" };
        self.wrong(&format!("`{}` stands {side} of the log: take it out (one log a file)", short(what.trim())))
    }
}

/// What an error of the XML reader means.
fn unreadable(error: Error, line: u64) -> Unreadable {
    match error {
        Error::Io(error) => match Trouble::within(&error) {
            Some(trouble) => trouble.at(line),
            None => Unreadable::Io(std::io::Error::new(error.kind(), error)),
        },
        Error::Encoding(_) => Unreadable::Encoding { line, encoding: "UTF-8", said: Said::Nowhere },
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            let why = format!("</{}> closes <{}>: put the tags right", short(&found), short(&expected));
            Unreadable::Xml { line, why }
        }
        other => Unreadable::Xml {
            line,
            why: format!("this is not well-formed XML ({}): put it right", short(&other.to_string())),
        },
    }
}
