//! Every public graph loads with its known size.

use nalgebra::{Vector3, Vector6};
use slam16_geometry::{Se2, Se3};
use slam16_io::Format::{G2o, Isam, Toro};
use slam16_io::Initial::{File, Odometry};
use slam16_io::{AnyProblem, Format, Initial, ReadError, ReadOptions, WarningKind, read};
use slam16_problem::Between;
use slam16_problem::ProblemKind::{self, PoseGraph2, PoseGraph3};

use crate::common::{count, data, sizes, warning};

type Row = (&'static str, Format, ProblemKind, [usize; 4], Initial);

const GRAPHS: [Row; 40] = [
    ("CSAIL.g2o", G2o, PoseGraph2, [1045, 1172, 0, 0], Odometry),
    ("CSAIL.graph", Toro, PoseGraph2, [1045, 1172, 0, 0], File),
    ("FR079.graph", Toro, PoseGraph2, [989, 1217, 0, 0], File),
    ("M3500.g2o", G2o, PoseGraph2, [3500, 5453, 0, 0], File),
    ("M3500a.g2o", G2o, PoseGraph2, [3500, 5453, 0, 0], File),
    ("M3500b.g2o", G2o, PoseGraph2, [3500, 5453, 0, 0], File),
    ("MIT.g2o", G2o, PoseGraph2, [808, 827, 0, 0], File),
    (
        "city10000.g2o.gz",
        G2o,
        PoseGraph2,
        [10000, 20687, 0, 0],
        File,
    ),
    (
        "city10000_groundtruth.txt",
        Isam,
        PoseGraph2,
        [10000, 20687, 0, 0],
        Odometry,
    ),
    ("eecs.g2o", G2o, PoseGraph3, [615, 2134, 0, 0], File),
    (
        "input_INTEL_g2o.g2o",
        G2o,
        PoseGraph2,
        [1228, 1483, 0, 0],
        File,
    ),
    ("intel.g2o", G2o, PoseGraph2, [1728, 2512, 0, 0], File),
    (
        "isam_cityTrees10000.txt",
        Isam,
        PoseGraph2,
        [10000, 9999, 100, 4443],
        Odometry,
    ),
    (
        "isam_cityTrees10000_groundtruth.txt",
        Isam,
        PoseGraph2,
        [10000, 9999, 100, 4443],
        Odometry,
    ),
    (
        "isam_sphere400.txt",
        Isam,
        PoseGraph3,
        [400, 779, 0, 0],
        Odometry,
    ),
    ("killian.g2o", G2o, PoseGraph2, [5489, 7626, 0, 0], File),
    (
        "kitti_00.g2o",
        G2o,
        PoseGraph2,
        [4541, 4677, 0, 0],
        Odometry,
    ),
    (
        "kitti_05.g2o",
        G2o,
        PoseGraph2,
        [2761, 2826, 0, 0],
        Odometry,
    ),
    (
        "kitti_06.g2o",
        G2o,
        PoseGraph2,
        [1101, 1150, 0, 0],
        Odometry,
    ),
    (
        "kitti_07.g2o",
        G2o,
        PoseGraph2,
        [1101, 1106, 0, 0],
        Odometry,
    ),
    (
        "kitti_09.g2o",
        G2o,
        PoseGraph2,
        [1591, 1592, 0, 0],
        Odometry,
    ),
    (
        "manhattan.g2o",
        G2o,
        PoseGraph2,
        [3500, 5453, 0, 0],
        Odometry,
    ),
    (
        "manhattanOlson3500.g2o",
        G2o,
        PoseGraph2,
        [3500, 5598, 0, 0],
        File,
    ),
    (
        "manhattanOlson3500_groundtruth.txt",
        Isam,
        PoseGraph2,
        [3500, 5598, 0, 0],
        Odometry,
    ),
    (
        "parking-garage.g2o",
        G2o,
        PoseGraph3,
        [1661, 6275, 0, 0],
        File,
    ),
    ("ring.g2o", G2o, PoseGraph2, [434, 459, 0, 0], File),
    ("ringCity.g2o", G2o, PoseGraph2, [2361, 3261, 0, 0], File),
    (
        "ringCity_groundtruth.g2o",
        G2o,
        PoseGraph2,
        [2361, 3261, 0, 0],
        File,
    ),
    ("smallGrid3D.g2o", G2o, PoseGraph3, [125, 297, 0, 0], File),
    ("sphere2500.g2o", G2o, PoseGraph3, [2500, 4949, 0, 0], File),
    (
        "sphere2500.txt",
        Isam,
        PoseGraph3,
        [2500, 4949, 0, 0],
        Odometry,
    ),
    (
        "sphere2500_groundtruth.txt",
        Isam,
        PoseGraph3,
        [2500, 4949, 0, 0],
        Odometry,
    ),
    (
        "sphere_bignoise_vertex3.g2o.gz",
        G2o,
        PoseGraph3,
        [2200, 8647, 0, 0],
        File,
    ),
    (
        "sphere_mednoise.graph",
        Toro,
        PoseGraph3,
        [2200, 8647, 0, 0],
        File,
    ),
    ("tinyGrid3D.g2o", G2o, PoseGraph3, [9, 11, 0, 0], File),
    ("torus3D.g2o", G2o, PoseGraph3, [5000, 9048, 0, 0], File),
    (
        "vertigo_intel.g2o",
        G2o,
        PoseGraph2,
        [943, 1837, 0, 0],
        File,
    ),
    (
        "victoria_park.txt",
        Isam,
        PoseGraph2,
        [6969, 6968, 151, 3640],
        Odometry,
    ),
    (
        "w10000.graph.gz",
        Toro,
        PoseGraph2,
        [10000, 64311, 0, 0],
        File,
    ),
    (
        "B25b_lc133_random_n1.g2o",
        G2o,
        PoseGraph2,
        [8358, 8936, 0, 0],
        File,
    ),
];

#[test]
fn all_load_with_their_known_sizes() {
    for (name, format, kind, size, initial) in GRAPHS {
        // B25b holds indefinite matrices: the next test has the refusal.
        let options = ReadOptions {
            repair: name.starts_with("B25b"),
            ..ReadOptions::default()
        };
        let loaded = match read(data("pgo").join(name), &options) {
            Ok(loaded) => loaded,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(loaded.format, format, "{name}");
        assert_eq!(loaded.problem.kind(), kind, "{name}");
        assert_eq!(sizes(&loaded.problem), size, "{name}");
        assert_eq!(loaded.initial, initial, "{name}");
        assert_eq!(count(&loaded, WarningKind::SeveralComponents), 0, "{name}");
    }
}

#[test]
fn false_loop_closures_with_indefinite_information_are_named_or_repaired() {
    let path = data("pgo").join("B25b_lc133_random_n1.g2o");
    let error = read(&path, &ReadOptions::default()).unwrap_err();
    let place = error.place().cloned();
    let ReadError::Indefinite {
        factor,
        smallest_eigenvalue,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(place.map(|p| p.line), Some(17162));
    assert_eq!(factor, "edge 3521 -> 5495");
    assert!(
        (smallest_eigenvalue + 239.5).abs() < 0.1,
        "{smallest_eigenvalue}"
    );

    let options = ReadOptions {
        repair: true,
        ..ReadOptions::default()
    };
    let repaired = read(&path, &options).unwrap();
    assert_eq!(count(&repaired, WarningKind::RepairedInformation), 81);
    assert_eq!(count(&repaired, WarningKind::NearlySingularInformation), 0);
}

#[test]
fn oddities_of_real_graphs_are_counted() {
    let rows = [
        ("eecs.g2o", WarningKind::DuplicateEdge, 75),
        ("manhattanOlson3500.g2o", WarningKind::DuplicateEdge, 145),
        ("w10000.graph.gz", WarningKind::IgnoredEquivalence, 5875),
        (
            "parking-garage.g2o",
            WarningKind::NearlySingularInformation,
            3,
        ),
        (
            "input_INTEL_g2o.g2o",
            WarningKind::NearlySingularInformation,
            1,
        ),
        (
            "isam_cityTrees10000.txt",
            WarningKind::LandmarkLabelsShifted,
            100,
        ),
        ("victoria_park.txt", WarningKind::LandmarkLabelsShifted, 0),
        ("M3500.g2o", WarningKind::DuplicateEdge, 0),
    ];
    for (name, kind, expected) in rows {
        let loaded = read(data("pgo").join(name), &ReadOptions::default()).unwrap();
        assert_eq!(count(&loaded, kind), expected, "{name} {kind:?}");
    }
    let park = read(data("pgo/victoria_park.txt"), &ReadOptions::default()).unwrap();
    let noise = warning(&park.warnings, WarningKind::NoiseConvention).unwrap();
    assert!(noise.to_string().contains("covariances"), "{noise}");
}

/// Sum of eᵀΩe with g2o's errors of `Z⁻¹ Xi⁻¹ Xj`: [t, θ] in the plane, [t, q_xyz] in space.
fn g2o_chi2(problem: &AnyProblem) -> f64 {
    match problem {
        AnyProblem::Graph2(graph) => {
            let error = |e: &Between<Se2, 3>| {
                let xi = graph.poses()[e.from.index()];
                let d = e.measurement.inverse() * xi.inverse() * graph.poses()[e.to.index()];
                Vector3::new(d.translation.x, d.translation.y, d.rotation.log())
            };
            let term =
                |e: &Between<Se2, 3>| (error(e).transpose() * e.information.matrix() * error(e))[0];
            graph.between().iter().map(term).sum()
        }
        AnyProblem::Graph3(graph) => {
            let error = |e: &Between<Se3, 6>| {
                let xi = graph.poses()[e.from.index()];
                let d = e.measurement.inverse() * xi.inverse() * graph.poses()[e.to.index()];
                let [x, y, z, w] = d.rotation.xyzw();
                let t = d.translation;
                let sign = 1f64.copysign(w);
                Vector6::new(t.x, t.y, t.z, sign * x, sign * y, sign * z)
            };
            let term =
                |e: &Between<Se3, 6>| (error(e).transpose() * e.information.matrix() * error(e))[0];
            graph.between().iter().map(term).sum()
        }
        AnyProblem::Bundle(_) => panic!("a bundle"),
    }
}

#[test]
fn chi2_at_the_start_is_what_g2o_finds() {
    // From the poses in the file or composed odometry, by g2o itself, as printed. This settles
    // the order of information entries, of angles and of edges in every format.
    let rows = [
        ("CSAIL.g2o", 2.2186e6),
        ("CSAIL.graph", 1.3106e6),
        ("FR079.graph", 8502.8),
        ("M3500.g2o", 2.5667e6),
        ("MIT.g2o", 4.4142e9),
        ("city10000.g2o.gz", 6.5416e8),
        ("eecs.g2o", 584.59),
        ("input_INTEL_g2o.g2o", 5.1497e6),
        ("intel.g2o", 551.74),
        ("isam_sphere400.txt", 2.2253e5),
        ("killian.g2o", 234.98),
        ("kitti_00.g2o", 7.533e7),
        ("kitti_09.g2o", 2.8811e6),
        ("manhattan.g2o", 2.3318e10),
        ("parking-garage.g2o", 16720.0),
        ("smallGrid3D.g2o", 1.1596e5),
        ("sphere2500.g2o", 2.5478e6),
        ("sphere2500.txt", 2.5386e6),
        ("sphere_bignoise_vertex3.g2o.gz", 1.7663e8),
        ("tinyGrid3D.g2o", 213.06),
        ("vertigo_intel.g2o", 1331.5),
        ("w10000.graph.gz", 4.944e7),
    ];
    for (name, expected) in rows {
        let loaded = read(data("pgo").join(name), &ReadOptions::default()).unwrap();
        let found = g2o_chi2(&loaded.problem);
        assert!(
            (found / expected - 1.0).abs() < 1e-4,
            "{name}: {found} {expected}"
        );
    }
}
