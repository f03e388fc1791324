//! `slam16 simulate`.

use std::path::Path;

use serde_json::Value;
use slam16::geometry::{PoseGroup, Se2, Se3, So3};
use slam16::io::AnyProblem;
use slam16::problem::{Bundle, Observation, ProblemError, Trajectory};
use slam16_sim::{
    self as sim, GarageOptions, GraphNoise, GraphOptions, GridOptions, IndoorCamera, IndoorOptions,
    LoopOptions, ManhattanOptions, RingOptions, SceneOptions, SimError, SimulatedBundle,
    SimulatedGraph2, SimulatedGraph3, SphereOptions, TorusOptions, TownOptions, WindowOptions,
};

use super::{bounds::bounded, write};
use crate::args::{Camera, Common, Files, Route, Simulate, SimulateArgs, Start, Target as Format};
use crate::failure::{Failure, Status};
use crate::format::describe;
use crate::paths::{self, Target};
use crate::terminal::tell;

pub fn run(args: &SimulateArgs) -> Result<Status, Failure> {
    let files = files(&args.kind);
    let here = std::slice::from_ref(&files.output);
    Target::new("--output", &files.output).check(here)?;
    if let Some(truth) = &files.truth {
        Target::new("--truth", truth).check(here)?;
        let outputs = [
            ("--output", files.output.as_path(), None),
            ("--truth", truth, None),
        ];
        paths::apart::<&Path>(&[], &outputs)?;
    }
    bounded(&args.kind)?;
    let (problem, truth) = make(&args.kind).map_err(|error| Failure::usage(error.to_string()))?;
    let bundle = matches!(problem, AnyProblem::Bundle(_));
    let format = write::target(&files.output, bundle)?;
    let truth_format = match &files.truth {
        Some(path) => Some((path, write::target(path, false)?)),
        None => None,
    };
    let problem = match (problem, format) {
        // BAL has no weights, and its costs are in pixels.
        (AnyProblem::Bundle(bundle), Format::Bal) => {
            AnyProblem::Bundle(unweighted(bundle).map_err(slam16::Error::from)?)
        }
        (other, _) => other,
    };
    write::problem(&files.output, format, &problem, &[], &Value::Null)?;
    if let Some((path, format)) = truth_format {
        write::trajectory(path, format, &truth)?;
    }
    tell(&format!(
        "{}: {}, seed {}",
        files.output.display(),
        describe(&problem),
        files.seed
    ));
    Ok(Status::Done)
}

fn files(kind: &Simulate) -> &Files {
    match kind {
        Simulate::Sphere { common, .. }
        | Simulate::Torus { common, .. }
        | Simulate::Grid { common, .. }
        | Simulate::Garage { common, .. }
        | Simulate::Manhattan { common, .. }
        | Simulate::Ring { common, .. } => &common.files,
        Simulate::Bundle { files, .. }
        | Simulate::Window { files, .. }
        | Simulate::Loops { files, .. }
        | Simulate::Indoor { files, .. }
        | Simulate::Town { files, .. } => files,
    }
}

/// A problem and the true poses.
type Made = (AnyProblem, Trajectory);

