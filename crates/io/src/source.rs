//! Opening files, compressed or not.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use crate::ReadOptions;
use crate::error::ReadError;
use crate::scan::{Scan, Scanner};

/// How a file is compressed, told from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Plain text.
    None,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if head.starts_with(b"BZh") {
            Self::Bzip2
        } else {
            Self::None
        }
    }
}

/// A scanner over a file.
pub(crate) fn open(path: &Path, options: &ReadOptions) -> Scan<(Scanner<'static>, Compression)> {
    let failed = |source: std::io::Error| {
        let path = path.to_owned();
        Box::new(if source.kind() == std::io::ErrorKind::NotFound {
            ReadError::Missing { path }
        } else {
            ReadError::Io { path, source }
        })
    };
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut head = [0; 3];
    let count = read_up_to(&mut file, &mut head).map_err(failed)?;
    let head = std::io::Cursor::new(head).take(count as u64);
    let compression = Compression::of(&head.get_ref().get_ref()[..count]);
    Ok((
        scanner(path, head.chain(file), compression, length, options),
        compression,
    ))
}

/// A scanner over bytes in memory.
pub(crate) fn over<'r>(
    path: &Path,
    bytes: &'r [u8],
    options: &ReadOptions,
) -> (Scanner<'r>, Compression) {
    let compression = Compression::of(bytes);
    let length = bytes.len() as u64;
    (
        scanner(path, bytes, compression, length, options),
        compression,
    )
}

fn scanner<'r>(
    path: &Path,
    reader: impl Read + 'r,
    compression: Compression,
    length: u64,
    options: &ReadOptions,
) -> Scanner<'r> {
    let limit = options.max_decompressed;
    let buffered = |reader| BufReader::with_capacity(32 << 10, reader);
    match compression {
        Compression::None => {
            let mut scanner = Scanner::new(path, Box::new(reader), u64::MAX);
            scanner.length = Some(length);
            scanner.is_plain = true;
            scanner
        }
        Compression::Gzip => {
            let mut scanner =
                Scanner::new(path, Box::new(MultiGzDecoder::new(buffered(reader))), limit);
            // Deflate never expands more than 1032 times.
            scanner.length = length.checked_mul(1032);
            scanner
        }
        Compression::Bzip2 => {
            Scanner::new(path, Box::new(MultiBzDecoder::new(buffered(reader))), limit)
        }
    }
}

fn read_up_to(file: &mut File, into: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while count < into.len() {
        match file.read(&mut into[count..]) {
            Ok(0) => break,
            Ok(n) => count += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(count)
}
