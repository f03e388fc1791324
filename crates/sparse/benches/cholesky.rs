//! Sparse Cholesky on lattices and, where `SLAM16_DATA` points to them, on the
//! block patterns of public pose graphs. Values are made up: only the pattern
//! matters to the time. Elements per second are flops per second.
#![allow(missing_docs, clippy::print_stderr)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use slam16_sparse::{
    BlockLayout, Cholesky, Ordering, SymbolicCholesky, SymmetricBlocks, SymmetricPattern, Threads,
};

/// Variables of one dimension, joined by edges.
struct Graph {
    name: String,
    dim: usize,
    variables: usize,
    edges: Vec<(u32, u32)>,
}

/// Public graphs, all plain g2o.
const FILES: [&str; 5] = [
    "intel.g2o",
    "M3500.g2o",
    "parking-garage.g2o",
    "sphere2500.g2o",
    "torus3D.g2o",
];

/// A lattice with steps in two or three directions.
fn lattice(dim: usize, sides: [u32; 3]) -> Graph {
    let [nx, ny, nz] = sides;
    let index = |x, y, z| (z * ny + y) * nx + x;
    let mut edges = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                let here = index(x, y, z);
                if x + 1 < nx {
                    edges.push((here, index(x + 1, y, z)));
                }
                if y + 1 < ny {
                    edges.push((here, index(x, y + 1, z)));
                }
                if z + 1 < nz {
                    edges.push((here, index(x, y, z + 1)));
                }
            }
        }
    }
    Graph {
        name: format!("lattice-{nx}x{ny}x{nz}-dim{dim}"),
        dim,
        variables: (nx * ny * nz) as usize,
        edges,
    }
}

/// Every pair of cameras sees common points: the reduced system of a bundle.
fn clique(cameras: u32) -> Graph {
    Graph {
        name: format!("clique-{cameras}-dim9"),
        dim: 9,
        variables: cameras as usize,
        edges: (0..cameras)
            .flat_map(|a| (0..a).map(move |b| (b, a)))
            .collect(),
    }
}

/// The edges of a g2o file.
fn read(directory: &Path, name: &str) -> Option<Graph> {
    let text = std::fs::read_to_string(directory.join("pgo").join(name)).ok()?;
    let mut graph = Graph {
        name: name.trim_end_matches(".g2o").to_string(),
        dim: 3,
        variables: 0,
        edges: Vec::new(),
    };
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let tag = words.next().unwrap_or("");
        if !tag.starts_with("EDGE") {
            continue;
        }
        if tag.contains("SE3") {
            graph.dim = 6;
        }
        let mut id = || words.next()?.parse::<u32>().ok();
        let (a, b) = (id()?, id()?);
        graph.variables = graph.variables.max(a.max(b) as usize + 1);
        graph.edges.push((a, b));
    }
    Some(graph)
}

fn graphs() -> Vec<Graph> {
    let mut graphs = vec![
        lattice(3, [60, 60, 1]),
        lattice(6, [50, 50, 1]),
        lattice(6, [12, 12, 12]),
        clique(100),
    ];
    if let Ok(directory) = std::env::var("SLAM16_DATA") {
        let found = FILES.iter().map(|name| read(directory.as_ref(), name));
        graphs.extend(found.flatten());
    }
    graphs
}

/// A diagonally dominant matrix on the graph's pattern.
fn matrix(graph: &Graph) -> SymmetricBlocks {
    let layout = Arc::new(BlockLayout::new(vec![graph.dim; graph.variables]));
    let edges = graph.edges.iter().copied();
    let pattern = Arc::new(SymmetricPattern::from_pairs(graph.variables, edges));
    let mut matrix = SymmetricBlocks::zeros(layout, Arc::clone(&pattern));
    let mut state = 1_u64;
    for value in &mut matrix.below {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *value = (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
    }
    let mut degree = vec![1; graph.variables];
    for j in 0..graph.variables {
        for &i in pattern.rows(j) {
            degree[j] += 1;
            degree[i as usize] += 1;
        }
    }
    for (v, degree) in degree.into_iter().enumerate() {
        let start = matrix.diagonal_start(v);
        for c in 0..graph.dim {
            matrix.diagonal[start + c * (graph.dim + 1)] = (degree * graph.dim) as f64;
        }
    }
    matrix
}

fn bench(criterion: &mut Criterion) {
    let single = Threads::single();
    let Ok(two) = Threads::new(2) else {
        return eprintln!("no second thread");
    };
    for graph in graphs() {
        let matrix = matrix(&graph);
        let damping = vec![0.0; matrix.layout().scalars()];
        let analyze = |ordering| {
            SymbolicCholesky::analyze(Arc::clone(matrix.layout()), matrix.pattern(), ordering)
        };
        let symbolic = Arc::new(analyze(Ordering::Auto));
        let prediction = symbolic.prediction();
        eprintln!("{}: {prediction:?}", graph.name);
        let mut group = criterion.benchmark_group(&graph.name);
        group.measurement_time(Duration::from_secs(2));
        group.sample_size(20);
        for ordering in [Ordering::Amd, Ordering::NestedDissection, Ordering::Auto] {
            group.bench_function(format!("analyze-{}", ordering.name()), |b| {
                b.iter(|| black_box(analyze(ordering)));
            });
        }
        group.throughput(Throughput::Elements(prediction.flops as u64));
        let mut cholesky = Cholesky::<f64>::new(Arc::clone(&symbolic));
        for (name, threads) in [("factor", &single), ("factor-2-threads", &two)] {
            group.bench_function(name, |b| {
                b.iter(|| cholesky.factorize(&matrix, &damping, threads));
            });
        }
        group.throughput(Throughput::Elements(4 * prediction.factor_scalars as u64));
        let mut x = vec![1.0; damping.len()];
        let mut room = vec![0.0; cholesky.solve_room()];
        group.bench_function("solve", |b| {
            b.iter(|| cholesky.solve_with(black_box(&mut x), &mut room));
        });
        group.throughput(Throughput::Elements(prediction.flops as u64));
        let mut cholesky = Cholesky::<f32>::new(Arc::clone(&symbolic));
        group.bench_function("factor-f32", |b| {
            b.iter(|| cholesky.factorize(&matrix, &damping, &single));
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
