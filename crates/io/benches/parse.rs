//! Megabytes a second of the readers, on texts made in memory.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use slam16_io::{ReadOptions, read_bytes};

/// A number with six decimals, as most files print them; the same every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        // Knuth's MMIX generator.
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 40) as f64 / (1u64 << 22) as f64 - 2.0
    }
}

/// A chain with a loop closure per pose, each edge with its own matrix.
fn planar(poses: usize) -> String {
    let mut n = Numbers(1);
    let mut text = String::new();
    for i in 0..poses {
        let (x, y, t) = (n.next() * 9.0, n.next() * 9.0, n.next());
        writeln!(text, "VERTEX_SE2 {i} {x:.6} {y:.6} {t:.6}").unwrap();
    }
    for i in 0..2 * poses {
        let (from, to) = (i % (poses - 1), i % (poses - 1) + 1);
        let (x, y, t) = (n.next(), n.next(), n.next());
        let (a, b) = (50.0 + n.next(), 400.0 + n.next());
        writeln!(
            text,
            "EDGE_SE2 {from} {to} {x:.6} {y:.6} {t:.6} {a:.6} 0.125000 0.000000 {a:.6} 0.000000 {b:.6}"
        )
        .unwrap();
    }
    text
}

/// The same in space.
fn spatial(poses: usize) -> String {
    let mut n = Numbers(2);
    let mut text = String::new();
    let pose = |n: &mut Numbers| {
        let (x, y, z, angle) = (n.next(), n.next(), n.next(), 0.4 * n.next());
        format!(
            "{x:.6} {y:.6} {z:.6} 0.000000 0.000000 {:.7} {:.7}",
            angle.sin(),
            angle.cos()
        )
    };
    for i in 0..poses {
        writeln!(text, "VERTEX_SE3:QUAT {i} {}", pose(&mut n)).unwrap();
    }
    for i in 0..2 * poses {
        let (from, to) = (i % (poses - 1), i % (poses - 1) + 1);
        let (a, b) = (50.0 + n.next(), 400.0 + n.next());
        writeln!(
            text,
            "EDGE_SE3:QUAT {from} {to} {} {a:.6} 0.5 0 0 0 0 {a:.6} 0 0.25 0 0 {a:.6} 0 0 0 {b:.6} 0.00193512 2.06612 {b:.6} 0.496977 {b:.6}",
            pose(&mut n)
        )
        .unwrap();
    }
    text
}

/// Points before a row of cameras, numbers with seventeen digits as BAL prints them.
fn bal(points: usize) -> String {
    let mut n = Numbers(3);
    let mut text = format!("10 {points} {}\n", 4 * points);
    for point in 0..points {
        for view in 0..4 {
            let (u, v) = (300.0 * n.next(), 300.0 * n.next());
            writeln!(text, "{} {point}     {u:.6e} {v:.6e}", (point + view) % 10).unwrap();
        }
    }
    for _ in 0..90 {
        writeln!(text, "{:.16e}", 0.01 * n.next()).unwrap();
    }
    for _ in 0..points {
        writeln!(
            text,
            "{:.16e}\n{:.16e}\n{:.16e}",
            n.next(),
            n.next(),
            n.next() - 20.0
        )
        .unwrap();
    }
    text
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    for (name, text) in [
        ("g2o planar", planar(20_000)),
        ("g2o spatial", spatial(10_000)),
        ("bal", bal(20_000)),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                read_bytes("bench", black_box(text.as_bytes()), &ReadOptions::default()).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
