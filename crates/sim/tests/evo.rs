//! The metrics against evo's own figures.
//!
//! Reference: evo 1.38.1 (PyPI, numpy 2.4.6, scipy 1.17.1) on the files in
//! `vo/`, decompressed. Each case stands for the command
//! `evo_ape FORMAT REF EST [-a] [-s] [-r angle_deg]` or
//! `evo_rpe FORMAT REF EST -r trans_part|angle_deg -d DELTA -u f|m [--all_pairs]`
//! with `--save_results`, whose `stats.json` is quoted in full digits.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Read;

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::{Se3, So3};
use slam16_problem::Trajectory;
use slam16_sim::metrics::{
    AbsoluteOptions, Alignment, Association, Delta, Errors, Relation, RelativeOptions,
    absolute_error, relative_error,
};

fn rows(name: &str, separator: char) -> Vec<Vec<f64>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var("SLAM16_DATA").unwrap_or_else(|_| default.to_owned());
    let path = format!("{folder}/vo/{name}.gz");
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let words = line.split(separator).map(str::trim);
            words
                .filter(|w| !w.is_empty())
                .map(|w| w.parse().unwrap())
                .collect()
        })
        .collect()
}

/// `t tx ty tz qx qy qz qw`.
fn tum(name: &str) -> Trajectory {
    let (stamps, poses) = rows(name, ' ')
        .iter()
        .map(|r| pose(r[0], &r[1..4], [r[4], r[5], r[6], r[7]]))
        .unzip();
    Trajectory::new(stamps, poses)
}

/// `t[ns],tx,ty,tz,qw,qx,qy,qz,…`.
fn euroc(name: &str) -> Trajectory {
    let (stamps, poses) = rows(name, ',')
        .iter()
        .map(|r| pose(r[0] / 1e9, &r[1..4], [r[5], r[6], r[7], r[4]]))
        .unzip();
    Trajectory::new(stamps, poses)
}

fn pose(stamp: f64, t: &[f64], xyzw: [f64; 4]) -> (f64, Se3<f64>) {
    let (rotation, _) = So3::from_xyzw(xyzw).unwrap();
    (stamp, Se3::new(Vector3::new(t[0], t[1], t[2]), rotation))
}

/// Row-major 3×4 matrices.
fn kitti(name: &str) -> Trajectory {
    let transforms: Vec<_> = rows(name, ' ')
        .iter()
        .map(|r| {
            let linear = Matrix3::new(r[0], r[1], r[2], r[4], r[5], r[6], r[8], r[9], r[10]);
            (linear, Vector3::new(r[3], r[7], r[11]))
        })
        .collect();
    let stamps = (0..transforms.len()).map(|k| k as f64).collect();
    Trajectory::from_matrices(stamps, &transforms).unwrap()
}

/// Count, then rmse, mean, median, max, std, min.
type Figures = (usize, [f64; 6]);

fn check(what: &str, errors: &Errors, (count, figures): &Figures) {
    let s = errors.statistics;
    assert_eq!(s.count, *count, "{what}");
    assert_eq!(errors.values.len(), *count, "{what}");
    let found = [s.rmse, s.mean, s.median, s.max, s.std, s.min];
    for (found, expected) in found.iter().zip(figures) {
        let difference = (found - expected).abs();
        assert!(difference <= 1e-9, "{what}: {found:?} {expected:?}");
    }
}

