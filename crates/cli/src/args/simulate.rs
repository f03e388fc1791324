//! `slam16 simulate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Make a problem from a seed: the same options give the same bits.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// What is made.
    #[command(subcommand)]
    pub kind: Simulate,
}

/// What can be made.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// A spiral around a sphere; each pose sees the one a turn earlier.
    Sphere {
        /// Turns of the spiral.
        #[arg(long, value_name = "N", default_value_t = 50)]
        rings: usize,
        /// Poses of a turn.
        #[arg(long, value_name = "N", default_value_t = 50)]
        per_ring: usize,
        /// Radius, metres.
        #[arg(long, value_name = "M", default_value_t = 50.0)]
        radius: f64,
        #[command(flatten)]
        common: Common,
    },
    /// A spiral around a torus.
    Torus {
        /// Turns around the tube.
        #[arg(long, value_name = "N", default_value_t = 100)]
        rings: usize,
        /// Poses of a turn.
        #[arg(long, value_name = "N", default_value_t = 50)]
        per_ring: usize,
        #[command(flatten)]
        common: Common,
    },
    /// A walk through a lattice.
    Grid {
        /// Points along x, y and z.
        #[arg(long, value_name = "X,Y,Z", value_delimiter = ',', num_args = 3, default_values_t = [10, 10, 10])]
        size: Vec<usize>,
        /// Distance of neighbours, metres.
        #[arg(long, value_name = "M", default_value_t = 1.0)]
        spacing: f64,
        #[command(flatten)]
        common: Common,
    },
    /// Rounds of a car park, one above the other.
    Garage {
        /// Rounds.
        #[arg(long, value_name = "N", default_value_t = 5)]
        levels: usize,
        /// Poses of a round.
        #[arg(long, value_name = "N", default_value_t = 330)]
        per_level: usize,
        #[command(flatten)]
        common: Common,
    },
    /// A random walk through a town of square blocks, in the plane.
    Manhattan {
        /// Number of poses.
        #[arg(long, value_name = "N", default_value_t = 3500)]
        poses: usize,
        #[command(flatten)]
        common: Common,
    },
    /// Laps of a circle, in the plane.
    Ring {
        /// Poses of a lap.
        #[arg(long, value_name = "N", default_value_t = 200)]
        per_lap: usize,
        /// Laps.
        #[arg(long, value_name = "N", default_value_t = 2)]
        laps: usize,
        /// Radius, metres.
        #[arg(long, value_name = "M", default_value_t = 50.0)]
        radius: f64,
        /// A loop is closed at every this many poses.
        #[arg(long, value_name = "N", default_value_t = 10)]
        every: usize,
        #[command(flatten)]
        common: Common,
    },
    /// Cameras around a cloud of points, in BAL's camera model.
    Bundle {
        /// Number of cameras.
        #[arg(long, value_name = "N", default_value_t = 12)]
        cameras: usize,
        /// Number of points.
        #[arg(long, value_name = "N", default_value_t = 300)]
        points: usize,
        /// Standard deviation of an observation, pixels. BAL has no weights
        /// and leaves them out.
        #[arg(long, value_name = "PX", default_value_t = 0.5)]
        pixel_noise: f64,
        /// Probability that a camera sees a point.
        #[arg(long, value_name = "P", default_value_t = 0.5)]
        visible: f64,
        #[command(flatten)]
        files: Files,
    },
    /// A drive through a building that closes loops where it comes near its
    /// own past; odometry drifts.
    Loops {
        /// Number of key frames.
        #[arg(long, value_name = "N", default_value_t = 1000)]
        frames: usize,
        /// The trajectory.
        #[arg(long, value_name = "WHAT", value_enum, default_value_t = Route::Rooms)]
        route: Route,
        /// Standard deviation of odometry along each axis, metres.
        #[arg(long, value_name = "M")]
        translation_noise: Option<f64>,
        /// Standard deviation of odometry about each axis, radians.
        #[arg(long, value_name = "RAD")]
        rotation_noise: Option<f64>,
        /// As --translation-noise for loop closures.
        #[arg(long, value_name = "M")]
        closure_translation_noise: Option<f64>,
        /// As --rotation-noise for loop closures.
        #[arg(long, value_name = "RAD")]
        closure_rotation_noise: Option<f64>,
        /// Share of closures that are false, 0 to 1.
        #[arg(long, value_name = "P", default_value_t = 0.0)]
        outliers: f64,
        #[command(flatten)]
        files: Files,
    },
    /// Key frames of an indoor robot that tracks landmarks; written as a dump.
    Indoor {
        /// Number of key frames.
        #[arg(long, value_name = "N", default_value_t = 50)]
        frames: usize,
        /// The trajectory.
        #[arg(long, value_name = "WHAT", value_enum, default_value_t = Route::Rooms)]
        route: Route,
        /// The camera.
        #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
        camera: Camera,
        /// Tracks of a key frame.
        #[arg(long, value_name = "N", default_value_t = 37)]
        tracks: usize,
        /// Standard deviation of an observation, pixels.
        #[arg(long, value_name = "PX", default_value_t = 1.0)]
        pixel_noise: f64,
        /// Share of sightings anywhere in the image, 0 to 1.
        #[arg(long, value_name = "P", default_value_t = 0.0)]
        outliers: f64,
        #[command(flatten)]
        files: Files,
    },
    /// Cameras along the streets of a town, in BAL's camera model: large, and
    /// each point is seen by neighbours only.
    Town {
        /// Number of cameras.
        #[arg(long, value_name = "N", default_value_t = 1000)]
        cameras: usize,
        /// New points in front of each camera.
        #[arg(long, value_name = "N", default_value_t = 100)]
        points_per_camera: usize,
        /// Mean number of cameras that see a point.
        #[arg(long, value_name = "N", default_value_t = 5.0)]
        views: f64,
        /// Standard deviation of an observation, pixels.
        #[arg(long, value_name = "PX", default_value_t = 0.5)]
        pixel_noise: f64,
        #[command(flatten)]
        files: Files,
    },
    /// Key frames of stereo odometry; written as a dump.
    Window {
        /// Number of key frames.
        #[arg(long, value_name = "N", default_value_t = 10)]
        frames: usize,
        /// New points ahead of each key frame.
        #[arg(long, value_name = "N", default_value_t = 60)]
        points_per_frame: usize,
        /// Standard deviation of an observation, pixels.
        #[arg(long, value_name = "PX", default_value_t = 0.5)]
        pixel_noise: f64,
        #[command(flatten)]
        files: Files,
    },
}

