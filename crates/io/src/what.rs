//! What a number is, for messages.

use std::fmt;

/// What a number is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// A thing by name, with its article.
    Name(&'static str),
    /// One of many: what, index from 0, how many.
    Entry(&'static str, usize, usize),
}

impl What {
    /// What should stand there: a number, and which of how many.
    pub fn sort(self) -> String {
        match self {
            Self::Name(_) => "a number".to_owned(),
            Self::Entry(_, index, count) => format!("a number ({} of {count})", index + 1),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Entry(what, index, _) => write!(f, "{what} {}", index + 1),
        }
    }
}