/// The eleven commands on one pair of files.
fn check_all(
    what: &str,
    (reference, estimate): (&Trajectory, &Trajectory),
    association: Association,
    metres: f64,
    expected: &[Figures; 11],
) {
    let absolute = [
        (Alignment::None, Relation::Translation),
        (Alignment::Rigid, Relation::Translation),
        (Alignment::Similarity, Relation::Translation),
        (Alignment::Rigid, Relation::RotationAngle),
    ];
    for ((alignment, relation), figures) in absolute.into_iter().zip(expected) {
        let options = AbsoluteOptions {
            association,
            alignment,
            relation,
        };
        let errors = absolute_error(reference, estimate, &options).unwrap();
        check(&format!("{what}: {options:?}"), &errors, figures);
    }
    let relative = [
        (Delta::Frames(1), false, Relation::Translation),
        (Delta::Frames(1), false, Relation::RotationAngle),
        (Delta::Frames(10), true, Relation::Translation),
        (Delta::Frames(10), true, Relation::RotationAngle),
        (Delta::Metres(metres), false, Relation::Translation),
        (Delta::Metres(metres), false, Relation::RotationAngle),
        (Delta::Metres(metres), true, Relation::Translation),
    ];
    for ((delta, all_pairs, relation), figures) in relative.into_iter().zip(&expected[4..]) {
        let options = RelativeOptions {
            association,
            delta,
            all_pairs,
            relation,
            ..RelativeOptions::default()
        };
        let errors = relative_error(reference, estimate, &options).unwrap();
        check(&format!("{what}: {options:?}"), &errors, figures);
    }
}

