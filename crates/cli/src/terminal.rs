//! Standard output and standard error, whose reader may go away.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes to standard output. A reader that has seen enough (`| head`) is no
/// reason to fail: what it does not read is dropped.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "standard output cannot be written to: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Writes a line to standard error, if anybody reads it.
pub fn tell(line: &str) {
    let mut err = io::stderr().lock();
    err.write_all(format!("{line}\n").as_bytes()).ok();
}
