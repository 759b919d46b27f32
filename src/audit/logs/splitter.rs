//! Splits a log into records. Bytes are pushed in as they are read, so a log of any size needs only the memory of one
//! record.

/// The most bytes of one record; a longer one is unreadable. Records of the formats have a few thousand.
pub const MAX_RECORD: usize = 1 << 20;

/// The most bytes of a string in JSON that are kept. Longer ones are bodies, which are not looked at.
const MAX_STRING: usize = 64 << 10;

/// What Windows may put before UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Where a record stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// Which record of the file it is, counted from 1.
    pub number: u64,
}

/// Why a record cannot be separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It is longer than [`MAX_RECORD`].
    TooLong,
    /// It ends in its middle.
    CutOff,
}

/// Gets the records.
pub type Sink<'s> = dyn FnMut(Place, Result<&[u8], Broken>) + 's;

/// Splits a log into records.
#[derive(Debug)]
pub enum Splitter {
    /// A record a line.
    Lines(Lines),
    /// JSON objects.
    Objects(Objects),
}

impl Splitter {
    /// Takes the next bytes of the log, and hands over the records that end in them.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut Sink<'_>) {
        match self {
            Splitter::Lines(lines) => lines.feed(bytes, sink),
            Splitter::Objects(objects) => objects.feed(bytes, sink),
        }
    }

    /// The log is at its end: returns the rest.
    pub fn finish(&mut self, sink: &mut Sink<'_>) {
        match self {
            Splitter::Lines(lines) => lines.finish(sink),
            Splitter::Objects(objects) => objects.finish(sink),
        }
    }
}

/// The bytes of a record that is not at its end yet.
#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    is_too_long: bool,
}

impl Pending {
    fn extend(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > MAX_RECORD {
            self.is_too_long = true;
            self.bytes.clear();
        } else if !self.is_too_long {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn record(&self) -> Result<&[u8], Broken> {
        if self.is_too_long { Err(Broken::TooLong) } else { Ok(&self.bytes) }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.is_too_long = false;
    }
}

/// Splits at line ends, of Unix or of Windows. Empty lines are no records.
#[derive(Debug, Default)]
pub struct Lines {
    pending: Pending,
    place: Place,
}

impl Lines {
    fn feed(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.end(line, sink);
            bytes = &rest[1..];
        }
        self.pending.extend(bytes);
    }

    fn end(&mut self, last: &[u8], sink: &mut Sink<'_>) {
        self.place.line += 1;
        if self.pending.bytes.is_empty() && !self.pending.is_too_long && last.len() <= MAX_RECORD {
            return self.hand_over(Ok(last), sink);
        }
        self.pending.extend(last);
        let pending = std::mem::take(&mut self.pending);
        self.hand_over(pending.record(), sink);
    }

    fn hand_over(&mut self, record: Result<&[u8], Broken>, sink: &mut Sink<'_>) {
        let record = record.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        if record.is_ok_and(<[u8]>::is_empty) {
            return;
        }
        self.place.number += 1;
        sink(self.place, record);
    }

    fn finish(&mut self, sink: &mut Sink<'_>) {
        self.end(&[], sink);
    }
}

/// Splits JSON into the objects that stand at one place of it, as the elements of `{"Records": [...]}`. Line ends mean
/// nothing, but that damage ends at one: a line end inside a string, or where objects stand for themselves a line that
/// begins with `{`, begins anew.
#[derive(Debug)]
pub struct Objects {
    /// The brackets around the objects, from the outermost: empty where they stand for themselves.
    path: &'static [u8],
    /// Brackets that are open now, at most as many as there are in `path`.
    around: Vec<u8>,
    /// How many brackets are open now.
    depth: usize,
    within: Within,
    line: u64,
    number: u64,
    /// Where the record began that is not at its end yet.
    begun: Option<Place>,
    pending: Pending,
}

/// What the next byte is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// JSON outside of strings.
    Json,
    /// The same, at the beginning of a line.
    NewLine,
    /// A string that has had so many bytes.
    Text(usize),
    /// An escape in such a string.
    Escape(usize),
    /// A line that is no JSON.
    Other,
}

impl Objects {
    /// Objects inside these brackets.
    pub fn inside(path: &'static [u8]) -> Objects {
        Objects {
            path,
            around: Vec::new(),
            depth: 0,
            within: Within::NewLine,
            line: 1,
            number: 0,
            begun: None,
            pending: Pending::default(),
        }
    }

