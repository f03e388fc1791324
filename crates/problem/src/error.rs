//! What can be wrong with a problem.

/// A problem that cannot be built or evaluated. Labels are those of the file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// The problem holds nothing to solve.
    #[error("the problem has no {what}: add at least one")]
    Empty {
        /// `variables` or `factors`.
        what: &'static str,
    },
    /// Two vertices carry the same label.
    #[error("vertex {label} is defined twice: remove or rename one of them")]
    DuplicateVertex {
        /// The label.
        label: u64,
    },
    /// A factor names a vertex that does not exist.
    #[error(
        "{factor} refers to vertex {label}, which does not exist: define it or drop the factor"
    )]
    UnknownVertex {
        /// The factor, for example `edge 3 -> 17`.
        factor: String,
        /// The missing label.
        label: u64,
    },
    /// A factor joins a vertex to itself.
    #[error("edge {label} -> {label} joins a vertex to itself: drop it")]
    SelfEdge {
        /// The label.
        label: u64,
    },
    /// A NaN or an infinity in the input.
    #[error("{element} holds a number that is not finite ({value}): correct or drop it")]
    NotFinite {
        /// The vertex or factor.
        element: String,
        /// The offending value.
        value: f64,
    },
    /// An information matrix that is not symmetric positive semidefinite.
    #[error(
        "information matrix of {factor} is not positive semidefinite (smallest eigenvalue {smallest_eigenvalue:.3e}): correct it, or project it onto the nearest semidefinite one with --repair"
    )]
    Indefinite {
        /// The factor, for example `edge 3 -> 17`.
        factor: String,
        /// Smallest eigenvalue.
        smallest_eigenvalue: f64,
    },
    /// A robust loss whose scale is not a positive finite number.
    #[error("robust loss {loss} needs a positive finite scale, not {scale}")]
    LossScale {
        /// Name of the loss.
        loss: &'static str,
        /// The scale given.
        scale: f64,
    },
    /// An index beyond the end.
    #[error("{what} {index} does not exist: there are {count}")]
    OutOfRange {
        /// What was indexed.
        what: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A residual became NaN or infinite during a solve.
    #[error(
        "residual of {factor} is not finite at the current estimate: check its measurement and the vertices it joins"
    )]
    NonFinite {
        /// The factor, for example `edge 3 -> 17`.
        factor: String,
        /// Index of the factor's set.
        set: usize,
        /// Index within the set.
        index: usize,
    },
    /// The linear system of an initial guess has no unique solution.
    #[error(
        "{system} system of the chordal initial guess is singular at vertex {label}: start from the spanning tree instead"
    )]
    Singular {
        /// `rotation` or `translation`.
        system: &'static str,
        /// Label of the vertex at which elimination failed.
        label: u64,
    },
    /// A step or state of the wrong length.
    #[error("{what} has {found} entries, {expected} expected")]
    Length {
        /// What was passed.
        what: &'static str,
        /// Expected length.
        expected: usize,
        /// Length found.
        found: usize,
    },
}
