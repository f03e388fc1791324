//! The pose graph as a least-squares problem.

use std::sync::Arc;

use nalgebra::SVector;
use slam16_geometry::PoseGroup;
use slam16_sparse::{
    BlockLayout, EdgeShape, EdgeStructure, Jacobian, JacobianStructure, NO_VARIABLE, Threads,
};

use super::PoseGraph;
use super::check_length;
use super::linearize::{Factor, Slot, View, cost_run, linearize_run};
use crate::{Cost, LeastSquares, Loss, ProblemError, ProblemKind, Setup};

/// Factors per chunk of work: large enough that handing a chunk to a thread
/// costs little beside it, small enough that two threads share a small graph.
const CHUNK: usize = 256;

/// The unknowns of a pose graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoseGraphState<G, const P: usize> {
    /// `world_from_body`.
    pub poses: Vec<G>,
    /// Landmarks in the world.
    pub landmarks: Vec<SVector<f64, P>>,
}

/// The kinds of factor, in the order of their sets.
#[derive(Clone, Copy)]
enum Kind {
    Between,
    Observation,
    Prior,
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// The sets there are: kinds with at least one factor.
    fn kinds(&self) -> impl Iterator<Item = (Kind, usize)> {
        [
            (Kind::Between, self.between.len()),
            (Kind::Observation, self.observations.len()),
            (Kind::Prior, self.priors.len()),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }

    fn view<'a>(&'a self, held: &'a [bool]) -> View<'a, G, P> {
        View {
            poses: &self.poses,
            landmarks: &self.landmarks,
            sensors: &self.sensors,
            held,
        }
    }

    fn structure(&self) -> JacobianStructure {
        let (poses, landmarks) = (self.poses.len(), self.landmarks.len());
        let dims = std::iter::repeat_n(D, poses).chain(std::iter::repeat_n(P, landmarks));
        let sets = self
            .kinds()
            .map(|(kind, count)| {
                let (rows, cols_a, cols_b) = match kind {
                    Kind::Between => (D, D, D),
                    Kind::Observation => (P, D, P),
                    Kind::Prior => (D, D, 0),
                };
                let (mut a, mut b) = (Vec::with_capacity(count), Vec::with_capacity(count));
                match kind {
                    Kind::Between => {
                        a.extend(self.between.iter().map(|f| f.from.0));
                        b.extend(self.between.iter().map(|f| f.to.0));
                    }
                    Kind::Observation => {
                        a.extend(self.observations.iter().map(|f| f.pose.0));
                        let first = poses as u32;
                        b.extend(self.observations.iter().map(|f| first + f.landmark.0));
                    }
                    Kind::Prior => {
                        a.extend(self.priors.iter().map(|f| f.pose.0));
                        b.resize(count, NO_VARIABLE);
                    }
                }
                let shape = EdgeShape {
                    rows,
                    cols_a,
                    cols_b,
                };
                Arc::new(EdgeStructure::new(shape, a, b, poses + landmarks))
            })
            .collect();
        JacobianStructure {
            dense: None,
            layout: Arc::new(BlockLayout::new(dims)),
            sets,
        }
    }

    /// The error of a factor whose residual is not finite.
    fn non_finite(&self, kind: Kind, set: usize, index: usize) -> ProblemError {
        let factor = match kind {
            Kind::Between => {
                let edge = &self.between[index];
                self.edge_name(edge.from, edge.to)
            }
            Kind::Observation => {
                let seen = &self.observations[index];
                self.observation_name(seen.pose, seen.landmark)
            }
            Kind::Prior => self.prior_name(self.priors[index].pose),
        };
        ProblemError::NonFinite { factor, set, index }
    }

    /// Refuses a setup made before variables or factors were added.
    fn check_setup(&self, setup: &Setup, jacobian: &Jacobian<f64>) -> Result<(), ProblemError> {
        let scalars = self.poses.len() * D + self.landmarks.len() * P;
        check_length("the mask of held scalars", setup.held.len(), scalars)?;
        check_length("the Jacobian", jacobian.sets.len(), self.kinds().count())?;
        for ((_, count), set) in self.kinds().zip(&jacobian.sets) {
            check_length("a set of the Jacobian", set.structure().factors(), count)?;
        }
        Ok(())
    }
}

/// Sums chunk results in order; the first failure in order wins.
fn gather(results: Vec<Result<Cost, usize>>, total: &mut Cost) -> Result<(), usize> {
    for (chunk, result) in results.into_iter().enumerate() {
        *total += result.map_err(|f| chunk * CHUNK + f)?;
    }
    Ok(())
}

fn cost_set<F, G, const D: usize, const P: usize>(
    factors: &[F],
    view: &View<'_, G, P>,
    loss: Loss,
    threads: &Threads,
    total: &mut Cost,
) -> Result<(), usize>
where
    F: Factor<G, D, P>,
    G: PoseGroup<D, P>,
{
    let arch = pulp::Arch::new();
    let results = threads.map_ranges(factors.len(), CHUNK, |range| {
        arch.dispatch(
            #[inline(always)]
            || cost_run(&factors[range], view, loss),
        )
    });
    gather(results, total)
}

fn linearize_set<F, G, const D: usize, const P: usize>(
    factors: &[F],
    view: &View<'_, G, P>,
    loss: Loss,
    out: Slot<'_>,
    threads: &Threads,
    total: &mut Cost,
) -> Result<(), usize>
where
    F: Factor<G, D, P>,
    G: PoseGroup<D, P>,
{
    let arch = pulp::Arch::new();
    let chunks = factors.chunks(CHUNK);
    let a = out.a.chunks_mut(CHUNK * F::ROWS * F::COLS_A);
    // A unary set has no second blocks: every chunk gets an empty slice.
    let b = out.b.chunks_mut((CHUNK * F::ROWS * F::COLS_B).max(1));
    let b = b
        .map(Some)
        .chain(std::iter::repeat_with(|| None))
        .map(Option::unwrap_or_default);
    let residual = out.residual.chunks_mut(CHUNK * F::ROWS);
    let items: Vec<_> = chunks
        .zip(a.zip(b).zip(residual))
        .map(|(factors, ((a, b), residual))| (factors, Slot { a, b, residual }))
        .collect();
    let results = threads.map(items, |(factors, slot)| {
        arch.dispatch(
            #[inline(always)]
            || linearize_run(factors, view, loss, slot),
        )
    });
    gather(results, total)
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> LeastSquares for PoseGraph<G, D, P> {
    type State = PoseGraphState<G, P>;

    fn kind(&self) -> ProblemKind {
        if P == 2 {
            ProblemKind::PoseGraph2
        } else {
            ProblemKind::PoseGraph3
        }
    }

    fn setup(&self) -> Result<Setup, ProblemError> {
        if self.poses.is_empty() {
            return Err(ProblemError::Empty { what: "variables" });
        }
        if self.kinds().next().is_none() {
            return Err(ProblemError::Empty { what: "factors" });
        }
        let structure = self.structure();
        let (vertices, notes) = self.held_vertices();
        let mut held = vec![false; structure.layout.scalars()];
        for (v, _) in vertices.iter().enumerate().filter(|(_, held)| **held) {
            held[structure.layout.range(v)].fill(true);
        }
        Ok(Setup {
            structure,
            held,
            notes,
            eliminable_from: self.poses.len(),
        })
    }

    fn cost(&self, threads: &Threads) -> Result<Cost, ProblemError> {
        let view = self.view(&[]);
        let mut total = Cost::default();
        for (set, (kind, _)) in self.kinds().enumerate() {
            let losses = &self.losses;
            match kind {
                Kind::Between => {
                    cost_set(&self.between, &view, losses.between, threads, &mut total)
                }
                Kind::Observation => cost_set(
                    &self.observations,
                    &view,
                    losses.observations,
                    threads,
                    &mut total,
                ),
                Kind::Prior => cost_set(&self.priors, &view, losses.priors, threads, &mut total),
            }
            .map_err(|index| self.non_finite(kind, set, index))?;
        }
        Ok(total)
    }

    fn linearize(
        &self,
        setup: &Setup,
        jacobian: &mut Jacobian<f64>,
        threads: &Threads,
    ) -> Result<Cost, ProblemError> {
        self.check_setup(setup, jacobian)?;
        let view = self.view(&setup.held);
        let mut total = Cost::default();
        let blocks = jacobian.sets.iter_mut().zip(&mut jacobian.residuals);
        for ((set, (kind, _)), (blocks, residual)) in self.kinds().enumerate().zip(blocks) {
            let slot = Slot {
                a: &mut blocks.a,
                b: &mut blocks.b,
                residual,
            };
            let losses = &self.losses;
            let total = &mut total;
            match kind {
                Kind::Between => {
                    linearize_set(&self.between, &view, losses.between, slot, threads, total)
                }
                Kind::Observation => linearize_set(
                    &self.observations,
                    &view,
                    losses.observations,
                    slot,
                    threads,
                    total,
                ),
                Kind::Prior => {
                    linearize_set(&self.priors, &view, losses.priors, slot, threads, total)
                }
            }
            .map_err(|index| self.non_finite(kind, set, index))?;
        }
        Ok(total)
    }

    fn state(&self) -> Self::State {
        PoseGraphState {
            poses: self.poses.clone(),
            landmarks: self.landmarks.clone(),
        }
    }

    fn save_state(&self, into: &mut Self::State) {
        into.poses.clone_from(&self.poses);
        into.landmarks.clone_from(&self.landmarks);
    }

    fn load_state(&mut self, from: &Self::State) {
        self.poses.clone_from(&from.poses);
        self.landmarks.clone_from(&from.landmarks);
    }

    /// Vertices whose step is zero keep their bits.
    fn retract(&mut self, step: &[f64]) {
        let (of_poses, of_landmarks) = step.split_at((self.poses.len() * D).min(step.len()));
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for (pose, step) in self.poses.iter_mut().zip(of_poses.chunks_exact(D)) {
                    if step.iter().any(|x| *x != 0.0) {
                        *pose = pose.retract(&SVector::from_column_slice(step));
                    }
                }
                for (landmark, step) in self.landmarks.iter_mut().zip(of_landmarks.chunks_exact(P))
                {
                    *landmark += SVector::<f64, P>::from_column_slice(step);
                }
            },
        );
    }

    /// Translations, landmarks, and 1 for every rotation, the norm of its
    /// unit quaternion or unit complex number.
    fn state_norm(&self) -> f64 {
        let poses: f64 = self
            .poses
            .iter()
            .map(|x| 1.0 + x.translation().norm_squared())
            .sum();
        let landmarks: f64 = self.landmarks.iter().map(SVector::norm_squared).sum();
        (poses + landmarks).sqrt()
    }
}