    fn feed(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) {
        while let Some((first, rest)) = bytes.split_first() {
            if let Within::Text(length) = self.within {
                let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n');
                let plain = bytes.iter().position(ends).unwrap_or(bytes.len());
                if plain > 0 {
                    self.text(length, &bytes[..plain]);
                    bytes = &bytes[plain..];
                    continue;
                }
            }
            self.step(*first, sink);
            bytes = rest;
        }
    }

    /// Takes the inside of a string, of which the end is dropped if it is long.
    fn text(&mut self, length: usize, plain: &[u8]) {
        if length < MAX_STRING {
            let mut end = plain.len().min(MAX_STRING - length);
            // Not between the bytes of a character.
            while plain.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
                end += 1;
            }
            self.keep(&plain[..end]);
        }
        self.within = Within::Text(length + plain.len());
    }

    fn step(&mut self, byte: u8, sink: &mut Sink<'_>) {
        match (self.within, byte) {
            (Within::Other, b'\n') => self.end(sink),
            (Within::Text(_) | Within::Escape(_), b'\n') => self.begin_anew(sink),
            (Within::Text(length), b'\\') => self.keep_escape(length, byte, Within::Escape(length)),
            (Within::Escape(length), _) => self.keep_escape(length, byte, Within::Text(length + 2)),
            (Within::Other, _) => self.keep(&[byte]),
            (Within::Text(_), _) => self.go_on(byte, Within::Json),
            (Within::NewLine, b'{') if self.path.is_empty() && self.depth > 0 => {
                self.begin_anew(sink);
                self.open(byte);
            }
            (_, b'"') if self.depth > 0 => self.go_on(byte, Within::Text(0)),
            (_, b'{' | b'[') => self.open(byte),
            (_, b'}' | b']') => self.close(byte, sink),
            (_, b'\n') => self.go_on(byte, Within::NewLine),
            (Within::NewLine, b' ' | b'\t' | b'\r') => self.keep(&[byte]),
            (_, byte) => self.other(byte),
        }
        self.line += u64::from(byte == b'\n');
    }

    fn go_on(&mut self, byte: u8, within: Within) {
        self.keep(&[byte]);
        self.within = within;
    }

    fn keep_escape(&mut self, length: usize, byte: u8, within: Within) {
        if length < MAX_STRING {
            self.keep(&[byte]);
        }
        self.within = within;
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.begun.is_some() {
            self.pending.extend(bytes);
        }
    }

    fn begin(&mut self) {
        self.number += 1;
        self.begun = Some(Place { line: self.line, number: self.number });
    }

    fn open(&mut self, byte: u8) {
        self.within = Within::Json;
        if self.depth == self.path.len() && self.around == self.path && byte == b'{' && self.begun.is_none() {
            self.begin();
        }
        self.keep(&[byte]);
        if self.depth < self.path.len() {
            self.around.push(byte);
        }
        self.depth += 1;
    }

    fn close(&mut self, byte: u8, sink: &mut Sink<'_>) {
        if self.depth == 0 {
            return self.other(byte);
        }
        self.go_on(byte, Within::Json);
        self.depth -= 1;
        self.around.truncate(self.depth);
        if self.depth == self.path.len() {
            self.end(sink);
        }
    }

    /// Something else, which between objects that stand for themselves is a line that is no JSON.
    fn other(&mut self, byte: u8) {
        if self.depth > 0 || !self.path.is_empty() {
            return self.go_on(byte, Within::Json);
        }
        let is_mark = self.number == 0 && BYTE_ORDER_MARK.contains(&byte);
        if !byte.is_ascii_whitespace() && byte != b',' && !is_mark {
            self.begin();
            self.go_on(byte, Within::Other);
        }
    }

    fn end(&mut self, sink: &mut Sink<'_>) {
        if let Some(place) = self.begun.take() {
            sink(place, self.pending.record());
        }
        self.pending.clear();
        self.within = if self.within == Within::Other { Within::NewLine } else { Within::Json };
    }

    /// Gives up the record, and continues as if the next one began here.
    fn begin_anew(&mut self, sink: &mut Sink<'_>) {
        if let Some(place) = self.begun.take() {
            sink(place, Err(Broken::CutOff));
        }
        self.pending.clear();
        self.within = Within::NewLine;
        self.depth = self.around.len();
    }

    fn finish(&mut self, sink: &mut Sink<'_>) {
        match self.within {
            Within::Other => self.end(sink),
            _ => self.begin_anew(sink),
        }
    }
}

#[cfg(test)]
mod tests;
