//! What is written reads back equal, and is there whole or not at all.

use std::fs;
use std::path::Path;

use slam16_io::{
    AnyProblem, Compression, Format, Loaded, ReadOptions, WriteError, dump, read, read_trajectory,
    reload, trajectory_of, write_bal, write_g2o, write_kitti, write_tum,
};
use slam16_problem::{GraphLosses, LeastSquares, Loss, PoseId, Trajectory};
use slam16_sparse::Threads;

use crate::common::{assert_same, bundle, data, graph2, graph3, parse};

fn load(path: impl AsRef<Path>) -> Loaded {
    let options = ReadOptions {
        repair: true,
        ..ReadOptions::default()
    };
    read(path, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// Every public graph, whatever its format.
fn graphs() -> Vec<std::path::PathBuf> {
    let folder = fs::read_dir(data("pgo")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 40, "{} graphs", paths.len());
    paths
}

#[test]
fn every_public_graph_reads_back_bit_for_bit_from_g2o() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.g2o");
    let again = folder.path().join("again.g2o");
    for path in graphs() {
        let context = path.display().to_string();
        let first = load(&path);
        write_g2o(&copy, &first.problem, &first.sensor_labels).unwrap();
        let second = load(&copy);
        assert_eq!(second.format, Format::G2o, "{context}");
        assert_same(&first.problem, &second.problem, &context);
        write_g2o(&again, &second.problem, &second.sensor_labels).unwrap();
        assert_eq!(
            fs::read(&copy).unwrap(),
            fs::read(&again).unwrap(),
            "{context}"
        );
    }
}

const LANDMARKS_2D: &str = "\
VERTEX_SE2 4 0 0 6.2
VERTEX_SE2 2 1 0 -0.5
VERTEX_XY 9 1.5 2.5
FIX 4 9
EDGE_SE2 4 2 1 0 3.3 10 1 0.5 20 -1 30
EDGE_SE2 4 2 1 0 3.3 10 1 0.5 20 -1 30
EDGE_SE2_XY 2 9 1 2 5 1 6
EDGE_PRIOR_SE2 2 1 0 -0.4 1 0 0 2 0 3
";

const LANDMARKS_3D: &str = "\
PARAMS_SE3OFFSET 7 0.1 0.2 0.3 0 0 0 1
PARAMS_SE3OFFSET 3 0 0 0 0 0 0 1
VERTEX_SE3:QUAT 4 0 0 0 0 0 0 1
VERTEX_SE3:QUAT 2 1 0 0 0.5 0.5 0.5 0.5
VERTEX_TRACKXYZ 9 1.5 2.5 3.5
FIX 2
EDGE_SE3:QUAT 4 2 1 0 0 0.5 -0.5 0.5 0.5 1 0 0 0 0 0 2 0 0 0 0 3 0 0 0 4 0 0 5 0 6
EDGE_SE3_TRACKXYZ 2 9 7 1 2 3 5 1 0 6 0 7
EDGE_SE3_TRACKXYZ 2 9 3 1 2 3 5 1 0 6 0 7
EDGE_SE3_PRIOR 2 3 1 0 0 0.5 0.5 0.5 0.5 1 0 0 0 0 0 2 0 0 0 0 3 0 0 0 4 0 0 5 0 6
";

#[test]
fn landmarks_sensors_priors_and_held_vertices_survive() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.g2o");
    for text in [LANDMARKS_2D, LANDMARKS_3D] {
        let first = parse(text).unwrap();
        write_g2o(&copy, &first.problem, &first.sensor_labels).unwrap();
        let second = load(&copy);
        assert_same(&first.problem, &second.problem, text);
        assert_eq!(first.sensor_labels, second.sensor_labels);
    }
    let planar = graph2(parse(LANDMARKS_2D).unwrap().problem);
    assert_eq!(planar.pose_labels(), [4, 2]);
    assert_eq!(
        (planar.pose_fixed(), planar.landmark_fixed()),
        (&[true, false][..], &[true][..])
    );
    let spatial = graph3(parse(LANDMARKS_3D).unwrap().problem);
    let sensors: Vec<u32> = spatial.observations().iter().map(|o| o.sensor.0).collect();
    assert_eq!(sensors, [1, 0]);
    assert_eq!(spatial.sensors().len(), 2);
}

