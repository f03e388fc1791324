//! The full report as text, given beside used.

use std::fmt::{Display, Formatter, Result};

use slam16_problem::{Note, ProblemKind};

use super::Summary;

/// Most notes listed in full; the rest are counted.
const LISTED: usize = 5;

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let problem = &self.problem;
        let kind = match problem.kind {
            ProblemKind::PoseGraph2 => "pose graph in the plane",
            ProblemKind::PoseGraph3 => "pose graph in space",
            ProblemKind::Bundle => "bundle",
        };
        writeln!(
            f,
            "slam16 {}: {kind}, {} variables, {} factors, {} unknowns, {} residuals",
            self.version, problem.variables, problem.factors, problem.dof, problem.residuals
        )?;
        self.choices(f)?;
        self.outcome(f)?;
        self.remarks(f)
    }
}

impl Summary {
    fn choices(&self, f: &mut Formatter<'_>) -> Result {
        let (given, used) = (&self.given, &self.used);
        let row = |f: &mut Formatter<'_>, name: &str, given: &str, used: &str| {
            let line = format!("{name:<15} {given:<21} {used}");
            writeln!(f, "{}", line.trim_end())
        };
        writeln!(f)?;
        row(f, "", "given", "used")?;
        let backend = match (used.adapter.as_str(), used.driver.as_str()) {
            ("", _) => used.backend.clone(),
            (adapter, "") => format!("{} ({adapter})", used.backend),
            (adapter, driver) => format!("{} ({adapter}, {driver})", used.backend),
        };
        row(f, "backend", "", &backend)?;
        let algorithm = given.algorithm.name().name();
        row(f, "algorithm", algorithm, algorithm)?;
        let solver = match used.linear_solver_why.as_str() {
            "" => used.linear_solver.clone(),
            why => format!("{} ({why})", used.linear_solver),
        };
        row(
            f,
            "linear solver",
            &given.linear.solver.to_string(),
            &solver,
        )?;
        row(f, "ordering", given.linear.ordering.name(), &used.ordering)?;
        let roles = &used.precision;
        row(
            f,
            "precision",
            &given.precision.to_string(),
            &[
                ("products", &roles.products),
                ("triangular", &roles.triangular),
                ("vectors", &roles.vectors),
                ("residual", &roles.residual),
                ("update", &roles.update),
            ]
            .into_iter()
            .filter(|(_, scalar)| !scalar.is_empty())
            .map(|(role, scalar)| format!("{role} {scalar}"))
            .collect::<Vec<_>>()
            .join(", "),
        )?;
        row(
            f,
            "threads",
            &given.threads.to_string(),
            &self.threads.to_string(),
        )?;
        for fallback in &used.fallbacks {
            writeln!(
                f,
                "fallback        {} -> {}: {}",
                fallback.from, fallback.to, fallback.why
            )?;
        }
        Ok(())
    }

    fn outcome(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f)?;
        writeln!(
            f,
            "cost            {:.9e} -> {:.9e}",
            self.initial_cost, self.final_cost
        )?;
        if self.robust_cost != self.final_cost || self.initial_robust_cost != self.initial_cost {
            writeln!(
                f,
                "robust cost     {:.9e} -> {:.9e}",
                self.initial_robust_cost, self.robust_cost
            )?;
        }
        if let Some(chi2) = self.g2o_chi2 {
            writeln!(f, "g2o chi2        {chi2:.9e}")?;
        }
        let accepted = self.accepted_steps();
        writeln!(
            f,
            "steps           {accepted} accepted, {} rejected; {} linear iterations, {} factorisations",
            self.iterations.len() - accepted,
            self.linear_iterations(),
            self.used.factorizations
        )?;
        let s = &self.seconds;
        writeln!(
            f,
            "seconds         {:.4} = setup {:.4} + linearize {:.4} + linear solve {:.4} + update {:.4} + other {:.4}",
            s.total,
            s.setup,
            s.linearize,
            s.linear_solve,
            s.update,
            (s.total - s.setup - s.linearize - s.linear_solve - s.update).max(0.0)
        )?;
        if s.io > 0.0 {
            writeln!(f, "input, output   {:.4}", s.io)?;
        }
        write!(f, "memory          {}", mebibytes(self.bytes.host))?;
        if self.bytes.device > 0 {
            write!(
                f,
                ", device {}, {} readbacks",
                mebibytes(self.bytes.device),
                self.readbacks
            )?;
        }
        writeln!(f)?;
        write!(f, "stop            {}", self.stop)
    }

    fn remarks(&self, f: &mut Formatter<'_>) -> Result {
        let what = match self.problem.kind {
            ProblemKind::Bundle => "camera",
            ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => "vertex",
        };
        for note in self.notes.iter().take(LISTED) {
            write!(f, "\nnote            ")?;
            match note {
                Note::GaugeFixed {
                    label,
                    component_size,
                    ..
                } => write!(
                    f,
                    "nothing fixed the gauge of {component_size} variables; {what} {label} is held"
                )?,
                Note::Unconstrained { label, .. } => {
                    write!(f, "no factor touches {what} {label}; it is held")?;
                }
                Note::PointHeld {
                    point,
                    observations,
                } => write!(
                    f,
                    "point {point} has {observations} observations; it is held"
                )?,
            }
        }
        if self.notes.len() > LISTED {
            write!(
                f,
                "\nnote            and {} more",
                self.notes.len() - LISTED
            )?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning         {warning}")?;
        }
        Ok(())
    }
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}
