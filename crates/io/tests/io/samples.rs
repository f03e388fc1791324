//! One small sound file per format and compression, to be spoiled.

use std::io::Write;

pub const G2O: &str = "\
# comment
PARAMS_SE3OFFSET 0 0.1 0 0 0 0 0 1
VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1
VERTEX_SE3:QUAT 1 1 0 0 0.5 0.5 0.5 0.5
VERTEX_TRACKXYZ 9 1.5 2.5e-1 -3
FIX 0
EDGE_SE3:QUAT 0 1 1 0 0 0 0 0 1 1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1
EDGE_SE3_TRACKXYZ 1 9 0 1 2 3 5 1 0 6 0 7
EDGE_SE3_PRIOR 1 0 1 0 0 0 0 0 1 1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1
";
pub const G2O_PLANAR: &str = "\
VERTEX_SE2 4 0 0 6.2
VERTEX_SE2 2 1 0 -0.5
VERTEX_XY 9 1.5 2.5
FIX 4 9
EDGE_SE2 4 2 1 0 3.3 10 1 0.5 20 -1 30
EDGE_SE2_XY 2 9 1 2 5 1 6
EDGE_PRIOR_SE2 2 1 0 -0.4 1 0 0 2 0 3
";
pub const G2O_EDGES: &str = "\
EDGE_SE2 0 1 1 0 0.1 1 0 0 1 0 1
EDGE_SE2 2 1 1 0 0.1 1 0 0 1 0 1
EDGE_SE2_XY 0 7 1 2 5 1 6
";
pub const TORO: &str = "\
VERTEX2 0 0 0 0
VERTEX2 1 1 0 0.1
EDGE2 0 1 1 0 0.1 50 0 50 100 0 0
EQUIV 1 0
";
pub const TORO_3D: &str = "\
VERTEX3 0 0 0 0 0 0 0
VERTEX3 1 1 0 0 0.1 0.2 0.3
EDGE3 0 1 1 0 0 0.1 0.2 0.3 1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1
";
pub const ISAM: &str = "\
ODOMETRY 0 1 1 0 0.1 0.25 0 0 0.25 0 0.5
LANDMARK 0 1 2 3 0.4 0 0.4
EDGE2 1 2 1 0 0.1 50 0 0 50 0 100
";
pub const ISAM_3D: &str = "\
EDGE3 0 1 0.8 -0.2 0 0.1 0.2 0.3 10 0 0 0 0 0 10 0 0 0 0 10 0 0 0 100 0 0 100 0 25
POINT3 1 0 1 2 3 1 0 0 1 0 1
";
pub const BAL: &str = "\
2 2 3
0 0 -3.3e+02 2.6e+02
1 0 1 2
1 1 3 4

0.01
0.02
0.03
0
0
0
500
-1e-7
1e-13
0 0 0 1 0 0 500 0 0
0 0 -2
1 1 -3
";
pub const BUNDLER: &str = "\
# Bundle file v0.3
2 1
500 -0.1 0.01
1 0 0
0 1 0
0 0 1
0 0 0
0 0 0
0 0 0
0 0 0
0 0 0
0 0 0
0.5 0.25 -2
255 0 0
1 0 17 33.5 -20.25
";
pub const GBP: &str = "\
# Dataset: none
2 2 3
500 501.5 320 240
0 0 330 260
1 0 1 2
1 1 3 4
0 0 0 0.1 0.2 0.3
0 1 0 0 0 0
0 0 2
1 1 3
";
pub const TUM: &str = "\
# time tx ty tz qx qy qz qw
1305031098.6659 1.3563 0.6305 1.6380 0.6132 0.5962 -0.3311 -0.3986
1305031098.6759 1.3543 0.6306 1.6360 0 0 0 1
";
pub const KITTI: &str = "\
1.0 0 0 -1e-16 0 1 0 0 0 0 1 0
0 -1 0 0.5 1 0 0 0 0 0 1 2
";
pub const EUROC: &str = "\
#timestamp, p_RS_R_x [m], p_RS_R_y [m]
1403715524907143168,0.5,1.9,0.9,1,0,0,0,-0.002,0.1
1403715524912143104,0.5,1.9,0.9,0,1,0,0
";
pub const DUMP: &str = r#"{"slam16_dump":1,"problem":{"pose-graph-2":{"pose_labels":[4,2],"poses":[0.0,0.0,1.0,0.0,1.0,"NaN",0.6,-0.8],"fixed_poses":[0],"landmark_labels":[9],"landmarks":[1.5,2.5],"fixed_landmarks":[],"sensors":[],"sensor_labels":[null],"between":{"variables":[0,1],"measurements":[1.0,0.0,1.0,0.0],"information":[10.0,1.0,0.5,20.0,-1.0,30.0]},"observations":{"variables":[1,0,0],"measurements":[1.0,2.0],"information":[5.0,1.0,6.0]},"priors":{"variables":[],"measurements":[],"information":[]},"losses":{"between":{"loss":"huber","scale":1.0},"observations":{"loss":"none"},"priors":{"loss":"none"}}}},"options":{"a":1}}"#;
pub const DUMP_BUNDLE: &str = r#"{"slam16_dump":1,"problem":{"bundle":{"cameras":[0,0,0,0,0,0,1,500,0,0],"fixed_poses":[],"fixed_intrinsics":[0],"points":[0,0,2],"fixed_points":[],"lenses":["bal",{"stereo":[500,500,320,240,0.1]}],"variables":[0,0,1],"pixels":[1,2,3],"weights":[1],"loss":{"loss":"none"}}}}"#;

/// All of them; the last two compressed.
pub fn all() -> Vec<Vec<u8>> {
    let texts = [
        G2O,
        G2O_PLANAR,
        G2O_EDGES,
        TORO,
        TORO_3D,
        ISAM,
        ISAM_3D,
        BAL,
        BUNDLER,
        GBP,
        TUM,
        KITTI,
        EUROC,
        DUMP,
        DUMP_BUNDLE,
    ];
    let mut files: Vec<Vec<u8>> = texts.iter().map(|t| t.as_bytes().to_vec()).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(G2O.as_bytes()).unwrap();
    files.push(gzip.finish().unwrap());
    let mut bzip = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip.write_all(BAL.as_bytes()).unwrap();
    files.push(bzip.finish().unwrap());
    files
}
