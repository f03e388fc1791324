//! No bytes make a reader panic, hang or allocate without end.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use slam16_io::{ReadError, ReadOptions, read_bytes, read_trajectory_bytes};

use crate::samples;

/// Reads bytes in every way there is. Errors must be sayable.
fn read_all_ways(bytes: &[u8]) {
    let say = |error: ReadError| assert!(!error.to_string().is_empty());
    for repair in [false, true] {
        let options = ReadOptions {
            repair,
            max_decompressed: 1 << 20,
            max_memory: 1 << 24,
            ..ReadOptions::default()
        };
        if let Err(error) = read_bytes("t", bytes, &options) {
            say(error);
        }
        if let Err(error) = read_trajectory_bytes("t", bytes, &options) {
            say(error);
        }
    }
}

#[test]
fn samples_are_sound() {
    for bytes in samples::all() {
        let problem = read_bytes("t", &bytes, &ReadOptions::default());
        let trajectory = read_trajectory_bytes("t", &bytes, &ReadOptions::default());
        if let (Err(a), Err(b)) = (problem, trajectory) {
            panic!("{a}\n{b}\n{}", String::from_utf8_lossy(&bytes));
        }
    }
}

/// Inputs that once were trouble, from fuzzing and from users.
#[test]
fn found_cases_stay_solved() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        read_all_ways(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "the corpus is gone");
}

#[test]
fn every_prefix_of_a_sample_is_read_or_refused() {
    for bytes in samples::all() {
        for end in 0..bytes.len() {
            read_all_ways(&bytes[..end]);
        }
    }
}

/// What fuzzers like to put in place of a number.
const NUMBERS: [&str; 14] = [
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "1e400",
    "nan",
    "inf",
    "18446744073709551615",
    "4294967295",
    "9223372036854775808",
    "-0",
    "1e",
    "0x10",
    "",
];

#[derive(Clone, Debug)]
enum Spoil {
    Byte(usize, u8),
    Remove(usize, usize),
    Number(usize, usize),
    Repeat(usize, usize),
}

fn spoil(mut bytes: Vec<u8>, spoils: &[Spoil]) -> Vec<u8> {
    for change in spoils {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match *change {
            Spoil::Byte(at, byte) => bytes[at % length] = byte,
            Spoil::Remove(at, count) => {
                let at = at % length;
                bytes.drain(at..(at + count).min(length));
            }
            Spoil::Number(at, which) => {
                let start = at % length;
                let blank = |b: &u8| b.is_ascii_whitespace() || *b == b',';
                let from = bytes[..start].iter().rposition(blank).map_or(0, |i| i + 1);
                let to = bytes[start..]
                    .iter()
                    .position(blank)
                    .map_or(length, |i| start + i);
                bytes.splice(from..to.max(from), NUMBERS[which % NUMBERS.len()].bytes());
            }
            Spoil::Repeat(at, count) => {
                let at = at % length;
                let part = bytes[at..(at + count).min(length)].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

fn any_spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(a, b)| Spoil::Byte(a, b)),
        (any::<usize>(), 1..40usize).prop_map(|(a, n)| Spoil::Remove(a, n)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, n)| Spoil::Number(a, n)),
        (any::<usize>(), 1..80usize).prop_map(|(a, n)| Spoil::Repeat(a, n)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn spoiled_samples_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        spoils in prop::collection::vec(any_spoil(), 1..6),
    ) {
        let files = samples::all();
        read_all_ways(&spoil(which.get(&files).clone(), &spoils));
    }

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all_ways(&bytes);
    }
}
