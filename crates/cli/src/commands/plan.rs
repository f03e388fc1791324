//! `slam16 plan`: what a solve would take.

use std::path::Path;

use serde::Serialize;
use slam16::Plan;
use slam16::io;

use super::configure;
use crate::args::PlanArgs;
use crate::failure::{Failure, Status};
use crate::format::{Rows, bytes, describe, large, notes};
use crate::terminal::print;

#[derive(Serialize)]
struct Planned<'p> {
    file: &'p Path,
    #[serde(flatten)]
    plan: &'p Plan,
}

pub fn run(args: &PlanArgs) -> Result<Status, Failure> {
    let device = configure::device(&args.tuning)?;
    for (k, file) in args.files.iter().enumerate() {
        let mut loaded = io::read(file, &args.read.options())?;
        let options = configure::options(&loaded, &args.tuning)?;
        let plan = slam16::plan_any(&mut loaded.problem, &options, &device)?;
        let text = if args.json {
            let planned = Planned { file, plan: &plan };
            let json = serde_json::to_string_pretty(&planned)
                .map_err(|e| Failure::usage(e.to_string()))?;
            format!("{json}\n")
        } else {
            let gap = if k == 0 { "" } else { "\n" };
            let about = describe(&loaded.problem);
            format!("{gap}{}: {about}\n{}", file.display(), table(&plan))
        };
        print(&text)?;
    }
    Ok(Status::Done)
}

fn table(plan: &Plan) -> String {
    let mut rows = Rows::default();
    let p = &plan.problem;
    rows.row(
        "size",
        format_args!(
            "{} variables, {} factors, {} residuals, {} free unknowns",
            p.variables, p.factors, p.residuals, p.dof
        ),
    );
    rows.row("backend", &plan.backend);
    let why = match plan.linear_solver_why.as_str() {
        "" => String::new(),
        why => format!(" ({why})"),
    };
    rows.row("linear solver", format_args!("{}{why}", plan.linear_solver));
    if !plan.ordering.is_empty() {
        rows.row("ordering", &plan.ordering);
    }
    let roles = &plan.precision;
    rows.row(
        "precision",
        format_args!(
            "products {}, triangular {}, vectors {}, residual {}, update {}",
            roles.products, roles.triangular, roles.vectors, roles.residual, roles.update
        ),
    );
    if let Some(factor) = &plan.factor {
        rows.row(
            "factor",
            format_args!(
                "{} nonzeros, {}flop each time, {} fronts, the largest {} wide",
                factor.nonzeros,
                large(factor.flops),
                factor.fronts,
                factor.largest_front
            ),
        );
    }
    rows.row(
        "memory",
        format_args!("{} beside the problem itself", bytes(plan.host_bytes)),
    );
    if plan.device_bytes > 0 {
        rows.row("device", format_args!("{} on it", bytes(plan.device_bytes)));
        for buffer in &plan.device_buffers {
            let size = bytes(buffer.bytes as usize);
            rows.row(
                "buffer",
                format_args!("{size} {} ({})", buffer.name, buffer.count),
            );
        }
    }
    rows.row("threads", plan.threads);
    for fallback in &plan.fallbacks {
        let (from, to, why) = (&fallback.from, &fallback.to, &fallback.why);
        rows.row("fallback", format_args!("{from} -> {to}: {why}"));
    }
    for note in notes(&plan.notes, plan.problem.kind) {
        rows.row("note", note);
    }
    rows.finish()
}
