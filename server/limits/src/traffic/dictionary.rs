//! Texts and callers, each kept once and known by a number. The same on both sides: what is recorded, and what is read.
//!
//! Each call is looked up three times and more, so that the hash is hashbrown's own (foldhash, seeded): SipHash took a third of the
//! recording. Nobody gains by texts that collide: there are only so many of a segment.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};

use hashbrown::{DefaultHashBuilder, HashTable};
use sha2::{Digest as _, Sha256};

use crate::key::{Caller, Class};

/// How many texts a caller has, beside its object.
pub(super) const TEXTS: usize = 5;

/// Texts by numbers from 1 on; 0 is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    ends: Vec<usize>,
    index: HashTable<u32>,
}

/// Who called or what for: half a caller ([`halves`]). Kept apart, since everybody calls everything.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Tenant, user, API key, route, method.
    pub(super) texts: [u32; TEXTS],
    pub(super) address: Option<IpAddr>,
    pub(super) class: Option<Class>,
    hash: u64,
}

/// What is bounded of texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextBounds {
    /// How many are kept as they are.
    pub(super) count: usize,
    /// How many bytes one has at most.
    pub(super) length: usize,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// There are only so many: people, routes, policies.
    Given,
    /// Callers make it up as they like: half of all texts at most, so that there is room for the others.
    MadeUp,
}

/// Texts and half callers.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    /// How many texts are kept as they are, and how many of these are made up.
    as_they_are: usize,
    made_up: usize,
    pub(super) texts: Texts,
    rows: Vec<Row>,
    index: HashTable<u32>,
    hashes: DefaultHashBuilder,
}

impl TextBounds {
    pub(super) const NONE: TextBounds = TextBounds { count: usize::MAX, length: usize::MAX };
}

/// Whether a text stands for another one.
pub fn is_stand_in(text: &str) -> bool {
    text.len() == 17 && text.starts_with('~') && text[1..].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What stands for a text that is too long, or one too many: the same for the same text, everywhere and always.
pub(super) fn stand_in(text: &str) -> String {
    let mut short = String::with_capacity(17);
    short.push('~');
    for byte in Sha256::digest(text.as_bytes()).iter().take(8) {
        // Writing to a string cannot fail.
        let _ = write!(short, "{byte:02x}");
    }
    short
}

/// An address as keys count it: IPv6 by its /64.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all texts.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>() + self.index.capacity() * 5
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (1..=self.len()).filter_map(|id| self.get(id as u32))
    }

    pub(super) fn get(&self, id: u32) -> Option<&str> {
        text_of(&self.bytes, &self.ends, id)
    }

    fn find(&self, hashes: &DefaultHashBuilder, text: &str) -> Option<u32> {
        self.index.find(hashes.hash_one(text), |&id| self.get(id) == Some(text)).copied()
    }

    fn number(&mut self, hashes: &DefaultHashBuilder, text: &str) -> u32 {
        let hash = hashes.hash_one(text);
        let Texts { bytes, ends, index } = self;
        if let Some(&id) = index.find(hash, |&id| text_of(bytes, ends, id) == Some(text)) {
            return id;
        }
        bytes.push_str(text);
        ends.push(bytes.len());
        // Each text came from bytes of its own, and four thousand million are not read at once.
        let id = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        index.insert_unique(hash, id, |&id| text_of(bytes, ends, id).map_or(0, |text| hashes.hash_one(text)));
        id
    }
}

fn text_of<'a>(bytes: &'a str, ends: &[usize], id: u32) -> Option<&'a str> {
    let place = (id as usize).checked_sub(1)?;
    let begin = if place == 0 { 0 } else { *ends.get(place - 1)? };
    bytes.get(begin..*ends.get(place)?)
}

