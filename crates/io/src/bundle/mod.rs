//! Reading bundles: BAL, gbp key frames and Bundler.

mod bal;
mod bundler;
mod check;

use std::fmt;

use slam16_problem::{Bundle, Camera, Observation};

use crate::error::ReadError;
use crate::scan::{Scan, Scanner, What, show};
use crate::warning::Warnings;
use crate::{Format, ReadOptions};

/// Reads a bundle in one of the three formats.
pub(crate) fn read(
    scanner: &mut Scanner<'_>,
    format: Format,
    options: &ReadOptions,
    warnings: &mut Warnings,
) -> Scan<Bundle> {
    let bundle = match format {
        Format::Bundler => bundler::read(scanner, options, warnings)?,
        Format::Gbp => bal::read_gbp(scanner, options)?,
        _ => bal::read(scanner, options)?,
    };
    check::check(&bundle, warnings);
    Ok(bundle)
}

/// What a header announces.
#[derive(Clone, Copy, Debug)]
struct Header {
    line: u64,
    cameras: u64,
    points: u64,
    /// Bundler does not announce observations.
    observations: Option<u64>,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cameras, {} points", self.cameras, self.points)?;
        match self.observations {
            Some(observations) => write!(f, ", {observations} observations"),
            None => Ok(()),
        }
    }
}

/// Items that a list may reserve when nothing shows yet that they will come.
const UNPROVEN: u64 = 1 << 16;

/// Numbers of an observation: camera, point and pixel.
const OBSERVATION_NUMBERS: usize = 4;

/// A count in a header.
fn scan_count(scanner: &mut Scanner<'_>, format: Format, what: &'static str) -> Scan<u64> {
    scanner.integer(What::Name(what)).map_err(|_| {
        Box::new(ReadError::HeaderCount {
            at: scanner.place(),
            format,
            what,
            found: scanner.found(),
        })
    })
}

impl Header {
    /// Refuses a header whose body cannot be in the file or whose problem
    /// cannot be in memory, before anything is allocated for either. A number
    /// takes two bytes of text at least; `numbers` are those per camera, per
    /// point and per observation.
    fn check(
        &self,
        scanner: &Scanner<'_>,
        mark: usize,
        numbers: [u64; 3],
        options: &ReadOptions,
    ) -> Scan<()> {
        let counts = [self.cameras, self.points, self.observations.unwrap_or(0)];
        let total = |per_item: [u64; 3]| -> u128 {
            counts
                .iter()
                .zip(per_item)
                .map(|(count, each)| u128::from(*count) * u128::from(each))
                .sum()
        };
        let text = 2 * total(numbers);
        if let Some(length) = scanner.length
            && text > u128::from(length)
        {
            return Err(Box::new(ReadError::Header {
                at: scanner.place_at(mark),
                expected: format!("{self} (at least {text} bytes of text)"),
                found: format!("at most {length} bytes"),
            }));
        }
        let needed = total([
            size_of::<Camera>() as u64,
            size_of::<nalgebra::Vector3<f64>>() as u64 + 1,
            size_of::<Observation>() as u64 + 4,
        ]);
        let too_many = counts.iter().any(|count| *count >= u64::from(u32::MAX));
        if needed > u128::from(options.max_memory) || too_many {
            return Err(Box::new(ReadError::TooLarge {
                path: scanner.path().to_owned(),
                what: "the bundle that the header announces",
                needed: u64::try_from(needed).unwrap_or(u64::MAX),
                limit: options.max_memory,
            }));
        }
        Ok(())
    }

    /// The error that the observations end before their number is full: a
    /// number at the mark on a line that does not hold an observation.
    #[cold]
    fn not_an_observation(&self, scanner: &Scanner<'_>, mark: usize) -> Option<Box<ReadError>> {
        let [before, after] = scanner.tokens_around(mark);
        let token = *after.first()?;
        let is_number = crate::number::parse_token(token).is_some();
        let is_observation = before.len() + after.len() == OBSERVATION_NUMBERS;
        (is_number && !is_observation).then_some(Box::new(ReadError::NotAnObservation {
            at: scanner.place_at(mark),
            header_line: self.line,
            observations: self.observations?,
            found: show(token),
        }))
    }

    /// The error that the text ends or goes on where it should not.
    #[cold]
    fn unfit(&self, scanner: &Scanner<'_>, found: impl Into<String>) -> Box<ReadError> {
        Box::new(ReadError::Header {
            at: scanner.place(),
            expected: self.to_string(),
            found: found.into(),
        })
    }
}

/// A list for `count` items, as a checked header announces: all of them if the
/// text is as long as that takes, else some, to grow as they come.
fn list_of<T>(count: u64, scanner: &Scanner<'_>) -> Vec<T> {
    let count = if scanner.is_plain {
        count
    } else {
        count.min(UNPROVEN)
    };
    Vec::with_capacity(count as usize)
}
