//! How a factor is applied.

use slam16_sparse::TriangularArithmetic;

use crate::shader::HalfAccess;

/// How the levels of a solve are dispatched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TriangularForm {
    /// A dispatch for each wide level, one for narrow levels that follow one
    /// another.
    #[default]
    Streaming,
    /// One dispatch of one workgroup for everything: fewest dispatches, for
    /// small factors.
    Resident,
}

/// How a factor is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriangularOptions {
    /// What is rounded to half inside a solve; with single storage, nothing.
    pub arithmetic: TriangularArithmetic,
    /// How half storage is read.
    pub access: HalfAccess,
    /// How levels are dispatched.
    pub form: TriangularForm,
    /// Lanes that share a row, a power of two; `None` takes as many as a row
    /// has blocks on average, rounded up.
    pub lanes: Option<usize>,
    /// Rows of the widest level that shares a dispatch with others; `None`
    /// takes twice what a workgroup solves side by side.
    pub narrow: Option<usize>,
}

impl Default for TriangularOptions {
    /// Half-precision vectors, sums in f32, packed half storage, streaming.
    fn default() -> Self {
        Self {
            arithmetic: TriangularArithmetic::HalfVector,
            access: HalfAccess::Packed,
            form: TriangularForm::default(),
            lanes: None,
            narrow: None,
        }
    }
}
