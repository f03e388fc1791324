//! Collects the lines of one graph.

use nalgebra::SVector;
use slam16_problem::{
    Between, GraphParts, Information, Labels, LandmarkId, LandmarkObservation, PoseId, PosePrior,
    SensorId,
};

use super::factor::Factor;
use super::information::Maker;
use super::syntax::{FilePose, Syntax, scan_point, scan_symmetric};
use crate::error::{Place, ReadError};
use crate::scan::{Scan, Scanner, What};
use crate::warning::Warnings;
use crate::{Format, ReadOptions};

/// A vertex known only because a factor names it, so far.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub vertex: Named,
    pub label: u64,
    pub line: u64,
    pub column: u64,
    pub factor: Factor,
}

/// Which of the two arrays a label leads into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Pose(u32),
    Landmark(u32),
}

/// Marks landmarks among the indices that labels lead to.
const LANDMARK: u32 = 1 << 31;

impl Named {
    fn code(self) -> u32 {
        match self {
            Self::Pose(index) => index,
            Self::Landmark(index) => index | LANDMARK,
        }
    }

    fn from_code(code: u32) -> Self {
        if code & LANDMARK == 0 {
            Self::Pose(code)
        } else {
            Self::Landmark(code & !LANDMARK)
        }
    }
}

/// The graph as read so far. Vertices stand in the order in which they were
/// first named; a line of 0 means not defined yet.
pub(crate) struct Builder<G, const D: usize, const P: usize> {
    pub parts: GraphParts<G, D, P>,
    pub pose_lines: Vec<u32>,
    pub landmark_lines: Vec<u32>,
    pub mentions: Vec<Mention>,
    pub labels: Labels,
    /// iSAM files may count landmarks apart from poses.
    pub landmark_labels: Labels,
    /// Sensors by the labels of the file; the first stands for the body.
    pub sensor_labels: Vec<(u64, SensorId)>,
    pose_information: Maker<D>,
    point_information: Maker<P>,
    syntax: Syntax,
}

impl<G: FilePose<D, P>, const D: usize, const P: usize> Builder<G, D, P> {
    pub fn new(syntax: Syntax, options: &ReadOptions) -> Self {
        Self {
            parts: GraphParts::default(),
            pose_lines: Vec::new(),
            landmark_lines: Vec::new(),
            mentions: Vec::new(),
            labels: Labels::new(),
            landmark_labels: Labels::new(),
            sensor_labels: Vec::new(),
            pose_information: Maker::new(options.repair, syntax.noise),
            point_information: Maker::new(options.repair, syntax.noise),
            syntax,
        }
    }

    fn separate_landmarks(&self) -> bool {
        self.syntax.format == Format::Isam
    }

    /// What a label stands for, poses first.
    pub fn find(&self, label: u64) -> Option<Named> {
        self.labels
            .get(label)
            .map(Named::from_code)
            .or_else(|| self.landmark_labels.get(label).map(Named::from_code))
    }

    /// The line that defines a vertex, 0 for none.
    pub fn line_of(&self, vertex: Named) -> u32 {
        match vertex {
            Named::Pose(i) => self.pose_lines[i as usize],
            Named::Landmark(i) => self.landmark_lines[i as usize],
        }
    }

    pub fn pose_line(&mut self, scanner: &mut Scanner<'_>) -> Scan<()> {
        let mark = scanner.mark();
        let label = scanner.integer(What::Name("the id of a pose"))?;
        let place = |scanner: &Scanner<'_>| scanner.place_at(mark);
        let pose =
            G::scan(scanner, self.syntax).map_err(|e| e.of(format_args!("vertex {label}")))?;
        let line = line_number(scanner);
        match self.labels.get(label).map(Named::from_code) {
            None => {
                self.push_pose(label, pose, line);
            }
            Some(Named::Pose(index)) if self.pose_lines[index as usize] == 0 => {
                self.parts.poses[index as usize] = pose;
                self.pose_lines[index as usize] = line;
            }
            Some(used) => return Err(self.used(label, used, place(scanner), "a pose")),
        }
        scanner.end_line()
    }

    pub fn landmark_line(&mut self, scanner: &mut Scanner<'_>) -> Scan<()> {
        let mark = scanner.mark();
        let label = scanner.integer(What::Name("the id of a landmark"))?;
        let point = scan_point(scanner).map_err(|e| e.of(format_args!("vertex {label}")))?;
        let line = line_number(scanner);
        match self.labels.get(label).map(Named::from_code) {
            None => {
                self.push_landmark(label, point, line);
            }
            Some(Named::Landmark(index)) if self.landmark_lines[index as usize] == 0 => {
                self.parts.landmarks[index as usize] = point;
                self.landmark_lines[index as usize] = line;
            }
            Some(used) => {
                return Err(self.used(label, used, scanner.place_at(mark), "a landmark"));
            }
        }
        scanner.end_line()
    }