/// Trajectories of indoor robots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Route {
    /// Round a corridor about a block of rooms.
    Corridor,
    /// A closed tour of rooms.
    Rooms,
    /// A figure of eight about two pillars.
    FigureEight,
    /// Through doors taken at random.
    RandomWalk,
}

/// Cameras of indoor robots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Camera {
    /// A stereo pair.
    #[default]
    Stereo,
    /// One camera with a depth image.
    Depth,
}

/// Values that poses start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Start {
    /// Noisy odometry, composed.
    #[default]
    Odometry,
    /// The truth.
    Truth,
}

/// What all graphs have in common; noise that is not given is that of the kind.
#[derive(Debug, Args)]
pub struct Common {
    /// Standard deviation of odometry along each axis, metres.
    #[arg(long, value_name = "M")]
    pub translation_noise: Option<f64>,
    /// Standard deviation of odometry about each axis, radians.
    #[arg(long, value_name = "RAD")]
    pub rotation_noise: Option<f64>,
    /// As --translation-noise for loop closures; that of odometry when not given.
    #[arg(long, value_name = "M")]
    pub closure_translation_noise: Option<f64>,
    /// As --rotation-noise for loop closures.
    #[arg(long, value_name = "RAD")]
    pub closure_rotation_noise: Option<f64>,
    /// Share of loop closures that are kept, 0 to 1.
    #[arg(long, value_name = "P")]
    pub kept: Option<f64>,
    /// Share of the kept closures that are false, 0 to 1.
    #[arg(long, value_name = "P")]
    pub outliers: Option<f64>,
    /// Values that poses start from.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub start: Start,
    #[command(flatten)]
    pub files: Files,
}

/// Seed and outputs.
#[derive(Debug, Args)]
pub struct Files {
    /// Same seed, same problem.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The problem; the format is told from the extension.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// The true trajectory as .tum or .kitti, for slam16 evaluate.
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
}
