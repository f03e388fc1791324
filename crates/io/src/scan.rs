//! Tokens and numbers from a stream of text, with their places.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Place, ReadError};
use crate::number;
pub(crate) use crate::what::What;

/// Errors travel boxed inside the crate: a number read costs two registers.
pub(crate) type Scan<T> = Result<T, Box<ReadError>>;

/// Large enough that refilling does not show, small enough to stay in cache.
const BLOCK: usize = 256 << 10;
/// A line longer than this is no text. Bundler puts all views of a point on one line.
const MAX_LINE: usize = 64 << 20;

/// Reads a text in blocks of whole lines and cuts it into tokens.
///
/// The place is always inside a line; only [`Scanner::next_line`] and
/// [`Scanner::next_token`] move to another block.
pub(crate) struct Scanner<'r> {
    path: PathBuf,
    reader: Box<dyn Read + 'r>,
    buffer: Vec<u8>,
    /// The buffer up to here is whole lines; the last byte is a newline.
    whole: usize,
    filled: usize,
    ended: bool,
    taken: u64,
    limit: u64,
    at: usize,
    line_start: usize,
    line: u64,
    /// Commas part tokens too.
    pub commas: bool,
    /// Bytes of text at most, where known.
    pub length: Option<u64>,
    /// The text is `length` bytes long exactly, for it is not compressed.
    pub is_plain: bool,
}

#[inline(always)]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