#[test]
fn a_prior_through_a_sensor_keeps_its_cost() {
    let through = LANDMARKS_3D.replace("EDGE_SE3_PRIOR 2 3", "EDGE_SE3_PRIOR 2 7");
    let graph = graph3(parse(&through).unwrap().problem);
    // By hand: residual Log(Z⁻¹ X O) at the file's poses, weighted.
    let sensor = graph.sensors()[1];
    let z = graph3(parse(LANDMARKS_3D).unwrap().problem).priors()[0].clone();
    let residual = (z.measurement.inverse() * graph.poses()[1] * sensor).log();
    let expected = (residual.transpose() * z.information.matrix() * residual)[0];
    let prior = &graph.priors()[0];
    let residual = (prior.measurement.inverse() * graph.poses()[1]).log();
    let found = (residual.transpose() * prior.information.matrix() * residual)[0];
    assert!(
        (found - expected).abs() < 1e-14 * expected,
        "{found} {expected}"
    );
}

#[test]
fn vertices_take_the_order_of_their_lines_wherever_edges_stand() {
    let late = "\
EDGE_SE2 1 0 1 0 0 1 0 0 1 0 1
EDGE_SE2_XY 1 7 1 2 5 1 6
EDGE_SE2_XY 0 8 1 2 5 1 6
VERTEX_SE2 0 1 2 3
VERTEX_XY 8 1 1
VERTEX_SE2 1 4 5 6
VERTEX_XY 7 2 2
";
    let graph = graph2(parse(late).unwrap().problem);
    assert_eq!(graph.pose_labels(), [0, 1]);
    assert_eq!(graph.landmark_labels(), [8, 7]);
    assert_eq!(graph.poses()[1].translation.x, 4.0);
    let edge = &graph.between()[0];
    assert_eq!((edge.from.0, edge.to.0), (1, 0));
    let landmarks: Vec<u32> = graph.observations().iter().map(|o| o.landmark.0).collect();
    assert_eq!(landmarks, [1, 0]);
}

#[test]
fn planar_sensors_move_into_the_body_frame() {
    let mut graph = graph2(parse(LANDMARKS_2D).unwrap().problem);
    let sensor = graph.add_sensor(slam16_geometry::Se2::from_xy_theta(0.3, -0.2, 0.7));
    let mut observation = graph.observations()[0].clone();
    observation.sensor = sensor;
    graph.add_observation(observation).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.g2o");
    write_g2o(&copy, &graph, &[]).unwrap();
    let back = graph2(load(&copy).problem);
    let threads = Threads::single();
    let (a, b) = (graph.cost(&threads).unwrap(), back.cost(&threads).unwrap());
    assert!((a.plain - b.plain).abs() < 1e-13 * a.plain, "{a:?} {b:?}");
}

