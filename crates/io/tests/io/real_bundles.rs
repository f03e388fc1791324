//! Every public bundle loads with its known size and cost.

use slam16_io::Format::{Bal, Bundler, Gbp};
use slam16_io::{AnyProblem, Compression, Format, ReadOptions, WarningKind, read};
use slam16_problem::{Bundle, LeastSquares};
use slam16_sparse::Threads;

use crate::common::{count, data};

fn load(name: &str) -> (Bundle, slam16_io::Loaded) {
    let loaded = read(data("ba").join(name), &ReadOptions::default()).unwrap();
    let AnyProblem::Bundle(bundle) = loaded.problem.clone() else {
        panic!("{name} is no bundle");
    };
    (bundle, loaded)
}

#[test]
fn all_load_with_their_known_sizes() {
    let rows: [(&str, Format, [usize; 3]); 10] = [
        ("problem-49-7776-pre.txt.bz2", Bal, [49, 7776, 31843]),
        ("problem-21-11315-pre.txt.bz2", Bal, [21, 11315, 36455]),
        ("problem-16-22106-pre.txt.bz2", Bal, [16, 22106, 83718]),
        ("problem-synth300-pre.txt.bz2", Bal, [300, 38848, 472731]),
        ("dubrovnik-3-7-pre.txt", Bal, [3, 7, 19]),
        ("dubrovnik-3-7-18-pre.txt", Bal, [3, 7, 18]),
        ("Balbianello.out", Bundler, [5, 544, 1417]),
        ("gbp_fr1desk.txt.gz", Gbp, [63, 2869, 13298]),
        ("gbp_fr1xyz_av.txt.gz", Gbp, [42, 1914, 11489]),
        ("gbp_fr1desk_vsmall.txt", Gbp, [10, 640, 1801]),
    ];
    for (name, format, size) in rows {
        let (bundle, loaded) = load(name);
        assert_eq!(loaded.format, format, "{name}");
        let compression = match name.rsplit('.').next() {
            Some("gz") => Compression::Gzip,
            Some("bz2") => Compression::Bzip2,
            _ => Compression::None,
        };
        assert_eq!(loaded.compression, compression, "{name}");
        let found = [
            bundle.cameras().len(),
            bundle.points().len(),
            bundle.observations().len(),
        ];
        assert_eq!(found, size, "{name}");
    }
}

#[test]
fn costs_at_the_start_are_the_known_ones() {
    // Half the sum of squared pixel residuals, as Ceres gives it, to all its printed digits.
    let rows = [
        ("problem-49-7776-pre.txt.bz2", 8.50912461e5),
        ("problem-21-11315-pre.txt.bz2", 4.41323931e6),
        ("problem-16-22106-pre.txt.bz2", 4.18565952e6),
        ("dubrovnik-3-7-pre.txt", 2.76422e3),
        ("dubrovnik-3-7-18-pre.txt", 2.75317e3),
    ];
    for (name, expected) in rows {
        let cost = load(name).0.cost(&Threads::single()).unwrap().plain;
        let digits = if name.starts_with("problem") {
            1e-8
        } else {
            1e-5
        };
        assert!((cost / expected - 1.0).abs() < digits, "{name}: {cost}");
    }
    // Root mean square of the residuals' norms, pixels.
    let rms = |name| {
        let bundle = load(name).0;
        let cost = bundle.cost(&Threads::single()).unwrap().plain;
        (2.0 * cost / bundle.observations().len() as f64).sqrt()
    };
    for (name, expected) in [
        ("gbp_fr1desk.txt.gz", 241.0),
        ("gbp_fr1xyz_av.txt.gz", 194.0),
        ("gbp_fr1desk_vsmall.txt", 223.0),
    ] {
        assert!((rms(name) - expected).abs() < 0.5, "{name}: {}", rms(name));
    }
    // Bundler's output is a solved problem: a wrong axis or order would give hundreds of pixels.
    assert!(rms("Balbianello.out") < 1.0, "{}", rms("Balbianello.out"));
}

#[test]
fn points_that_start_behind_cameras_are_counted() {
    let (_, ladybug) = load("problem-49-7776-pre.txt.bz2");
    assert_eq!(count(&ladybug, WarningKind::BehindCamera), 31);
    let (_, dubrovnik) = load("problem-16-22106-pre.txt.bz2");
    assert!(dubrovnik.warnings.is_empty(), "{:?}", dubrovnik.warnings);
}