    #[cold]
    fn used(&self, label: u64, used: Named, at: Place, expected: &str) -> Box<ReadError> {
        let first_line = u64::from(self.line_of(used));
        if first_line > 0 {
            return Box::new(ReadError::DuplicateVertex {
                at,
                label,
                first_line,
            });
        }
        self.wrong_kind(label, used, at, expected)
    }

    #[cold]
    fn wrong_kind(&self, label: u64, used: Named, at: Place, expected: &str) -> Box<ReadError> {
        let kind = match used {
            Named::Pose(_) => "pose",
            Named::Landmark(_) => "landmark",
        };
        Box::new(ReadError::Unexpected {
            at,
            expected: format!("the id of {expected}"),
            found: format!("{label}, which is a {kind} elsewhere in the file"),
        })
    }

    fn push_pose(&mut self, label: u64, pose: G, line: u32) -> u32 {
        let index = self.parts.poses.len() as u32;
        self.labels.insert(label, Named::Pose(index).code());
        self.parts.poses.push(pose);
        self.parts.pose_labels.push(label);
        self.pose_lines.push(line);
        index
    }

    fn push_landmark(&mut self, label: u64, point: SVector<f64, P>, line: u32) -> u32 {
        let index = self.parts.landmarks.len() as u32;
        let code = Named::Landmark(index).code();
        if self.separate_landmarks() {
            self.landmark_labels.insert(label, code);
        } else {
            self.labels.insert(label, code);
        }
        self.parts.landmarks.push(point);
        self.parts.landmark_labels.push(label);
        self.landmark_lines.push(line);
        index
    }

    #[inline]
    fn mention_pose(
        &mut self,
        label: u64,
        scanner: &Scanner<'_>,
        mark: usize,
        factor: Factor,
    ) -> Scan<PoseId> {
        match self.labels.get(label).map(Named::from_code) {
            Some(Named::Pose(index)) => Ok(PoseId(index)),
            Some(used) => Err(self.wrong_kind(label, used, scanner.place_at(mark), "a pose")),
            None => {
                let index = self.push_pose(label, G::identity(), 0);
                self.mention(Named::Pose(index), label, scanner, mark, factor);
                Ok(PoseId(index))
            }
        }
    }

    fn mention_landmark(
        &mut self,
        label: u64,
        scanner: &Scanner<'_>,
        mark: usize,
        factor: Factor,
    ) -> Scan<LandmarkId> {
        let labels = if self.separate_landmarks() {
            &self.landmark_labels
        } else {
            &self.labels
        };
        match labels.get(label).map(Named::from_code) {
            Some(Named::Landmark(index)) => Ok(LandmarkId(index)),
            Some(used) => Err(self.wrong_kind(label, used, scanner.place_at(mark), "a landmark")),
            None => {
                let index = self.push_landmark(label, SVector::zeros(), 0);
                self.mention(Named::Landmark(index), label, scanner, mark, factor);
                Ok(LandmarkId(index))
            }
        }
    }

    fn mention(
        &mut self,
        vertex: Named,
        label: u64,
        scanner: &Scanner<'_>,
        mark: usize,
        factor: Factor,
    ) {
        self.mentions.push(Mention {
            vertex,
            label,
            line: scanner.line(),
            column: scanner.column(mark),
            factor,
        });
    }

    pub fn between_line(&mut self, scanner: &mut Scanner<'_>, warnings: &mut Warnings) -> Scan<()> {
        let from_mark = scanner.mark();
        let from_label = scanner.integer(What::Name("the id of the first pose"))?;
        let to_mark = scanner.mark();
        let to_label = scanner.integer(What::Name("the id of the second pose"))?;
        if from_label == to_label {
            return Err(Box::new(ReadError::SelfEdge {
                at: scanner.place_at(to_mark),
                label: to_label,
            }));
        }
        let factor = Factor::Edge(from_label, to_label);
        let from = self.mention_pose(from_label, scanner, from_mark, factor)?;
        let to = self.mention_pose(to_label, scanner, to_mark, factor)?;
        let measurement = G::scan(scanner, self.syntax).map_err(|e| e.of(factor))?;
        let information = self.scan_pose_information(scanner, factor, warnings)?;
        self.parts.between.push(Between {
            from,
            to,
            measurement,
            information,
        });
        scanner.end_line()
    }

    fn scan_pose_information(
        &mut self,
        scanner: &mut Scanner<'_>,
        factor: Factor,
        warnings: &mut Warnings,
    ) -> Scan<Information<D>> {
        let mark = scanner.mark();
        let matrix = scan_symmetric::<D>(scanner, self.syntax).map_err(|e| e.of(factor))?;
        self.pose_information
            .make(matrix, scanner, mark, factor, warnings)
    }