impl Dictionary {
    pub(super) fn new(hashes: &DefaultHashBuilder) -> Dictionary {
        Dictionary { hashes: hashes.clone(), ..Dictionary::default() }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Bytes of memory.
    pub(super) fn memory(&self) -> usize {
        self.texts.memory() + self.rows.capacity() * size_of::<Row>() + self.index.capacity() * 5
    }

    /// The number of a text; 0 of none.
    pub(super) fn text(&mut self, text: Option<&str>, origin: Origin, bounds: TextBounds) -> u32 {
        match text {
            Some(text) => {
                let text = self.bounded(text, origin, bounds);
                self.texts.number(&self.hashes, &text)
            }
            None => 0,
        }
    }

    /// The number of half a caller, from 0 on.
    pub(super) fn caller(&mut self, caller: &Caller<'_>, bounds: TextBounds) -> u32 {
        let caller = Caller { address: caller.address.map(counted), ..*caller };
        let hash = self.hash(&caller);
        if let Some(id) = self.find(hash, &caller) {
            return id;
        }
        let given = [caller.tenant, caller.user, caller.api_key, caller.route];
        let given = given.map(|text| text.map(|text| self.bounded(text, Origin::Given, bounds)));
        let [tenant, user, api_key, route] = given;
        let method = caller.method.map(|text| self.bounded(text, Origin::MadeUp, bounds));
        let given: [Option<Cow<'_, str>>; TEXTS] = [tenant, user, api_key, route, method];
        if given.iter().flatten().any(|text| matches!(text, Cow::Owned(_))) {
            let [tenant, user, api_key, route, method] = given.each_ref().map(Option::as_deref);
            let bounded = Caller { tenant, user, api_key, route, method, ..caller };
            let hash = self.hash(&bounded);
            return self.find(hash, &bounded).unwrap_or_else(|| self.add(hash, &bounded));
        }
        self.add(hash, &caller)
    }

    /// The number of half a caller whose texts have numbers already.
    pub(super) fn caller_of(&mut self, texts: [u32; TEXTS], rest: Caller<'_>) -> u32 {
        let row = Row { texts, address: rest.address.map(counted), class: rest.class, hash: 0 };
        let hash = self.hash(&self.read(&row));
        if let Some(id) = self.find(hash, &self.read(&row)) {
            return id;
        }
        self.add_row(Row { hash, ..row })
    }

    /// The caller of these halves, and the object of that number.
    pub(super) fn called_by(&self, who: u32, what: u32, object: u32) -> Caller<'_> {
        let (who, what) = (self.half(who), self.half(what));
        Caller { route: what.route, method: what.method, object: self.texts.get(object), ..who }
    }

    /// The half of that number.
    pub(super) fn half(&self, number: u32) -> Caller<'_> {
        self.rows.get(number as usize).map(|row| self.read(row)).unwrap_or_default()
    }

    /// The text as it is, if there is room for it, or what stands for it. (It is given a number then.)
    fn bounded<'a>(&mut self, text: &'a str, origin: Origin, bounds: TextBounds) -> Cow<'a, str> {
        if text.len() > bounds.length {
            return Cow::Owned(stand_in(text));
        }
        if self.texts.find(&self.hashes, text).is_some() {
            return Cow::Borrowed(text);
        }
        let is_made_up = origin == Origin::MadeUp;
        if self.as_they_are >= bounds.count || (is_made_up && self.made_up >= bounds.count / 2) {
            return Cow::Owned(stand_in(text));
        }
        if !is_stand_in(text) {
            self.as_they_are += 1;
            self.made_up += usize::from(is_made_up);
        }
        Cow::Borrowed(text)
    }

    fn hash(&self, caller: &Caller<'_>) -> u64 {
        self.hashes.hash_one(identity(caller))
    }

    fn find(&self, hash: u64, caller: &Caller<'_>) -> Option<u32> {
        let same = |&id: &u32| {
            let row = self.rows.get(id as usize);
            row.is_some_and(|row| row.hash == hash && identity(&self.read(row)) == identity(caller))
        };
        self.index.find(hash, same).copied()
    }

    fn add(&mut self, hash: u64, caller: &Caller<'_>) -> u32 {
        let texts = [caller.tenant, caller.user, caller.api_key, caller.route, caller.method];
        let texts = texts.map(|text| text.map_or(0, |text| self.texts.number(&self.hashes, text)));
        self.add_row(Row { texts, address: caller.address, class: caller.class, hash })
    }

    fn add_row(&mut self, row: Row) -> u32 {
        let (hash, id) = (row.hash, u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        self.rows.push(row);
        let rows = &self.rows;
        self.index.insert_unique(hash, id, |&id| rows.get(id as usize).map_or(0, |row| row.hash));
        id
    }

    fn read(&self, row: &Row) -> Caller<'_> {
        let [tenant, user, api_key, route, method] = row.texts.map(|id| self.texts.get(id));
        Caller { tenant, user, api_key, route, method, address: row.address, class: row.class, object: None }
    }
}

/// Who calls, and what for.
pub(super) fn halves<'a>(caller: &Caller<'a>) -> (Caller<'a>, Caller<'a>) {
    let Caller { route, method, .. } = *caller;
    (Caller { route: None, method: None, object: None, ..*caller }, Caller { route, method, ..Caller::default() })
}

/// What makes half a caller another one.
fn identity<'a>(caller: &Caller<'a>) -> impl std::hash::Hash + PartialEq + use<'a> {
    let Caller { tenant, user, api_key, address, route, method, class, object: _ } = *caller;
    (tenant, user, api_key, address, route, method, class)
}
