//! Readers and writers of the field's file formats.
//!
//! [`read`] takes a file in any of the formats of [`Format`], plain, gzipped or
//! bzipped, tells which it is from its content, and gives a [`Loaded`] problem
//! with typed [`Warning`]s, or a [`ReadError`] that names the line, the column
//! and the element. Writers put files in place whole or not at all.
//!
//! Texts are read in blocks, so a file of any size takes little memory beside
//! the problem itself.
//!
//! | format | told by | conventions |
//! |---|---|---|
//! | g2o | VERTEX_SE2, VERTEX_SE3:QUAT, VERTEX_XY, VERTEX_TRACKXYZ, EDGE_SE2, EDGE_SE3:QUAT, EDGE_SE2_XY, EDGE_SE3_TRACKXYZ, EDGE_PRIOR_SE2, EDGE_SE3_PRIOR, PARAMS_SE3OFFSET, FIX | quaternions x y z w; information by upper triangle, row by row, translation before rotation |
//! | TORO | VERTEX2, VERTEX3 | EDGE2's information is I11 I12 I22 I33 I13 I23, EDGE3's like g2o's; poses x y z roll pitch yaw, R = Rz Ry Rx; EQUIV ignored |
//! | iSAM | ODOMETRY, LANDMARK, POINT3, or EDGE2 and EDGE3 alone | information like g2o's, or what [`IsamNoise`] says; no vertices |
//! | BAL | three counts, then two indices | angle-axis and translation of `camera_from_world`, looking down −z |
//! | Bundler | `# Bundle file` | as BAL, with matrices; pixels from the image centre, y up |
//! | gbp | three counts, then fx fy cx cy | translation before angle-axis, z forward, intrinsics held |
//! | dump | `{` | JSON, see [`dump()`] |
//! | TUM, KITTI, EuRoC | 8 numbers, 12 numbers, commas | trajectories, for [`read_trajectory`] |
//!
//! A graph without vertex lines gets its poses by composing edges
//! ([`Initial`]). Blank lines and what follows `#` are skipped.

mod bundle;
mod dump;
mod error;
mod format;
mod graph;
mod number;
mod options;
mod read;
mod scan;
mod source;
mod trajectory;
mod warning;
mod what;
mod write;

pub use dump::{Reloaded, dump, reload};
pub use error::{Place, ReadError, WriteError};
pub use format::Format;
pub use graph::Initial;
pub use options::{IsamNoise, ReadOptions};
pub use read::{AnyProblem, Loaded, read, read_bytes};
pub use source::Compression;
pub use trajectory::{LoadedTrajectory, read_trajectory, read_trajectory_bytes};
pub use warning::{Example, Warning, WarningKind};
pub use write::{
    AbandonedWrites, ProblemRef, abandon_writes, folder_of, trajectory_of, try_folder, write_bal,
    write_bytes, write_g2o, write_kitti, write_tum,
};