impl<'r> Scanner<'r> {
    /// A scanner over `reader`, of which at most `limit` bytes are taken.
    pub fn new(path: &Path, reader: Box<dyn Read + 'r>, limit: u64) -> Self {
        Self {
            path: path.to_owned(),
            reader,
            buffer: Vec::new(),
            whole: 0,
            filled: 0,
            ended: false,
            taken: 0,
            limit,
            at: 0,
            line_start: 0,
            line: 1,
            commas: false,
            length: None,
            is_plain: false,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line the place is in, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What is left of the block, or the first block, without moving.
    pub fn peek(&mut self) -> Scan<&[u8]> {
        if self.whole == 0 {
            self.fill()?;
            if self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.at = 3;
            }
        }
        Ok(&self.buffer[self.at..self.whole])
    }

    /// Drops the block and reads on to the next line end past a block's
    /// length; false at the end of the text.
    #[cold]
    fn fill(&mut self) -> Scan<bool> {
        self.buffer.copy_within(self.whole..self.filled, 0);
        self.filled -= self.whole;
        self.line_start = 0;
        self.at = 0;
        self.whole = 0;
        while !self.ended {
            if self.filled == self.buffer.len() {
                let longer = (2 * self.filled).clamp(BLOCK, MAX_LINE + 1);
                if self.filled > MAX_LINE {
                    return Err(self.unexpected_at(
                        0,
                        "a line end",
                        format!("a line of more than {MAX_LINE} bytes"),
                    ));
                }
                self.buffer.resize(longer, 0);
            }
            let count = match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(count) => count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    return Err(Box::new(ReadError::Io {
                        path: self.path.clone(),
                        source,
                    }));
                }
            };
            self.taken += count as u64;
            if self.taken > self.limit {
                return Err(Box::new(ReadError::TooLarge {
                    path: self.path.clone(),
                    what: "the decompressed text",
                    needed: self.taken,
                    limit: self.limit,
                }));
            }
            self.filled += count;
            if count == 0 {
                self.ended = true;
                if self.filled > 0 && self.buffer[self.filled - 1] != b'\n' {
                    self.buffer.truncate(self.filled);
                    self.buffer.push(b'\n');
                    self.filled += 1;
                }
            } else if self.filled < self.buffer.len() {
                // Readers may give little at a time: go on until the block is full.
                continue;
            }
            if let Some(last) = self.buffer[..self.filled].iter().rposition(|b| *b == b'\n') {
                self.whole = last + 1;
                return Ok(true);
            }
        }
        self.whole = self.filled;
        Ok(self.whole > 0)
    }

    /// Moves to the first token of the next line that is neither blank nor a
    /// comment; false at the end. The place must be at the start of a line.
    #[inline]
    pub fn next_line(&mut self) -> Scan<bool> {
        loop {
            if self.at >= self.whole && !self.fill()? {
                return Ok(false);
            }
            self.skip_blanks();
            match self.buffer[self.at] {
                b'\n' => self.newline(),
                b'#' => self.skip_line(),
                _ => return Ok(true),
            }
        }
    }

    #[inline(always)]
    fn newline(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    #[inline(always)]
    fn skip_blanks(&mut self) {
        let bytes = &self.buffer[..self.whole];
        let mut at = self.at;
        while at < bytes.len() && (is_blank(bytes[at]) || (self.commas && bytes[at] == b',')) {
            at += 1;
        }
        self.at = at;
    }

    /// Moves past the end of the line, whatever it holds.
    pub fn skip_line(&mut self) {
        while self.buffer[self.at] != b'\n' {
            self.at += 1;
        }
        self.newline();
    }

    /// Moves past the end of the line, on which nothing but a comment may follow.
    #[inline]
    pub fn end_line(&mut self) -> Scan<()> {
        self.skip_blanks();
        match self.buffer[self.at] {
            b'\n' => self.newline(),
            b'#' => self.skip_line(),
            _ => return Err(self.unexpected_text("the end of the line".into())),
        }
        Ok(())
    }

    /// Whether another token follows on this line.
    #[inline]
    pub fn more_on_line(&mut self) -> bool {
        self.skip_blanks();
        !matches!(self.buffer[self.at], b'\n' | b'#')
    }

    /// Moves to the next token on this or a later line; false at the end.
    #[inline]
    pub fn next_token(&mut self) -> Scan<bool> {
        if self.whole > 0 && self.at < self.whole && self.more_on_line() {
            return Ok(true);
        }
        if self.at < self.whole {
            self.skip_line();
        }
        self.next_line()
    }

    /// All text from the place on.
    pub fn read_rest(&mut self, into: &mut Vec<u8>) -> Scan<()> {
        self.peek()?;
        while self.at < self.whole {
            into.extend_from_slice(&self.buffer[self.at..self.whole]);
            self.fill()?;
        }
        Ok(())
    }

    /// The token at the place, which moves past it; empty at the end of the line.
    #[inline]
    pub fn token(&mut self) -> &[u8] {
        self.skip_blanks();
        let start = self.at;
        self.at = self.token_end();
        &self.buffer[start..self.at]
    }

    #[inline(always)]
    fn token_end(&self) -> usize {
        let bytes = &self.buffer[..self.whole];
        let mut at = self.at;
        if bytes.get(at) == Some(&b'#') {
            return at;
        }
        while at < bytes.len() && !self.parts(bytes[at]) {
            at += 1;
        }
        at
    }

    #[inline(always)]
    fn parts(&self, byte: u8) -> bool {
        byte == b'\n' || is_blank(byte) || (self.commas && byte == b',')
    }

    /// A finite number.
    #[inline]
    pub fn float(&mut self, what: What) -> Scan<f64> {
        self.skip_blanks();
        let rest = &self.buffer[self.at..self.whole];
        // Information matrices are mostly zeros.
        if let [digit @ b'0'..=b'9', b' ' | b'\n', ..] = rest {
            self.at += 1;
            return Ok(f64::from(digit - b'0'));
        }
        if let Some((value, length)) = number::parse_short(rest)
            && self.parts(rest[length])
        {
            self.at += length;
            return Ok(value);
        }
        self.long_float(what)
    }

    #[inline(never)]
    fn long_float(&mut self, what: What) -> Scan<f64> {
        let end = self.token_end();
        let token = &self.buffer[self.at..end];
        match number::parse_token(token) {
            None => Err(Box::new(ReadError::NotNumber {
                at: self.place(),
                what: what.to_string(),
                sort: what.sort(),
                found: self.found(),
            })),
            Some(value) if value.is_finite() => {
                self.at = end;
                Ok(value)
            }
            Some(_) => Err(Box::new(ReadError::NotFinite {
                at: self.place(),
                what: what.to_string(),
                found: show(token),
            })),
        }
    }

    /// A whole number from 0.
    #[inline]
    pub fn integer(&mut self, what: What) -> Scan<u64> {
        self.skip_blanks();
        let bytes = &self.buffer[..self.whole];
        let mut at = self.at;
        let mut value = 0u64;
        while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
            match value
                .checked_mul(10)
                .and_then(|v| v.checked_add(u64::from(digit - b'0')))
            {
                Some(next) => value = next,
                None => return Err(self.unexpected_integer(what)),
            }
            at += 1;
        }
        if at == self.at || !self.parts(bytes[at]) {
            return Err(self.unexpected_integer(what));
        }
        self.at = at;
        Ok(value)
    }

    #[cold]
    fn unexpected_integer(&self, what: What) -> Box<ReadError> {
        self.unexpected_text(format!("{what} (a whole number from 0 to 2^64 - 1)"))
    }

    /// Where the next token begins.
    pub fn place(&self) -> Place {
        self.place_at(self.at)
    }

    /// A mark to make a [`Place`] of later, as long as the line is the same.
    #[inline]
    pub fn mark(&mut self) -> usize {
        self.skip_blanks();
        self.at
    }

    pub fn place_at(&self, mark: usize) -> Place {
        Place {
            path: self.path.clone(),
            line: self.line,
            column: self.column(mark),
        }
    }

    /// Column of a mark on the present line, from 1.
    pub fn column(&self, mark: usize) -> u64 {
        (mark - self.line_start) as u64 + 1
    }

    /// The error that the next token is not `expected`.
    #[cold]
    pub fn unexpected_text(&self, expected: String) -> Box<ReadError> {
        Box::new(ReadError::Unexpected {
            at: self.place(),
            expected,
            found: self.found(),
        })
    }

    /// What stands where the next token should be.
    #[cold]
    pub fn found(&self) -> String {
        let bytes = &self.buffer[..self.whole];
        match bytes.get(self.at) {
            None => "the end of the file".to_owned(),
            Some(b'\n' | b'#') if self.at_last_line() => "the end of the file".to_owned(),
            Some(b'\n' | b'#') => "the end of the line".to_owned(),
            Some(_) => show(&bytes[self.at..self.token_end()]),
        }
    }

    /// The tokens of the line up to a mark, and from it on.
    #[cold]
    pub fn tokens_around(&self, mark: usize) -> [Vec<&[u8]>; 2] {
        let rest = &self.buffer[mark..self.whole];
        let length = rest.iter().position(|b| matches!(b, b'\n' | b'#'));
        [
            &self.buffer[self.line_start..mark],
            &rest[..length.unwrap_or(rest.len())],
        ]
        .map(|part| {
            part.split(|b| self.parts(*b))
                .filter(|token| !token.is_empty())
                .collect()
        })
    }

    fn at_last_line(&self) -> bool {
        self.ended
            && self.filled == self.whole
            && !self.buffer[self.at..self.whole - 1].contains(&b'\n')
    }

    #[cold]
    pub fn unexpected_at(
        &self,
        mark: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Box<ReadError> {
        Box::new(ReadError::Unexpected {
            at: self.place_at(mark),
            expected: expected.into(),
            found: found.into(),
        })
    }
}

/// A token as it may be printed: quoted, control characters escaped, cut at 40 bytes.
pub(crate) fn show(token: &[u8]) -> String {
    let cut = &token[..token.len().min(40)];
    let dots = if cut.len() < token.len() { "..." } else { "" };
    format!("'{}{dots}'", String::from_utf8_lossy(cut).escape_debug())
}
