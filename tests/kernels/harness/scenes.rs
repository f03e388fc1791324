//! Random bundles, and what f32 may make of their observations.

use slam16::geometry::{CameraFrame, Pinhole, Se3, So3, Stereo};
use slam16::nalgebra::Vector3;
use slam16::problem::{
    Bundle, Camera, CameraId, LeastSquares, Lens, LensId, LocalBundle, Loss, Observation, PointId,
    Setup,
};

use super::{Bounded, Random};

/// Which observations are looked at; the other set has some too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Two rows, nine columns.
    Bal,
    /// Two rows, six columns: pinholes, and BAL's lens with known intrinsics.
    Pinhole,
    /// Three rows, six columns.
    Stereo,
    /// Three rows, and cameras of nine columns for the other set's sake.
    StereoAmongBal,
}

impl Scene {
    pub const ALL: [Self; 4] = [Self::Bal, Self::Pinhole, Self::Stereo, Self::StereoAmongBal];

    pub fn set(self) -> usize {
        match self {
            Self::Bal | Self::Pinhole => 0,
            Self::Stereo | Self::StereoAmongBal => 1,
        }
    }
}

/// All losses, with scales that split residuals of a few pixels.
pub const LOSSES: [Loss; 9] = [
    Loss::None,
    Loss::Huber(1.5),
    Loss::PseudoHuber(1.2),
    Loss::Cauchy(2.0),
    Loss::GemanMcClure(2.5),
    Loss::Welsch(2.0),
    Loss::Tukey(3.0),
    Loss::Fair(1.4),
    Loss::Dcs(2.0),
];

const CAMERAS: usize = 4;
const POINTS: usize = 9;
const BAL: LensId = LensId(0);
const PINHOLE: LensId = LensId(1);
const STEREO: LensId = LensId(2);

/// A bundle with `count` observations in the set of `scene`, around `offset`.
/// Half of the points lie behind a camera. Camera 0 and point 2 are held, as
/// are the intrinsics of camera 1.
pub fn bundle(scene: Scene, count: usize, loss: Loss, offset: f64) -> Bundle {
    let mut random = Random(count as u64 + 17 * scene as u64);
    let offset = Vector3::new(offset, -offset, 0.5 * offset);
    let mut bundle = Bundle::new();
    let mut vector = |x: f64, y: f64, z: f64| {
        Vector3::new(x * random.value(), y * random.value(), z * random.value())
    };
    for c in 0..CAMERAS {
        let rotation = So3::exp(&vector(0.2, 0.2, 1.5));
        let spread = vector(0.1, 0.1, 0.02);
        bundle
            .add_camera(Camera {
                world_from_camera: Se3::new(offset + vector(1.0, 1.0, 1.0), rotation),
                intrinsics: [450.0 + 500.0 * spread.x, spread.y, spread.z],
                pose_fixed: c == 0,
                intrinsics_fixed: c == 1 || matches!(scene, Scene::Pinhole | Scene::Stereo),
            })
            .unwrap();
    }
    for p in 0..POINTS {
        let depth = if p % 2 == 0 { 6.0 } else { -6.0 };
        let at = vector(2.0, 2.0, 2.0) + Vector3::new(0.0, 0.0, depth);
        bundle.add_point(offset + at).unwrap();
    }
    bundle.set_point_fixed(PointId(2), true).unwrap();
    bundle.add_lens(Lens::Bal);
    bundle.add_lens(Lens::Pinhole(Pinhole {
        fx: 410.3,
        fy: 405.1,
        cx: 320.7,
        cy: 241.9,
    }));
    bundle.add_lens(Lens::Stereo(Stereo {
        fx: 718.856,
        fy: 710.1,
        cx: 607.19,
        cy: 185.22,
        baseline: 0.537,
    }));
    bundle.set_loss(loss).unwrap();
    for i in 0..count {
        let lens = match scene {
            Scene::Bal => BAL,
            Scene::Pinhole if i % 3 == 0 => BAL,
            Scene::Pinhole => PINHOLE,
            Scene::Stereo | Scene::StereoAmongBal => STEREO,
        };
        let (c, p) = (random.below(CAMERAS), random.below(POINTS));
        observe(&mut bundle, c, p, lens, &mut random);
    }
    for i in 0..CAMERAS * POINTS {
        let lens = match scene {
            Scene::Bal | Scene::Pinhole => STEREO,
            Scene::Stereo => PINHOLE,
            Scene::StereoAmongBal => BAL,
        };
        observe(&mut bundle, i % CAMERAS, i / CAMERAS, lens, &mut random);
    }
    bundle
}

/// Adds what a camera sees, a few pixels off.
fn observe(bundle: &mut Bundle, camera: usize, point: usize, lens: LensId, random: &mut Random) {
    let mut observation = Observation {
        camera: CameraId(camera as u32),
        point: PointId(point as u32),
        lens,
        pixel: [0.0; 3],
        weight: 0.7 + 0.6 * random.value(),
    };
    let seen = Expected::new(bundle, &observation, Vector3::zeros(), 6);
    for (pixel, residual) in observation.pixel.iter_mut().zip(&seen.residual) {
        *pixel = residual.value + 3.0 * random.value();
    }
    bundle.add_observation(observation).unwrap();
}

