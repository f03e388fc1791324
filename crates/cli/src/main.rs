//! The slam16 command line.
fn main() {}
