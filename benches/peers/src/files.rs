//! g2o pose graphs and BAL bundles, read without slam16, so that a fault in its readers shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

pub type Result<T> = std::result::Result<T, String>;

/// One pose: x y theta in the plane, x y z qx qy qz qw in space.
pub type Pose = Vec<f64>;

#[derive(Debug)]
pub struct Edge {
    pub from: u64,
    pub to: u64,
    pub measurement: Pose,
    /// Upper triangle of the information matrix, row by row, translation first.
    pub information: Vec<f64>,
}

impl Edge {
    /// The full information matrix, row by row.
    pub fn full_information(&self) -> Vec<f64> {
        let n = if self.measurement.len() == 3 { 3 } else { 6 };
        let mut full = vec![0.0; n * n];
        let mut upper = self.information.iter();
        for i in 0..n {
            for j in i..n {
                let value = upper.next().copied().unwrap_or(f64::NAN);
                full[i * n + j] = value;
                full[j * n + i] = value;
            }
        }
        full
    }
}

#[derive(Debug, Default)]
pub struct Graph {
    pub poses: BTreeMap<u64, Pose>,
    pub edges: Vec<Edge>,
}

impl Graph {
    pub fn is_3d(&self) -> bool {
        self.poses.values().next().is_some_and(|p| p.len() == 7)
    }
}

#[derive(Debug)]
pub struct Observation {
    pub camera: usize,
    pub point: usize,
    pub pixel: [f64; 2],
}

#[derive(Debug, Default)]
pub struct Bundle {
    pub observations: Vec<Observation>,
    /// Angle-axis, translation, f, k1, k2.
    pub cameras: Vec<[f64; 9]>,
    pub points: Vec<[f64; 3]>,
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Whether the file is a BAL bundle: its first word is a number.
pub fn is_bundle(path: &Path) -> Result<bool> {
    let text = read(path)?;
    Ok(text
        .split_ascii_whitespace()
        .next()
        .is_some_and(|w| w.parse::<usize>().is_ok()))
}

pub fn read_graph(path: &Path) -> Result<Graph> {
    let mut graph = Graph::default();
    for line in read(path)?.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(tag) = words.next() else { continue };
        let bad = || format!("{}: bad line: {line}", path.display());
        let numbers = |words: std::str::SplitAsciiWhitespace| -> Result<Vec<f64>> {
            words.map(|w| w.parse().map_err(|_| bad())).collect()
        };
        let mut id = || words.next().and_then(|w| w.parse().ok()).ok_or_else(bad);
        match tag {
            "VERTEX_SE2" | "VERTEX_SE3:QUAT" => {
                let id = id()?;
                let pose = numbers(words)?;
                if pose.len() != if tag == "VERTEX_SE2" { 3 } else { 7 } {
                    return Err(bad());
                }
                graph.poses.insert(id, pose);
            }
            "EDGE_SE2" | "EDGE_SE3:QUAT" => {
                let (from, to) = (id()?, id()?);
                let mut measurement = numbers(words)?;
                let pose = if tag == "EDGE_SE2" { 3 } else { 7 };
                if measurement.len() != if tag == "EDGE_SE2" { 9 } else { 28 } {
                    return Err(bad());
                }
                let information = measurement.split_off(pose);
                graph.edges.push(Edge {
                    from,
                    to,
                    measurement,
                    information,
                });
            }
            // Comments, and FIX lines of files that solvers write.
            _ if tag.starts_with('#') || tag == "FIX" => {}
            _ => return Err(bad()),
        }
    }
    Ok(graph)
}

pub fn read_bundle(path: &Path) -> Result<Bundle> {
    let text = read(path)?;
    let mut words = text.split_ascii_whitespace();
    let mut number = || -> Result<f64> {
        words
            .next()
            .and_then(|w| w.parse().ok())
            .ok_or_else(|| format!("{}: short file or not a number", path.display()))
    };
    let (cameras, points, observations) =
        (number()? as usize, number()? as usize, number()? as usize);
    let mut bundle = Bundle::default();
    for _ in 0..observations {
        bundle.observations.push(Observation {
            camera: number()? as usize,
            point: number()? as usize,
            pixel: [number()?, number()?],
        });
    }
    for _ in 0..cameras {
        let mut camera = [0.0; 9];
        for value in &mut camera {
            *value = number()?;
        }
        bundle.cameras.push(camera);
    }
    for _ in 0..points {
        bundle.points.push([number()?, number()?, number()?]);
    }
    Ok(bundle)
}

/// Writes poses as g2o vertex lines.
pub fn write_poses(path: &Path, poses: impl IntoIterator<Item = (u64, Pose)>) -> Result<()> {
    let mut text = String::new();
    for (id, pose) in poses {
        let tag = if pose.len() == 3 {
            "VERTEX_SE2"
        } else {
            "VERTEX_SE3:QUAT"
        };
        let _ = write!(text, "{tag} {id}");
        for value in pose {
            let _ = write!(text, " {value:?}");
        }
        text.push('\n');
    }
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Writes cameras and points in BAL's order, without the observations ("C P 0" as header).
pub fn write_bundle(path: &Path, cameras: &[[f64; 9]], points: &[[f64; 3]]) -> Result<()> {
    let mut text = format!("{} {} 0\n", cameras.len(), points.len());
    for value in cameras.iter().flatten().chain(points.iter().flatten()) {
        let _ = writeln!(text, "{value:?}");
    }
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