/// Observations of the set, in order.
pub fn observations(bundle: &Bundle, set: usize) -> Vec<Observation> {
    let rows = |o: &Observation| bundle.lenses()[o.lens.index()].rows();
    let all = bundle.observations().iter();
    all.filter(|o| rows(o) == set + 2).copied().collect()
}

/// Columns times powers of two, 0 for what is held.
pub fn scale(setup: &Setup) -> Vec<f32> {
    let held = setup.held.iter().enumerate();
    held.map(|(i, held)| {
        if *held {
            0.0
        } else {
            0.5_f32.powi(i as i32 % 4)
        }
    })
    .collect()
}

/// A bundle as a kernel takes it.
pub fn local(bundle: &Bundle) -> (LocalBundle, Setup) {
    (
        LocalBundle::new(bundle, bundle.anchor()),
        bundle.setup().unwrap(),
    )
}

/// One observation, unweighted: values in f64, bounds for f32.
pub struct Expected {
    pub residual: Vec<Bounded>,
    /// `w ‖r‖²`.
    pub squared: Bounded,
    pub weight: Bounded,
    /// Column-major.
    pub camera: Vec<Bounded>,
    pub point: Vec<Bounded>,
}

impl Expected {
    /// Written out from the formulas, not from the library.
    pub fn new(bundle: &Bundle, o: &Observation, anchor: Vector3<f64>, cols: usize) -> Self {
        let input = Bounded::input;
        let camera = &bundle.cameras()[o.camera.index()];
        let frame = CameraFrame::new(&camera.world_from_camera);
        let x = bundle.points()[o.point.index()] - anchor;
        let c = frame.center - anchor;
        let m: Vec<[Bounded; 3]> = (0..3)
            .map(|r| [0, 1, 2].map(|k| input(frame.rotation_transposed[(r, k)])))
            .collect();
        let d = [0, 1, 2].map(|k| input(x[k]) - input(c[k]));
        let p: Vec<Bounded> = m
            .iter()
            .map(|m| m[0] * d[0] + m[1] * d[1] + m[2] * d[2])
            .collect();
        let one = Bounded::exact(1.0);
        let zero = Bounded::exact(0.0);
        let (px, py, pz) = (p[0], p[1], p[2]);
        let pinhole = |fx: f64, fy: f64| {
            let (gx, gy) = (input(fx) * (one / pz), input(fy) * (one / pz));
            let (u, v) = (gx * px, gy * py);
            let first = [gx, zero, -u * (one / pz)];
            (gx, [u, v], [first, [zero, gy, -v * (one / pz)]])
        };
        let mut by_intrinsics = [[zero; 3]; 3];
        let [u, v, w] = o.pixel;
        let (pixel, by_point, seen): (Vec<Bounded>, Vec<[Bounded; 3]>, Vec<f64>) =
            match bundle.lenses()[o.lens.index()] {
                Lens::Bal => {
                    let [f, k1, k2] = camera.intrinsics.map(input);
                    let scale = -one / pz;
                    let (x, y) = (px * scale, py * scale);
                    let r2 = x * x + y * y;
                    let distortion = one + r2 * (k1 + r2 * k2);
                    let gain = f * distortion;
                    let slope = 2.0 * (k1 + 2.0 * r2 * k2);
                    let isotropic = f * scale * distortion;
                    let radial = f * scale * slope;
                    let xy = radial * x * y;
                    let along = isotropic + radial * r2;
                    by_intrinsics[0] = [distortion * x, f * r2 * x, f * r2 * r2 * x];
                    by_intrinsics[1] = [distortion * y, f * r2 * y, f * r2 * r2 * y];
                    (
                        vec![gain * x, gain * y],
                        vec![
                            [isotropic + radial * x * x, xy, along * x],
                            [xy, isotropic + radial * y * y, along * y],
                        ],
                        vec![u, v],
                    )
                }
                Lens::Pinhole(lens) => {
                    let (_, pixel, rows) = pinhole(lens.fx, lens.fy);
                    (
                        pixel.to_vec(),
                        rows.to_vec(),
                        vec![u - lens.cx, v - lens.cy],
                    )
                }
                Lens::Stereo(lens) => {
                    let (gx, [left, v], [first, last]) = pinhole(lens.fx, lens.fy);
                    let right = gx * (px - input(lens.baseline));
                    (
                        vec![left, right, v],
                        vec![first, [gx, zero, -right * (one / pz)], last],
                        vec![u - lens.cx, o.pixel[1] - lens.cx, w - lens.cy],
                    )
                }
            };
        let rows = pixel.len();
        let residual: Vec<Bounded> = pixel
            .iter()
            .zip(&seen)
            .map(|(pixel, seen)| *pixel - input(*seen))
            .collect();
        let squared = residual.iter().fold(zero, |sum, r| sum + *r * *r);
        let mut camera = vec![zero; rows * cols];
        let mut point = vec![zero; rows * 3];
        for (r, [a, b, c]) in by_point.into_iter().enumerate() {
            let pose = [
                -a,
                -b,
                -c,
                b * pz - c * py,
                c * px - a * pz,
                a * py - b * px,
            ];
            for (k, value) in pose.iter().chain(&by_intrinsics[r]).take(cols).enumerate() {
                camera[k * rows + r] = *value;
            }
            for k in 0..3 {
                point[k * rows + r] = a * m[0][k] + b * m[1][k] + c * m[2][k];
            }
        }
        let weight = input(o.weight);
        Self {
            residual,
            squared: weight * squared,
            weight,
            camera,
            point,
        }
    }
}
