//! `evaluate`: the same figures as evo, through files and options.

use crate::common::{Desk, data};

#[test]
fn figures_are_those_of_evo() {
    let desk = Desk::new();
    let reference = data("vo/KITTI_00_gt.txt.gz");
    let estimate = data("vo/KITTI_00_ORB.txt.gz");
    let run = |options: &str| {
        desk.good(&format!(
            "evaluate {} {} {options} --report r.json",
            estimate.display(),
            reference.display()
        ));
        desk.json("r.json")
    };
    let near = |value: &serde_json::Value, expected: f64, what: &str| {
        let value = value.as_f64().unwrap();
        assert!(
            (value - expected).abs() < 1e-9,
            "{what}: {value} {expected}"
        );
    };
    // evo 1.38.1: evo_ape kitti KITTI_00_gt.txt KITTI_00_ORB.txt, with -a, with -a -s.
    let r = run("--align none");
    near(&r["ate"]["rmse"], 7.790288882656827, "ape");
    let r = run("");
    near(&r["ate"]["rmse"], 1.303449714565045, "ape -a");
    near(&r["ate"]["median"], 1.0656247695558074, "ape -a");
    near(
        &r["ate_rotation"]["rmse"],
        0.7563005166348626,
        "ape -a -r angle_deg",
    );
    // evo_rpe … -r trans_part -d 1 -u f
    near(&r["rpe"]["rmse"], 0.028120377017393856, "rpe");
    assert_eq!(r["pairs"], 4541);
    assert_eq!(r["rpe"]["count"], 4540);
    let r = run("--scale");
    near(&r["ate"]["rmse"], 0.937709073611404, "ape -a -s");
    assert_eq!(r["alignment"], "similarity");
    let r = run("--align similarity --delta 100m");
    near(&r["ate"]["rmse"], 0.937709073611404, "ape -a -s");
    assert_eq!(
        (r["delta"].as_f64(), r["delta_unit"].as_str()),
        (Some(100.0), Some("m"))
    );
    // evo_rpe … -a -s -r trans_part --all_pairs, with -d 10 -u f, with -d 100 -u m.
    let r = run("--scale --delta 10 --all-pairs");
    near(&r["rpe"]["rmse"], 0.18480991798007176, "rpe -a -s, frames");
    let r = run("--scale --delta 100m --all-pairs");
    near(&r["rpe"]["rmse"], 1.1859493925880296, "rpe -a -s, metres");
    near(&r["rpe"]["max"], 11.78003458631276, "rpe -a -s, metres");
    let r = run("--align similarity --delta 100m");
    let fewer = r["rpe"]["count"].as_u64().unwrap();
    let all = run("--delta 100m --all-pairs")["rpe"]["count"]
        .as_u64()
        .unwrap();
    assert!(fewer > 10 && all > 10 * fewer, "{fewer} {all}");
}

#[test]
fn a_solved_graph_is_nearer_to_the_truth() {
    let desk = Desk::new();
    desk.good("simulate ring --seed 4 -o ring.g2o --truth truth.tum");
    desk.good("solve ring.g2o -q -o solved.g2o");
    let ate = |file: &str| {
        let run = desk.good(&format!("evaluate {file} truth.tum --report -"));
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        report["ate"]["rmse"].as_f64().unwrap()
    };
    let (before, after) = (ate("ring.g2o"), ate("solved.g2o"));
    assert!(after < 0.7 * before, "{before} {after}");
    let run = desk.good("evaluate solved.g2o truth.tum");
    for part in ["ATE m", "RPE deg", "rmse", "400 pairs of poses"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn trajectories_that_cannot_be_compared_say_why() {
    let desk = Desk::new();
    desk.write(
        "a.tum",
        "0 0 0 0 0 0 0 1\n1 1 0 0 0 0 0 1\n2 2 1 0 0 0 0 1\n",
    );
    desk.write("late.tum", "50 0 0 0 0 0 0 1\n51 1 0 0 0 0 0 1\n");
    desk.write(
        "line.tum",
        "0 0 0 0 0 0 0 1\n1 1 0 0 0 0 0 1\n2 2 0 0 0 0 0 1\n",
    );
    for (arguments, words) in [
        ("evaluate a.tum late.tum", "moments"),
        ("evaluate line.tum line.tum", "line"),
        ("evaluate a.tum a.tum --delta 90m", "apart"),
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.status, 3, "{arguments}: {}", run.err);
        assert!(run.err.contains(words), "{arguments}: {}", run.err);
        assert!(run.err.contains("a.tum") || run.err.contains("line.tum"));
    }
    desk.good("evaluate a.tum late.tum --offset 50 --align none");
    desk.good("evaluate line.tum line.tum --align none");
}

#[test]
fn drives_and_towns_are_written_and_solved() {
    let desk = Desk::new();
    desk.good("simulate loops --frames 450 --seed 2 -o loops.g2o --truth truth.tum");
    desk.good("solve loops.g2o -q -o solved.g2o");
    let ate = |file: &str| {
        let run = desk.good(&format!("evaluate {file} truth.tum --report -"));
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        report["ate"]["rmse"].as_f64().unwrap()
    };
    let (before, after) = (ate("loops.g2o"), ate("solved.g2o"));
    assert!(after < 0.02 * before, "{before} {after}");
    for options in ["", "--camera depth --route figure-eight --outliers 0.05"] {
        desk.good(&format!("simulate indoor {options} -o indoor.json"));
        desk.good("solve indoor.json -q --loss huber:2");
    }
    desk.good("simulate town --cameras 20 --points-per-camera 30 -o town.bal");
    desk.good("solve town.bal -q");
}
