//! The problems, their best known costs, and their files unpacked.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slam16_peers::files::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    PoseGraph,
    Bundle,
}

#[derive(Debug)]
pub struct Dataset {
    pub name: &'static str,
    pub kind: Kind,
    pub file: &'static str,
    /// Best cost known from the file's start, with slam16's residuals.
    pub optimum: f64,
    /// Relative distance within which a cost counts as the optimum.
    pub tolerance: f64,
}

pub const DATASETS: &[Dataset] = &[
    graph("intel", "pgo/intel.g2o", 22.50211654),
    graph("M3500", "pgo/M3500.g2o", 68.95743912),
    graph("sphere2500", "pgo/sphere2500.g2o", 675.7009629),
    graph("parking-garage", "pgo/parking-garage.g2o", 0.6341923996),
    Dataset {
        // A flat valley: solvers that stop by the same rule end up to 1e-5 apart.
        tolerance: 1e-5,
        ..bundle("Ladybug-49", "ba/problem-49-7776-pre.txt.bz2", 13344.2427)
    },
    bundle(
        "Trafalgar-21",
        "ba/problem-21-11315-pre.txt.bz2",
        30378.6358,
    ),
    bundle(
        "Dubrovnik-16",
        "ba/problem-16-22106-pre.txt.bz2",
        18033.9035,
    ),
    bundle("synth300", "ba/problem-synth300-pre.txt.bz2", 202470.00),
];

const fn graph(name: &'static str, file: &'static str, optimum: f64) -> Dataset {
    Dataset {
        name,
        kind: Kind::PoseGraph,
        file,
        optimum,
        tolerance: 1e-6,
    }
}

const fn bundle(name: &'static str, file: &'static str, optimum: f64) -> Dataset {
    Dataset {
        kind: Kind::Bundle,
        ..graph(name, file, optimum)
    }
}

pub fn find(name: &str) -> Result<&'static Dataset> {
    DATASETS
        .iter()
        .find(|d| d.name == name)
        .ok_or_else(|| format!("no data set {name}"))
}

impl Dataset {
    /// The plain file: the given one, or its unpacked copy in `cache`.
    pub fn unpacked(&self, data: &Path, cache: &Path) -> Result<PathBuf> {
        let source = data.join(self.file);
        if source.extension().is_none_or(|e| e != "bz2") {
            return match source.exists() {
                true => Ok(source),
                false => Err(format!("missing data file {}", source.display())),
            };
        }
        let name = source.file_stem().unwrap_or_default();
        let target = cache.join(name);
        if !target.exists() {
            let failed = |e: io::Error| format!("{}: {e}", source.display());
            std::fs::create_dir_all(cache).map_err(failed)?;
            let part = target.with_extension("part");
            let mut reader = bzip2::read::MultiBzDecoder::new(File::open(&source).map_err(failed)?);
            let mut writer = File::create(&part).map_err(failed)?;
            io::copy(&mut reader, &mut writer).map_err(failed)?;
            std::fs::rename(&part, &target).map_err(failed)?;
        }
        Ok(target)
    }
}
