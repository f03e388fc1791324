//! `slam16 adapters`: the GPUs of this machine, and what they are good for.

use serde::Serialize;
use slam16::gpu::{
    AdapterChoice, AdapterSummary, Capabilities, DeviceError, Gpu, GpuOptions, Verdict, adapters,
};
use slam16::problem::ProblemKind;
use slam16::solver::Precision;

use crate::args::AdaptersArgs;
use crate::failure::{Failure, Status};
use crate::format::{Rows, bytes};
use crate::terminal::print;

#[derive(Serialize)]
struct Found {
    index: usize,
    name: String,
    backend: String,
    driver: String,
    vendor: u32,
    device: u32,
    capabilities: Capabilities,
    canary: Vec<Tried>,
    /// Rung by precision, or why there is none.
    rungs: Vec<(String, String)>,
    /// Why it does not open.
    error: Option<String>,
}

#[derive(Serialize)]
struct Tried {
    rung: String,
    sound: bool,
    remark: String,
}

impl Found {
    fn new(index: usize, summary: &AdapterSummary, opened: Result<Gpu, DeviceError>) -> Self {
        let mut found = Self {
            index,
            name: summary.name.clone(),
            backend: summary.api.to_string(),
            driver: summary.driver.clone(),
            vendor: summary.vendor,
            device: summary.device,
            capabilities: summary.capabilities.clone(),
            canary: Vec::new(),
            rungs: Vec::new(),
            error: None,
        };
        match opened {
            Ok(gpu) => found.try_out(&gpu),
            Err(error) => found.error = Some(error.to_string()),
        }
        found
    }

    fn try_out(&mut self, gpu: &Gpu) {
        let verdicts = gpu.canary().verdicts.iter();
        self.canary = verdicts
            .map(|(rung, verdict)| {
                let (sound, remark) = match verdict {
                    Verdict::Sound { flushes: false } => (true, String::new()),
                    Verdict::Sound { flushes: true } => {
                        (true, "numbers below 6e-5 become zero".to_owned())
                    }
                    Verdict::Wrong { what } => (false, what.clone()),
                };
                Tried {
                    rung: rung.to_string(),
                    sound,
                    remark,
                }
            })
            .collect();
        for precision in [Precision::Mixed, Precision::F32, Precision::NaiveHalf] {
            let rung = match gpu.plan(precision.roles(ProblemKind::Bundle)) {
                Ok(plan) => plan.rung.to_string(),
                Err(error) => error.to_string(),
            };
            self.rungs.push((precision.to_string(), rung));
        }
    }

    fn table(&self) -> String {
        let mut rows = Rows::default();
        rows.line(&format!(
            "[{}] {} ({})",
            self.index, self.name, self.backend
        ));
        rows.row("driver", &self.driver);
        let c = &self.capabilities;
        let kind = match (c.software, c.discrete) {
            (true, _) => "software: slower than the CPU backend, for tests",
            (_, true) => "discrete",
            _ => "integrated",
        };
        rows.row("kind", kind);
        let named = |has: bool, name: &'static str| has.then_some(name);
        let features: Vec<&str> = [
            named(c.native_half, "16-bit floats"),
            named(c.unpack_half, "unpacking of halves"),
            named(c.timestamps, "timestamps"),
            named(c.pipeline_cache, "pipeline cache"),
        ]
        .into_iter()
        .flatten()
        .collect();
        rows.row("offers", features.join(", "));
        rows.row(
            "limits",
            format_args!(
                "{} a buffer, {} of workgroup memory, {} lanes a workgroup",
                bytes(c.binding_bytes.min(c.buffer_bytes) as usize),
                bytes(c.workgroup_bytes as usize),
                c.workgroup_size
            ),
        );
        for tried in &self.canary {
            let verdict = match (tried.sound, tried.remark.as_str()) {
                (true, "") => "sound".to_owned(),
                (true, remark) => format!("sound; {remark}"),
                (false, remark) => format!("not used: {remark}"),
            };
            rows.row("canary", format_args!("{}: {verdict}", tried.rung));
        }
        for (precision, rung) in &self.rungs {
            rows.row("rung", format_args!("{precision}: {rung}"));
        }
        if let Some(error) = &self.error {
            rows.row("error", error);
        }
        rows.finish()
    }
}

pub fn run(args: &AdaptersArgs) -> Result<Status, Failure> {
    let list = adapters().0;
    let found: Vec<Found> = list
        .iter()
        .enumerate()
        .map(|(index, summary)| {
            let opened = Gpu::open(&GpuOptions {
                adapter: AdapterChoice::index(index),
                ..GpuOptions::default()
            });
            Found::new(index, summary, opened)
        })
        .collect();
    let text = if args.json {
        let json =
            serde_json::to_string_pretty(&found).map_err(|e| Failure::usage(e.to_string()))?;
        format!("{json}\n")
    } else if found.is_empty() {
        "no GPU adapter: install a Vulkan driver, or use the CPU backend\n".to_owned()
    } else {
        let tables: Vec<String> = found.iter().map(Found::table).collect();
        tables.join("\n")
    };
    print(&text)?;
    Ok(Status::Done)
}
