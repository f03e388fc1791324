//! Who takes part, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use slam16_peers::files::Result;

use crate::datasets::{Dataset, Kind};
use crate::options::{Options, local};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Slam16,
    Ceres,
    G2o,
    Gtsam,
    Apex,
    Factrs,
    Tiny,
}

#[derive(Debug, Clone, Copy)]
pub struct Contestant {
    pub program: Program,
    pub solver: &'static str,
    pub kind: Kind,
    /// Left out by --quick: slow, or never near the fastest.
    pub slow: bool,
}

use Kind::{Bundle, PoseGraph};
use Program::{Apex, Ceres, Factrs, G2o, Gtsam, Slam16, Tiny};

const fn quick(program: Program, solver: &'static str, kind: Kind) -> Contestant {
    Contestant {
        program,
        solver,
        kind,
        slow: false,
    }
}

const fn slow(program: Program, solver: &'static str, kind: Kind) -> Contestant {
    Contestant {
        program,
        solver,
        kind,
        slow: true,
    }
}

pub const CONTESTANTS: &[Contestant] = &[
    quick(Slam16, "auto", PoseGraph),
    slow(Slam16, "cholesky", PoseGraph),
    slow(Slam16, "cgnr-ic", PoseGraph),
    quick(G2o, "gn", PoseGraph),
    quick(G2o, "lm", PoseGraph),
    slow(G2o, "lm-pcg", PoseGraph),
    quick(Gtsam, "gn", PoseGraph),
    quick(Gtsam, "lm", PoseGraph),
    quick(Ceres, "dogleg", PoseGraph),
    slow(Ceres, "lm", PoseGraph),
    quick(Ceres, "lm-wide", PoseGraph),
    quick(Apex, "gn", PoseGraph),
    quick(Apex, "lm", PoseGraph),
    quick(Factrs, "gn", PoseGraph),
    quick(Factrs, "lm", PoseGraph),
    slow(Tiny, "gn", PoseGraph),
    slow(Tiny, "lm", PoseGraph),
    quick(Slam16, "auto", Bundle),
    slow(Slam16, "schur", Bundle),
    slow(Slam16, "cgnr", Bundle),
    slow(Slam16, "schur-pcg", Bundle),
    quick(Ceres, "dense-schur", Bundle),
    quick(Ceres, "dense-schur-analytic", Bundle),
    quick(Ceres, "dense-schur-lapack-analytic", Bundle),
    quick(Ceres, "sparse-schur-analytic", Bundle),
    quick(Ceres, "iterative-schur-explicit-analytic", Bundle),
    slow(Ceres, "sparse-schur", Bundle),
    slow(Ceres, "iterative-schur-explicit", Bundle),
    slow(Ceres, "iterative-schur", Bundle),
    slow(Ceres, "cgnr", Bundle),
    quick(G2o, "lm", Bundle),
    slow(Gtsam, "lm-ceres", Bundle),
    slow(Apex, "explicit-schur", Bundle),
    slow(Apex, "implicit-schur", Bundle),
    slow(Tiny, "lm", Bundle),
];

/// What a driver reports about its optimise call.
#[derive(Debug, Default)]
pub struct Report {
    pub seconds: Option<f64>,
    pub cpu_seconds: Option<f64>,
    pub iterations: Option<u64>,
}

/// Files of one run.
pub struct Paths {
    pub input: PathBuf,
    pub output: PathBuf,
    pub report: PathBuf,
    pub stdout: PathBuf,
}

impl Contestant {
    pub fn name(&self) -> String {
        let program = match self.program {
            Slam16 => "slam16",
            Ceres => "Ceres",
            G2o => "g2o",
            Gtsam => "GTSAM",
            Apex => "apex-solver",
            Factrs => "factrs",
            Tiny => "tiny-solver",
        };
        format!("{program} {}", self.solver)
    }

    /// Whether more than one thread changes anything: GTSAM's wheel is built without TBB.
    pub fn takes_threads(&self) -> bool {
        self.program != Gtsam
    }

    pub fn enters(&self, dataset: &Dataset, options: &Options) -> bool {
        let name = self.name();
        self.kind == dataset.kind
            && !(options.quick && self.slow)
            && (options.only.is_empty() || options.only.iter().any(|w| name.contains(w)))
            && (self.program != Slam16 || options.slam16.is_some())
            // A full Cholesky of all cameras and points does not end in reasonable time there.
            && !(self.program == Tiny && dataset.name == "synth300")
    }

    pub fn command(&self, options: &Options, paths: &Paths, threads: usize) -> Result<Command> {
        let mut command = program(self.program, options)?;
        if self.program == Slam16 {
            command
                .arg("solve")
                .arg(&paths.input)
                .args(["--linear-solver", self.solver])
                .args(["--cost-tolerance", "1e-6", "--max-iterations", "100", "-q"])
                .arg("--threads")
                .arg(threads.to_string())
                .arg("--report")
                .arg(&paths.report)
                .arg("-o")
                .arg(&paths.output)
                .args(&options.slam16_arguments);
        } else {
            command
                .arg("--input")
                .arg(&paths.input)
                .arg("--output")
                .arg(&paths.output)
                .args(["--solver", self.solver, "--threads"])
                .arg(threads.to_string());
        }
        for variable in [
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "RAYON_NUM_THREADS",
        ] {
            command.env(variable, threads.to_string());
        }
        Ok(command)
    }

    pub fn read_report(&self, paths: &Paths) -> Result<Report> {
        let path = match self.program {
            Slam16 => &paths.report,
            _ => &paths.stdout,
        };
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
        let json: Value = serde_json::from_str(&text).map_err(|e| failed(&e))?;
        Ok(if self.program == Slam16 {
            Report {
                seconds: json["seconds"]["total"].as_f64(),
                cpu_seconds: None,
                iterations: json["iterations"].as_array().map(|a| a.len() as u64),
            }
        } else {
            Report {
                seconds: json["seconds"].as_f64(),
                cpu_seconds: json["cpu_seconds"].as_f64(),
                iterations: json["iterations"].as_u64(),
            }
        })
    }
}

fn program(program: Program, options: &Options) -> Result<Command> {
    let build = local().join("build");
    let beside = |name: &str| -> Result<PathBuf> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        Ok(own.with_file_name(name))
    };
    let path = match program {
        Slam16 => options.slam16.clone().unwrap_or_default(),
        Ceres => build.join("ceres/peer_ceres"),
        G2o => build.join("g2o/peer_g2o"),
        Gtsam => local().join("venv/bin/python"),
        Apex => beside("peer_apex")?,
        Factrs => beside("peer_factrs")?,
        Tiny => beside("peer_tiny")?,
    };
    if !path.exists() {
        return Err(format!(
            "{} is missing: run install.sh, and build slam16 for its own rows",
            path.display()
        ));
    }
    let mut command = Command::new(path);
    if program == Gtsam {
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/gtsam_driver.py"));
    }
    Ok(command)
}

/// What each program that takes part says of itself.
pub fn versions(options: &Options, wanted: impl Fn(Program) -> bool) -> Result<Vec<String>> {
    [Slam16, Ceres, G2o, Gtsam, Apex, Factrs, Tiny]
        .into_iter()
        .filter(|&p| wanted(p))
        .map(|p| {
            let mut command = program(p, options)?;
            let output = command
                .arg("--version")
                .output()
                .map_err(|e| e.to_string())?;
            if !output.status.success() {
                return Err(format!(
                    "{p:?} --version: {}",
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
        })
        .collect()
}