#[test]
#[rustfmt::skip]
fn orb_slam_on_kitti() {
    check_all(
        "KITTI_00_ORB.txt",
        (&kitti("KITTI_00_gt.txt"), &kitti("KITTI_00_ORB.txt")),
        Association::Order,
        100.0,
        &[
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_ORB.txt
            (4541, [7.790288882656827, 7.01175040166684, 6.801631674560281, 13.458508807381891, 3.3946954473076767, 4.000000055511189e-09]),
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_ORB.txt -a
            (4541, [1.303449714565045, 1.1569971285389946, 1.0656247695558074, 3.587949120678975, 0.6002822693968386, 0.06931322021483205]),
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_ORB.txt -a -s
            (4541, [0.937709073611404, 0.8726926319693136, 0.8446910134863976, 2.693499863613383, 0.3430829008266512, 0.17951466687995615]),
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_ORB.txt -a -r angle_deg
            (4541, [0.7563005166348626, 0.616516410542397, 0.527891364129722, 6.7525844536563655, 0.43806162465351683, 0.11281953643424908]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r trans_part -d 1 -u f
            (4540, [0.028120377017393856, 0.019301310981393958, 0.01470904343858892, 0.30271249059536337, 0.020450305572286533, 0.00031240026309761656]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r angle_deg -d 1 -u f
            (4540, [0.11497352125979227, 0.059583454923114204, 0.04107440527534105, 2.196615406942412, 0.09832966231153813, 0.0022435537758804243]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r trans_part -d 10 -u f --all_pairs
            (4531, [0.18934823038597612, 0.13978226849548522, 0.11321949169175895, 1.5153832705472317, 0.12772497705835284, 0.004600557887213407]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r angle_deg -d 10 -u f --all_pairs
            (4531, [0.611468268558847, 0.2120239467736169, 0.09373191466995312, 7.066422091111992, 0.5735322915485166, 0.0016905338308691713]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r trans_part -d 100 -u m
            (36, [1.1939759245846355, 1.054477825715355, 0.9214941902754695, 2.959637959978665, 0.5600491260258809, 0.27590912938463125]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r angle_deg -d 100 -u m
            (36, [0.7288356182425308, 0.6217988425718093, 0.5352540742775062, 1.576210974576698, 0.3802204068633488, 0.13598675526292545]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r trans_part -d 100 -u m --all_pairs
            (4457, [1.2548299616430865, 1.0146945009089312, 0.9003863828486766, 11.815064774902076, 0.7382366168528658, 0.1254677848316807]),
        ],
    );
}

#[test]
#[rustfmt::skip]
fn sptam_on_kitti() {
    check_all(
        "KITTI_00_SPTAM.txt",
        (&kitti("KITTI_00_gt.txt"), &kitti("KITTI_00_SPTAM.txt")),
        Association::Order,
        100.0,
        &[
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt
            (4541, [9.224541737237876, 8.62370355518929, 8.28232140962514, 14.911823227678537, 3.2747377382409044, 5.578801530853849e-16]),
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -a
            (4541, [3.7384879075826025, 3.4909766330848586, 3.642584641743261, 7.7689774065712776, 1.3376748418045574, 0.6947873474062781]),
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -a -s
            (4541, [3.635293564338599, 3.357305778620563, 3.4798637552963627, 7.291831027981561, 1.394222797031597, 0.22699281394826779]),
            // evo_ape kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -a -r angle_deg
            (4541, [1.7255397220511255, 1.37712860994452, 1.0407174490389552, 9.979460604256174, 1.0397134817095282, 0.0866296938332659]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r trans_part -d 1 -u f
            (4540, [0.03491936757324089, 0.023406450624852342, 0.01915993677265607, 1.1360735895156642, 0.025913322844850626, 0.0009697613305166923]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r angle_deg -d 1 -u f
            (4540, [0.2963898432455663, 0.24171640511349465, 0.2010184422077331, 2.5035551918825334, 0.1715229392184623, 0.004052920711769863]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r trans_part -d 10 -u f --all_pairs
            (4531, [0.22787323053765235, 0.18507273611959835, 0.1632315036440561, 1.7051778507315425, 0.13294469354160612, 0.010171560699775347]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r angle_deg -d 10 -u f --all_pairs
            (4531, [1.256450938510324, 0.8660358072234892, 0.547645377037602, 9.78079122133108, 0.9103026647715766, 0.013398803733773147]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r trans_part -d 100 -u m
            (37, [2.6114856788807708, 2.1758875613326394, 1.6696166449496115, 6.8496393099308674, 1.444081289760815, 0.5648991637876112]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r angle_deg -d 100 -u m
            (37, [2.1825478572482466, 1.6192679130534133, 1.054296454796622, 6.32359150796594, 1.4633818964762944, 0.18701998748509333]),
            // evo_rpe kitti KITTI_00_gt.txt KITTI_00_SPTAM.txt -r trans_part -d 100 -u m --all_pairs
            (4457, [2.714585998251639, 2.1620066955850157, 1.69102756686517, 16.410085267348325, 1.6415554179342868, 0.09324186130292529]),
        ],
    );
}

#[test]
#[rustfmt::skip]
fn rgbd_slam_on_tum() {
    check_all(
        "freiburg1_xyz-rgbdslam.txt",
        (
            &tum("freiburg1_xyz-groundtruth.txt"),
            &tum("freiburg1_xyz-rgbdslam.txt"),
        ),
        Association::default(),
        0.5,
        &[
            // evo_ape tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt
            (785, [0.020079418378506592, 0.01806251843069654, 0.016517756173282168, 0.04328943388403233, 0.008770887660884508, 0.0012561023047507462]),
            // evo_ape tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -a
            (785, [0.013470088849733695, 0.012024498709110232, 0.011183186775061079, 0.03475954589500904, 0.006070809205890624, 0.0009550461813178077]),
            // evo_ape tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -a -s
            (785, [0.013389384904168217, 0.011986889624888907, 0.011133899090810867, 0.03484614485226119, 0.005965744315062322, 0.000732706705229504]),
            // evo_ape tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -a -r angle_deg
            (785, [2.057699602015454, 2.0246954819201015, 2.0008410866936015, 3.6395908313084084, 0.3670638331773976, 0.7419583981755216]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r trans_part -d 1 -u f
            (784, [0.0057643708489283196, 0.004815609470203964, 0.004138857799364448, 0.020865814532329833, 0.0031682608343468967, 0.00017106115346223795]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r angle_deg -d 1 -u f
            (784, [0.35361316104479856, 0.3003065811400405, 0.262138999669449, 1.6332960623334578, 0.186703575188251, 0.016937143523711364]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r trans_part -d 10 -u f --all_pairs
            (775, [0.014040675998645391, 0.012023417812303877, 0.010939370434006718, 0.048023289418413516, 0.007251069342497739, 0.0003677461322003541]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r angle_deg -d 10 -u f --all_pairs
            (775, [0.6747777477331112, 0.589748250694468, 0.5360709771355839, 1.7221765649076803, 0.32790548888145354, 0.049079338508366585]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r trans_part -d 0.5 -u m
            (17, [0.024082163184780864, 0.02258047779477844, 0.022975397758791517, 0.03411456190509985, 0.008370938192217913, 0.0046187198816563845]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r angle_deg -d 0.5 -u m
            (17, [0.909862286462742, 0.8597772169525464, 0.7733993776850331, 1.450724105405168, 0.29771213871211694, 0.4897545488820218]),
            // evo_rpe tum freiburg1_xyz-groundtruth.txt freiburg1_xyz-rgbdslam.txt -r trans_part -d 0.5 -u m --all_pairs
            (697, [0.024810984195724677, 0.02237105588401724, 0.02155032437995567, 0.053936854996186855, 0.01072943593087154, 0.001112224334018876]),
        ],
    );
}

#[test]
#[rustfmt::skip]
fn estimate_on_euroc() {
    check_all(
        "V102.txt",
        (&euroc("V102_groundtruth.csv"), &tum("V102.txt")),
        Association::default(),
        0.5,
        &[
            // evo_ape euroc V102_groundtruth.csv V102.txt
            (798, [2.5541740462181335, 2.5072878884642713, 2.377860678157887, 3.6551520318116726, 0.48714731112332615, 1.7521054261676152]),
            // evo_ape euroc V102_groundtruth.csv V102.txt -a
            (798, [0.09172711520685733, 0.08152162194619834, 0.07791194901949527, 0.25581673381397085, 0.042048648247395404, 0.002619987097383053]),
            // evo_ape euroc V102_groundtruth.csv V102.txt -a -s
            (798, [0.08384138804295284, 0.0748410847826337, 0.07194517866622532, 0.22665179238276975, 0.03779140613324187, 0.0070002905794235674]),
            // evo_ape euroc V102_groundtruth.csv V102.txt -a -r angle_deg
            (798, [2.71677136027806, 2.3085053408437446, 1.9547123911623374, 9.911251434936856, 1.432358096051056, 0.221063365718752]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r trans_part -d 1 -u f
            (797, [0.015076710159641325, 0.006106922465380456, 0.004183939336058311, 0.21740892442745757, 0.01378450895896054, 0.00011469502653262393]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r angle_deg -d 1 -u f
            (797, [0.3576155948859287, 0.08987560074843895, 0.03303003251207459, 4.939154960254689, 0.3461376750596847, 0.003067746632941551]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r trans_part -d 10 -u f --all_pairs
            (788, [0.05567504013258814, 0.04394540167998637, 0.036252234351192764, 0.22121983988430866, 0.034183501355916586, 0.0006119511323282999]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r angle_deg -d 10 -u f --all_pairs
            (788, [1.1295830621113825, 0.5680770692074207, 0.243929491857038, 8.26477482026725, 0.9763433502869953, 0.01857519509282873]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r trans_part -d 0.5 -u m
            (138, [0.04034647330759034, 0.028830595589758295, 0.021812435568235436, 0.22103716659772502, 0.02822471729353386, 0.006737387982820568]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r angle_deg -d 0.5 -u m
            (138, [0.9906894819516472, 0.3726712275029852, 0.15466120751837614, 8.26477482026725, 0.9179225489337549, 0.00692324435168353]),
            // evo_rpe euroc V102_groundtruth.csv V102.txt -r trans_part -d 0.5 -u m --all_pairs
            (671, [0.03736459499474497, 0.025971246034957242, 0.01917400157499071, 0.22433417411646372, 0.026862750017692505, 0.001779699370843443]),
        ],
    );
}
