//! Absolute trajectory error.

use slam16_problem::Trajectory;

use super::{
    Association, Errors, MetricsError, Relation, Statistics, angle_degrees, associate, positions,
    umeyama,
};

/// How the estimate is brought into the reference's frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// Not at all.
    None,
    /// Rotation and translation (evo: `-a`).
    #[default]
    Rigid,
    /// Rotation, translation and scale (evo: `-a -s`).
    Similarity,
}

/// How the absolute error is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AbsoluteOptions {
    /// Which poses belong together.
    pub association: Association,
    /// Alignment before comparing, over all positions.
    pub alignment: Alignment,
    /// What is compared.
    pub relation: Relation,
}

/// The error of every pose against its reference: ‖t̂ − t‖, or the angle of
/// R̂ᵀ R, after alignment (ATE; evo: `evo_ape`).
///
/// # Errors
/// [`MetricsError`] when nothing can be associated or aligned.
pub fn absolute_error(
    reference: &Trajectory,
    estimate: &Trajectory,
    options: &AbsoluteOptions,
) -> Result<Errors, MetricsError> {
    let (reference, estimate) = associate(reference, estimate, options.association)?;
    let (x, y) = (positions(&estimate), positions(&reference));
    let transform = match options.alignment {
        Alignment::None => None,
        Alignment::Rigid => Some(umeyama(&x, &y, false)?),
        Alignment::Similarity => Some(umeyama(&x, &y, true)?),
    };
    let values: Vec<f64> = match options.relation {
        Relation::Translation => {
            let moved = x.iter().map(|p| transform.map_or(*p, |t| t.act(p)));
            moved.zip(&y).map(|(x, y)| (x - y).norm()).collect()
        }
        Relation::RotationAngle => (0..estimate.len())
            .map(|k| {
                let turned = match transform {
                    None => estimate.linear(k),
                    Some(t) => t.rotation * estimate.linear(k),
                };
                angle_degrees(&(turned.transpose() * reference.linear(k)))
            })
            .collect(),
    };
    Ok(Errors {
        places: (0..values.len()).collect(),
        statistics: Statistics::of(&values),
        values,
    })
}
