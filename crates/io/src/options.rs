//! How to read.

use serde::{Deserialize, Serialize};

/// What a reader may do and how much it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Project indefinite information matrices onto the nearest semidefinite
    /// one instead of refusing the file.
    pub repair: bool,
    /// How the noise numbers of iSAM files are taken.
    pub isam_noise: IsamNoise,
    /// Most bytes a compressed file may expand to: guards against files made
    /// to fill the memory. Plain files may be of any size.
    pub max_decompressed: u64,
    /// Most bytes that the header of a bundle may ask for.
    pub max_memory: u64,
}

impl Default for ReadOptions {
    /// No repair, noise by its looks, 4 GiB decompressed, 16 GiB of bundle.
    fn default() -> Self {
        Self {
            repair: false,
            isam_noise: IsamNoise::Auto,
            max_decompressed: 4 << 30,
            max_memory: 16 << 30,
        }
    }
}

/// What the noise numbers of an iSAM file are. The files in circulation use
/// all three, and none says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IsamNoise {
    /// Covariances if the file has ODOMETRY lines whose first diagonal is
    /// below 1 throughout (as in Victoria Park), else information matrices.
    #[default]
    Auto,
    /// Information matrices Ω, as published conversions to g2o take them.
    Information,
    /// Upper triangular square roots R, Ω = RᵀR, as iSAM's own loader takes them.
    SquareRoot,
    /// Covariances, Ω their inverse.
    Covariance,
}
