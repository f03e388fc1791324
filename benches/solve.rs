//! Whole solves of the bundled problems, by number of threads.
//!
//! `cargo bench -p slam16 --bench solve`; ids are `solve/FILE/threads`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use slam16::Solver;
use slam16::io::{AnyProblem, ReadOptions, read};

fn bundled(c: &mut Criterion) {
    let mut group = c.benchmark_group("solve");
    for file in ["sphere.g2o", "town.g2o", "bundle.txt"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../assets")
            .join(file);
        let problem = read(path, &ReadOptions::default()).unwrap().problem;
        for threads in [1, 2] {
            let mut options = slam16::default_options(&problem);
            options.threads = threads;
            let solver = Solver::new(options).unwrap();
            let id = BenchmarkId::new(file, threads);
            group.bench_with_input(id, &problem, |bencher, problem| {
                bencher.iter_batched_ref(
                    || -> AnyProblem { problem.clone() },
                    |problem| solver.solve_any(problem).unwrap(),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bundled);
criterion_main!(benches);
