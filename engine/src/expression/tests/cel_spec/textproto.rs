//! As much of protobuf's text format as the suite uses.

/// A message: its fields in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(pub(super) Vec<(String, Field)>);

#[derive(Clone, Debug)]
pub(super) enum Field {
    /// A number or a word, as written.
    Word(String),
    /// Text or bytes.
    Bytes(Vec<u8>),
    Message(Message),
}

impl Message {
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: source };
        let message = reader.message()?;
        reader.blanks();
        if reader.rest.is_empty() { Ok(message) } else { Err(format!("left over: {:.40}", reader.rest)) }
    }

    pub(super) fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Field> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, field)| field)
    }

    pub(super) fn messages<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Message> {
        self.all(name).filter_map(|field| match field {
            Field::Message(message) => Some(message),
            _ => None,
        })
    }

    pub(super) fn message<'m>(&'m self, name: &'m str) -> Option<&'m Message> {
        self.messages(name).next()
    }

    /// The field as text; empty if it is not there.
    pub(super) fn text(&self, name: &str) -> String {
        match self.all(name).next() {
            Some(Field::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            Some(Field::Word(word)) => word.clone(),
            _ => String::new(),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    fn take(&mut self, symbol: char) -> bool {
        self.blanks();
        self.rest.strip_prefix(symbol).map(|rest| self.rest = rest).is_some()
    }

    fn word(&mut self, kept: &str) -> &'a str {
        self.blanks();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && !kept.contains(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Fields up to a closing brace or the end, which are left.
    fn message(&mut self) -> Result<Message, String> {
        let mut fields = Vec::new();
        loop {
            self.blanks();
            if self.rest.is_empty() || self.rest.starts_with(['}', '>']) {
                return Ok(Message(fields));
            }
            let name = if self.take('[') {
                let name = self.word("_./-").to_owned();
                if !self.take(']') {
                    return Err(format!("no `]` after {name}"));
                }
                format!("[{name}]")
            } else {
                self.word("_").to_owned()
            };
            if name.is_empty() {
                return Err(format!("no name: {:.40}", self.rest));
            }
            self.take(':');
            if self.take('[') {
                while !self.take(']') {
                    fields.push((name.clone(), self.field()?));
                    self.take(',');
                }
            } else {
                fields.push((name, self.field()?));
            }
            let _ = self.take(',') || self.take(';');
        }
    }

    fn field(&mut self) -> Result<Field, String> {
        self.blanks();
        for (open, close) in [('{', '}'), ('<', '>')] {
            if self.take(open) {
                let message = self.message()?;
                return if self.take(close) { Ok(Field::Message(message)) } else { Err(format!("no `{close}`")) };
            }
        }
        if !self.rest.starts_with(['"', '\'']) {
            let word = self.word("_.+-");
            return if word.is_empty() {
                Err(format!("no value: {:.40}", self.rest))
            } else {
                Ok(Field::Word(word.into()))
            };
        }
        let mut bytes = Vec::new();
        while self.rest.starts_with(['"', '\'']) {
            self.quoted(&mut bytes)?;
            self.blanks();
        }
        Ok(Field::Bytes(bytes))
    }

    fn quoted(&mut self, into: &mut Vec<u8>) -> Result<(), String> {
        let mut chars = self.rest.chars();
        let quote = chars.next();
        loop {
            match chars.next() {
                None => return Err("text without end".to_owned()),
                c if c == quote => break,
                Some('\\') => {
                    let rest = chars.as_str();
                    let (value, taken) = escape(rest).ok_or_else(|| format!("escape {rest:.9}"))?;
                    into.extend(value);
                    chars = rest[taken..].chars();
                }
                Some(c) => into.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        self.rest = chars.as_str();
        Ok(())
    }
}

/// The bytes that an escape stands for, and how long it is.
fn escape(rest: &str) -> Option<(Vec<u8>, usize)> {
    let first = rest.chars().next()?;
    let number = |from: usize, most: usize, radix: u32| {
        let digits = rest[from..].chars().take(most).take_while(|c| c.is_digit(radix)).count();
        u32::from_str_radix(&rest[from..from + digits], radix).ok().map(|value| (value, from + digits))
    };
    let character = |(value, taken): (u32, usize)| Some((char::from_u32(value)?.to_string().into_bytes(), taken));
    match first {
        'x' | 'X' => number(1, 2, 16).map(|(value, taken)| (vec![value as u8], taken)),
        'u' => number(1, 4, 16).and_then(character),
        'U' => number(1, 8, 16).and_then(character),
        '0'..='7' => number(0, 3, 8).map(|(value, taken)| (vec![value as u8], taken)),
        _ => {
            let byte = match first {
                'a' => 7,
                'b' => 8,
                'f' => 12,
                'n' => 10,
                'r' => 13,
                't' => 9,
                'v' => 11,
                other => u8::try_from(other).ok()?,
            };
            Some((vec![byte], 1))
        }
    }
}