fn make(kind: &Simulate) -> Result<Made, SimError> {
    match kind {
        Simulate::Sphere {
            rings,
            per_ring,
            radius,
            common,
        } => {
            let defaults = SphereOptions::default();
            in_space(sim::sphere(&SphereOptions {
                rings: *rings,
                per_ring: *per_ring,
                radius: *radius,
                common: graph(common, defaults.common),
            })?)
        }
        Simulate::Torus {
            rings,
            per_ring,
            common,
        } => {
            let defaults = TorusOptions::default();
            in_space(sim::torus(&TorusOptions {
                rings: *rings,
                per_ring: *per_ring,
                common: graph(common, defaults.common),
                ..defaults
            })?)
        }
        Simulate::Grid {
            size,
            spacing,
            common,
        } => {
            let defaults = GridOptions::default();
            let along = |k: usize| size.get(k).copied().unwrap_or(1);
            in_space(sim::grid(&GridOptions {
                size: [along(0), along(1), along(2)],
                spacing: *spacing,
                common: graph(common, defaults.common),
            })?)
        }
        Simulate::Garage {
            levels,
            per_level,
            common,
        } => {
            let defaults = GarageOptions::default();
            in_space(sim::garage(&GarageOptions {
                levels: *levels,
                per_level: *per_level,
                common: graph(common, defaults.common),
                ..defaults
            })?)
        }
        Simulate::Manhattan { poses, common } => {
            let defaults = ManhattanOptions::default();
            in_plane(sim::manhattan(&ManhattanOptions {
                poses: *poses,
                common: graph(common, defaults.common),
                ..defaults
            })?)
        }
        Simulate::Ring {
            per_lap,
            laps,
            radius,
            every,
            common,
        } => {
            let defaults = RingOptions::default();
            in_plane(sim::ring(&RingOptions {
                per_lap: *per_lap,
                laps: *laps,
                radius: *radius,
                every: *every,
                common: graph(common, defaults.common),
            })?)
        }
        Simulate::Bundle {
            cameras,
            points,
            pixel_noise,
            visible,
            files,
        } => {
            let mut options = SceneOptions {
                seed: files.seed,
                cameras: *cameras,
                points: *points,
                visible: *visible,
                ..SceneOptions::default()
            };
            options.noise.pixel = *pixel_noise;
            of_cameras(sim::scene(&options)?)
        }
        Simulate::Loops {
            frames,
            route,
            translation_noise,
            rotation_noise,
            closure_translation_noise,
            closure_rotation_noise,
            outliers,
            files,
        } => {
            let mut options = LoopOptions {
                seed: files.seed,
                frames: *frames,
                outliers: *outliers,
                ..LoopOptions::default()
            };
            options.drive.route.route = sim_route(*route);
            let set = |to: &mut f64, given: &Option<f64>| *to = given.unwrap_or(*to);
            set(&mut options.odometry.translation, translation_noise);
            set(&mut options.odometry.rotation, rotation_noise);
            set(&mut options.closures.translation, closure_translation_noise);
            set(&mut options.closures.rotation, closure_rotation_noise);
            in_space(sim::loop_graph(&options)?)
        }
        Simulate::Indoor {
            frames,
            route,
            camera,
            tracks,
            pixel_noise,
            outliers,
            files,
        } => {
            let mut options = IndoorOptions {
                seed: files.seed,
                frames: *frames,
                camera: match camera {
                    Camera::Stereo => IndoorCamera::default(),
                    Camera::Depth => IndoorCamera::with_depth(),
                },
                ..IndoorOptions::default()
            };
            options.drive.route.route = sim_route(*route);
            options.tracks.most = *tracks;
            options.noise.pixel = *pixel_noise;
            options.noise.outliers = *outliers;
            let rate = options.drive.rate;
            let (problem, truth) = of_cameras(sim::indoor_bundle(&options)?)?;
            let stamps = (0..truth.len()).map(|k| k as f64 / rate).collect();
            Ok((problem, Trajectory::new(stamps, truth.poses().to_vec())))
        }
        Simulate::Town {
            cameras,
            points_per_camera,
            views,
            pixel_noise,
            files,
        } => {
            let mut options = TownOptions {
                seed: files.seed,
                cameras: *cameras,
                points_per_camera: *points_per_camera,
                views: *views,
                ..TownOptions::default()
            };
            options.noise.pixel = *pixel_noise;
            of_cameras(sim::town_bundle(&options)?)
        }
        Simulate::Window {
            frames,
            points_per_frame,
            pixel_noise,
            files,
        } => {
            let mut options = WindowOptions {
                seed: files.seed,
                frames: *frames,
                points_per_frame: *points_per_frame,
                ..WindowOptions::default()
            };
            options.noise.pixel = *pixel_noise;
            of_cameras(sim::stereo_window(&options)?)
        }
    }
}

fn sim_route(route: Route) -> sim::Route {
    match route {
        Route::Corridor => sim::Route::Corridor,
        Route::Rooms => sim::Route::Rooms,
        Route::FigureEight => sim::Route::FigureEight,
        Route::RandomWalk => sim::Route::RandomWalk,
    }
}

/// What the command line says over what the kind of graph has.
fn graph(common: &Common, defaults: GraphOptions) -> GraphOptions {
    let odometry = GraphNoise {
        translation: common
            .translation_noise
            .unwrap_or(defaults.odometry.translation),
        rotation: common.rotation_noise.unwrap_or(defaults.odometry.rotation),
    };
    GraphOptions {
        seed: common.files.seed,
        odometry,
        closures: GraphNoise {
            translation: common
                .closure_translation_noise
                .unwrap_or(odometry.translation),
            rotation: common.closure_rotation_noise.unwrap_or(odometry.rotation),
        },
        kept: common.kept.unwrap_or(defaults.kept),
        outliers: common.outliers.unwrap_or(defaults.outliers),
        start: match common.start {
            Start::Odometry => sim::Start::Odometry,
            Start::Truth => sim::Start::Truth,
        },
    }
}

fn in_space(made: SimulatedGraph3) -> Result<Made, SimError> {
    Ok((
        AnyProblem::Graph3(made.graph),
        Trajectory::numbered(made.truth),
    ))
}

fn in_plane(made: SimulatedGraph2) -> Result<Made, SimError> {
    let lifted = made.truth.iter().map(lift).collect();
    Ok((AnyProblem::Graph2(made.graph), Trajectory::numbered(lifted)))
}

/// The same bundle with every observation counted in pixels.
fn unweighted(bundle: Bundle) -> Result<Bundle, ProblemError> {
    let observations = bundle.observations().iter();
    Bundle::from_parts(
        bundle.cameras().to_vec(),
        bundle.points().to_vec(),
        bundle.lenses().to_vec(),
        observations
            .map(|o| Observation { weight: 1.0, ..*o })
            .collect(),
    )
}

/// A pose of the plane in space: z = 0, turned about z.
fn lift(pose: &Se2<f64>) -> Se3<f64> {
    let t = pose.translation();
    let angle = pose.rotation.log();
    Se3::new([t.x, t.y, 0.0].into(), So3::exp(&[0.0, 0.0, angle].into()))
}

fn of_cameras(made: SimulatedBundle) -> Result<Made, SimError> {
    let poses = made.cameras.iter().map(|c| c.world_from_camera).collect();
    Ok((AnyProblem::Bundle(made.bundle), Trajectory::numbered(poses)))
}