#[test]
fn bal_reads_back_to_rounding() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.txt");
    for name in [
        "ba/problem-49-7776-pre.txt.bz2",
        "ba/dubrovnik-3-7-pre.txt",
        "ba/Balbianello.out",
    ] {
        let first = bundle(load(data(name)).problem);
        write_bal(&copy, &first).unwrap();
        let loaded = load(&copy);
        assert_eq!(loaded.format, Format::Bal);
        let second = bundle(loaded.problem);
        assert_eq!(first.observations(), second.observations());
        assert_eq!(first.points(), second.points());
        for (a, b) in first.cameras().iter().zip(second.cameras()) {
            assert_eq!(a.intrinsics, b.intrinsics);
            let (a, b) = (a.to_bal(), b.to_bal());
            // Exp, inverse, inverse and Log: some ten roundings relative to each vector's length.
            for range in [0..3, 3..6] {
                let norm = a[range.clone()].iter().fold(0.0, |n: f64, x| n.hypot(*x));
                for k in range {
                    assert!(
                        (a[k] - b[k]).abs() <= 10.0 * f64::EPSILON * norm,
                        "{name}: {a:?} {b:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_untouched_bal_file_keeps_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.txt");
    let path = data("ba/problem-49-7776-pre.txt.bz2");
    write_bal(&copy, &load(&path).problem).unwrap();
    let numbers = |path: &Path| -> Vec<f64> {
        let mut text = String::new();
        let file = fs::File::open(path).unwrap();
        if path.extension().unwrap() == "bz2" {
            use std::io::Read;
            bzip2::read::BzDecoder::new(file)
                .read_to_string(&mut text)
                .unwrap();
        } else {
            text = fs::read_to_string(path).unwrap();
        }
        text.split_whitespace()
            .map(|t| t.parse().unwrap())
            .collect()
    };
    let (a, b) = (numbers(&path), numbers(&copy));
    assert_eq!(a.len(), b.len());
    let cameras = 3 + 4 * 31843;
    for (k, (x, y)) in a.iter().zip(&b).enumerate() {
        // Poses go through a quaternion and two inverses; coordinates of a vector are exact
        // relative to its length, of which the smallest is here a thousandth.
        let tolerance = match k.checked_sub(cameras) {
            Some(k) if k < 9 * 49 && k % 9 < 6 => 1e-12,
            _ => 0.0,
        };
        assert!(
            (x - y).abs() <= tolerance * x.abs(),
            "number {k}: {x} became {y}"
        );
    }
}

#[test]
fn formats_refuse_what_they_cannot_hold_and_leave_the_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.txt");
    fs::write(&path, "precious").unwrap();
    let frames = load(data("ba/gbp_fr1desk_vsmall.txt")).problem;
    let mut broken = graph2(parse(LANDMARKS_2D).unwrap().problem);
    broken.poses_mut()[0].translation.x = f64::NAN;
    let trajectory = trajectory_of(&broken);
    let refusals = [
        (
            write_bal(&path, &frames),
            "BAL cannot hold lenses other than its own",
        ),
        (write_bal(&path, &broken), "BAL cannot hold a pose graph"),
        (
            write_g2o(&path, &frames, &[]),
            "g2o cannot hold cameras with lenses",
        ),
        (
            write_g2o(&path, &broken, &[]),
            "g2o cannot hold numbers that are not finite",
        ),
        (
            write_tum(&path, &trajectory),
            "TUM cannot hold numbers that are not finite",
        ),
        (
            write_kitti(&path, &trajectory),
            "KITTI cannot hold numbers that are not finite",
        ),
    ];
    for (result, expected) in refusals {
        let error = result.unwrap_err();
        assert!(matches!(error, WriteError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let nowhere = folder.path().join("no/such/folder/out.g2o");
    let error = write_g2o(&nowhere, &parse(LANDMARKS_2D).unwrap().problem, &[]).unwrap_err();
    assert!(matches!(error, WriteError::Io { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn compressed_by_extension() {
    let folder = tempfile::tempdir().unwrap();
    let problem = parse(LANDMARKS_3D).unwrap().problem;
    for (name, compression) in [
        ("a.g2o.gz", Compression::Gzip),
        ("a.g2o.bz2", Compression::Bzip2),
        ("a.g2o", Compression::None),
    ] {
        let path = folder.path().join(name);
        write_g2o(&path, &problem, &[]).unwrap();
        let loaded = load(&path);
        assert_eq!(loaded.compression, compression);
        assert_same(&loaded.problem, &problem, name);
    }
}

#[test]
fn dumps_keep_everything_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.json.gz");
    let options = serde_json::json!({"max_iterations": 7, "damping": 1e-12, "name": "a \"b\""});
    let mut planar = graph2(parse(LANDMARKS_2D).unwrap().problem);
    let losses = GraphLosses {
        between: Loss::Huber(1.345),
        observations: Loss::None,
        priors: Loss::Dcs(0.1),
    };
    planar.set_losses(losses).unwrap();
    // A state as a failed solve may leave it.
    planar.poses_mut()[0].translation.x = f64::NAN;
    planar.landmarks_mut()[0].y = f64::NEG_INFINITY;
    // A rotation that is the image of no angle.
    let turned = planar.poses()[1].retract(&nalgebra::Vector3::new(0.1, 0.2, 0.3));
    planar.poses_mut()[1] = turned * turned;

    let mut seen = bundle(load(data("ba/gbp_fr1desk_vsmall.txt")).problem);
    seen.set_loss(Loss::Cauchy(2.5)).unwrap();
    seen.cameras_mut()[3].pose_fixed = true;
    seen.set_point_fixed(slam16_problem::PointId(5), true)
        .unwrap();
    seen.points_mut()[0].x = f64::INFINITY;

    let problems = [
        AnyProblem::Graph2(planar),
        parse(LANDMARKS_3D).unwrap().problem,
        load(data("pgo/tinyGrid3D.g2o")).problem,
        AnyProblem::Bundle(seen),
        load(data("ba/dubrovnik-3-7-pre.txt")).problem,
    ];
    for problem in problems {
        let labels = [Some(3), None];
        dump(&path, &problem, &options, &labels).unwrap();
        let back = reload(&path, &ReadOptions::default()).unwrap();
        assert_same(&problem, &back.problem, "dump");
        assert_eq!(back.options, options);
        if !matches!(problem, AnyProblem::Bundle(_)) {
            assert_eq!(back.sensor_labels, labels);
        }
        // The ordinary reader takes dumps too.
        let loaded = load(&path);
        assert_eq!(loaded.format, Format::Dump);
        assert_same(&problem, &loaded.problem, "read");
        assert_eq!(loaded.options, options);
    }
}

#[test]
fn dumps_that_were_tampered_with_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.json");
    let problem = parse(LANDMARKS_2D).unwrap().problem;
    dump(&path, &problem, &serde_json::Value::Null, &[]).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let rows = [
        (
            "\"slam16_dump\":1",
            "\"slam16_dump\":2",
            "this is one of version 2, a slam16 dump of version 1 is needed here",
        ),
        (
            "\"pose_labels\":[4,2]",
            "\"pose_labels\":[4]",
            "poses has 8 entries, 4 expected",
        ),
        (
            "\"pose_labels\":[4,2]",
            "\"pose_labels\":[4,4]",
            "vertex 4 is defined twice",
        ),
        (
            "\"fixed_poses\":[0]",
            "\"fixed_poses\":[5]",
            "fixed_poses 5 does not exist: there are 2",
        ),
        (
            "\"poses\":[0.0,0.0,",
            "\"poses\":[0.0,0.0,3.0,",
            "poses has 9 entries, 8 expected",
        ),
        (
            "\"variables\":[0,1,0,1]",
            "\"variables\":[0,1,0,9]",
            "pose 9 does not exist",
        ),
        (
            "\"landmarks\":[1.5,2.5]",
            "\"landmarks\":[1.5,\"two\"]",
            "'two' is no number",
        ),
        (
            "{\"slam16_dump\"",
            "{\"other\"",
            "missing field `slam16_dump`",
        ),
        ("\"options\":null}", "", "EOF while parsing"),
    ];
    for (from, to, expected) in rows {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is not in {text}");
        let error = parse(&changed).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let cos = text.find("\"poses\":[0.0,0.0,").unwrap() + "\"poses\":[0.0,0.0,".len();
    let changed = format!("{}9.5{}", &text[..cos], &text[cos + 3..]);
    let error = parse(&changed).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected rotations of unit norm"),
        "{error}"
    );
}

#[test]
fn trajectories_load_with_their_known_sizes() {
    let rows = [
        ("KITTI_00_gt.txt.gz", Format::Kitti, 4541),
        ("KITTI_00_ORB.txt.gz", Format::Kitti, 4541),
        ("KITTI_00_SPTAM.txt.gz", Format::Kitti, 4541),
        ("V102.txt.gz", Format::Tum, 807),
        ("V102_groundtruth.csv.gz", Format::Euroc, 16702),
        ("EuRoC_V1_01_easy_groundtruth.txt.gz", Format::Tum, 2895),
        ("freiburg1_xyz-groundtruth.txt.gz", Format::Tum, 3000),
        ("freiburg1_xyz-rgbdslam.txt.gz", Format::Tum, 788),
    ];
    for (name, format, count) in rows {
        let path = data("vo").join(name);
        let loaded = read_trajectory(path, None, &ReadOptions::default()).unwrap();
        assert_eq!(loaded.format, format, "{name}");
        assert_eq!(loaded.trajectory.len(), count, "{name}");
    }
    let times = data("vo/KITTI_00_gt_times.txt.gz");
    let kitti = data("vo/KITTI_00_gt.txt.gz");
    let timed = read_trajectory(kitti, Some(&times), &ReadOptions::default()).unwrap();
    assert_eq!(timed.trajectory.stamps()[1], 1.037359e-01);
    assert_eq!(timed.trajectory.linear(1)[(0, 2)], -2.066935e-03);
    let few = data("vo/freiburg1_xyz-rgbdslam.txt.gz");
    let error = read_trajectory(
        data("vo/KITTI_00_gt.txt.gz"),
        Some(&few),
        &ReadOptions::default(),
    );
    assert!(error.is_err());
    // Formats with moments of their own do not open the file.
    let missing = Path::new("no such times");
    let tum = read_trajectory(few, Some(missing), &ReadOptions::default());
    assert_eq!(tum.unwrap().trajectory.len(), 788);
    let kitti = data("vo/KITTI_00_gt.txt.gz");
    let error = read_trajectory(kitti, Some(missing), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("no such times"), "{error}");
    // Nanoseconds of a 64-bit counter, as numpy's division gives them.
    let euroc = data("vo/V102_groundtruth.csv.gz");
    let euroc = read_trajectory(euroc, None, &ReadOptions::default()).unwrap();
    assert_eq!(euroc.trajectory.stamps()[0], 1403715524907143168f64 / 1e9);
    assert_eq!(euroc.trajectory.poses()[0].translation.x, 0.515356);
    let [x, _, _, w] = euroc.trajectory.poses()[0].rotation.xyzw();
    assert!((x - 0.789985).abs() < 1e-6 && (w - 0.161996).abs() < 1e-6);
}

#[test]
fn trajectories_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.txt");
    let spatial = graph3(load(data("pgo/smallGrid3D.g2o")).problem);
    let first = trajectory_of(&spatial);
    assert_eq!(first.stamps()[5], 5.0);
    write_tum(&path, &first).unwrap();
    let tum = read_trajectory(&path, None, &ReadOptions::default()).unwrap();
    assert_eq!(tum.format, Format::Tum);
    assert_eq!(tum.trajectory, first);

    write_kitti(&path, &first).unwrap();
    let kitti = read_trajectory(&path, None, &ReadOptions::default()).unwrap();
    assert_eq!(kitti.format, Format::Kitti);
    for (a, b) in first.poses().iter().zip(kitti.trajectory.poses()) {
        assert_eq!(a.translation, b.translation);
        // A matrix of rounded entries and the rotation nearest to it: some roundings.
        assert!(a.rotation.local(&b.rotation).norm() < 1e-14);
    }

    // A problem's file serves as a trajectory.
    let graph =
        read_trajectory(data("pgo/smallGrid3D.g2o"), None, &ReadOptions::default()).unwrap();
    assert_eq!((graph.format, graph.trajectory), (Format::G2o, first));
    let planar = graph2(parse(LANDMARKS_2D).unwrap().problem);
    let flat = trajectory_of(&planar);
    assert_eq!(flat.stamps(), [4.0, 2.0]);
    let point = nalgebra::Vector3::new(1.0, 2.0, 0.0);
    let expected = planar.poses()[1].act(&nalgebra::Vector2::new(1.0, 2.0));
    let found = flat.poses()[1].act(&point);
    assert!((found.xy() - expected).norm() < 1e-15 && found.z == 0.0);
    let cameras = trajectory_of(&bundle(load(data("ba/dubrovnik-3-7-pre.txt")).problem));
    assert_eq!(cameras.stamps(), [0.0, 1.0, 2.0]);
    assert_eq!(Trajectory::default().len(), 0);
    assert_eq!(planar.pose_labels()[PoseId(1).index()], 2);
}