    pub fn observation_line(
        &mut self,
        scanner: &mut Scanner<'_>,
        warnings: &mut Warnings,
    ) -> Scan<()> {
        let pose_mark = scanner.mark();
        let pose_label = scanner.integer(What::Name("the id of the pose"))?;
        let landmark_mark = scanner.mark();
        let landmark_label = scanner.integer(What::Name("the id of the landmark"))?;
        let factor = Factor::Observation(pose_label, landmark_label);
        let pose = self.mention_pose(pose_label, scanner, pose_mark, factor)?;
        let landmark = self.mention_landmark(landmark_label, scanner, landmark_mark, factor)?;
        let sensor = if self.names_sensors() {
            self.scan_sensor(scanner)?
        } else {
            SensorId(0)
        };
        let measurement = scan_point(scanner).map_err(|e| e.of(factor))?;
        let mark = scanner.mark();
        let matrix = scan_symmetric::<P>(scanner, self.syntax).map_err(|e| e.of(factor))?;
        let information = self
            .point_information
            .make(matrix, scanner, mark, factor, warnings)?;
        self.parts.observations.push(LandmarkObservation {
            pose,
            landmark,
            sensor,
            measurement,
            information,
        });
        scanner.end_line()
    }

    /// Spatial observations and priors of g2o name the sensor.
    fn names_sensors(&self) -> bool {
        P == 3 && self.syntax.format == Format::G2o
    }

    fn scan_sensor(&mut self, scanner: &mut Scanner<'_>) -> Scan<SensorId> {
        let mark = scanner.mark();
        let label = scanner.integer(What::Name("the id of the sensor's PARAMS_SE3OFFSET"))?;
        match self.sensor_labels.iter().find(|s| s.0 == label) {
            Some((_, sensor)) => Ok(*sensor),
            None => Err(scanner.unexpected_at(
                mark,
                "the id of a PARAMS_SE3OFFSET line above",
                format!("'{label}'"),
            )),
        }
    }

    pub fn sensor_line(&mut self, scanner: &mut Scanner<'_>) -> Scan<()> {
        let mark = scanner.mark();
        let label = scanner.integer(What::Name("the id of the parameters"))?;
        if self.sensor_labels.iter().any(|s| s.0 == label) {
            return Err(scanner.unexpected_at(
                mark,
                "an id that no PARAMS_SE3OFFSET line has used",
                format!("'{label}'"),
            ));
        }
        let body_from_sensor = G::scan(scanner, self.syntax)
            .map_err(|e| e.of(format_args!("PARAMS_SE3OFFSET {label}")))?;
        let is_body = body_from_sensor == G::identity()
            && !self.sensor_labels.iter().any(|s| s.1 == SensorId(0));
        let sensor = if is_body {
            SensorId(0)
        } else {
            self.parts.sensors.push(body_from_sensor);
            SensorId(self.parts.sensors.len() as u32)
        };
        self.sensor_labels.push((label, sensor));
        scanner.end_line()
    }

    pub fn prior_line(&mut self, scanner: &mut Scanner<'_>, warnings: &mut Warnings) -> Scan<()> {
        let mark = scanner.mark();
        let label = scanner.integer(What::Name("the id of the pose"))?;
        let factor = Factor::Prior(label);
        let pose = self.mention_pose(label, scanner, mark, factor)?;
        let sensor = if self.names_sensors() {
            self.scan_sensor(scanner)?
        } else {
            SensorId(0)
        };
        let measurement = G::scan(scanner, self.syntax).map_err(|e| e.of(factor))?;
        let information = self.scan_pose_information(scanner, factor, warnings)?;
        let prior = PosePrior {
            pose,
            measurement,
            information,
        };
        let prior = if sensor == SensorId(0) {
            prior
        } else {
            let offset = self.parts.sensors[sensor.index() - 1];
            self.move_prior(prior, offset, (scanner, mark), factor, warnings)?
        };
        self.parts.priors.push(prior);
        scanner.end_line()
    }

    /// A prior on the sensor's pose as one on the body's: with O the sensor on
    /// the body, `Log(Z⁻¹ X O) = Ad(O⁻¹) Log(O Z⁻¹ X)`, so the body's prior is
    /// `Z O⁻¹` with information `Ad(O⁻¹)ᵀ Ω Ad(O⁻¹)`.
    fn move_prior(
        &mut self,
        prior: PosePrior<G, D>,
        offset: G,
        (scanner, mark): (&Scanner<'_>, usize),
        factor: Factor,
        warnings: &mut Warnings,
    ) -> Scan<PosePrior<G, D>> {
        let inverse = offset.inverse();
        let adjoint = inverse.adjoint();
        let matrix = adjoint.transpose() * prior.information.matrix() * adjoint;
        Ok(PosePrior {
            pose: prior.pose,
            measurement: prior.measurement * inverse,
            information: self
                .pose_information
                .make(matrix, scanner, mark, factor, warnings)?,
        })
    }
}

fn line_number(scanner: &Scanner<'_>) -> u32 {
    u32::try_from(scanner.line()).unwrap_or(u32::MAX)
}
