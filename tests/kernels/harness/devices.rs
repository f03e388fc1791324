//! Every adapter, opened once.

use std::sync::{Mutex, OnceLock};

use log::{LevelFilter, Log, Metadata, Record};

use slam16_gpu::shader::{HalfAccess, Storage};
use slam16_gpu::{AdapterChoice, Gpu, GpuOptions, Rung, adapters};

/// `true` where a machine without an adapter is a failure, not a skip.
fn required() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
    set("CI") || set("SLAM16_REQUIRE_GPU")
}

/// What the driver layers complain about: their validation says it in the log.
struct Complaints(Mutex<Vec<String>>);

static COMPLAINTS: Complaints = Complaints(Mutex::new(Vec::new()));

/// Vulkan's validation layers, and that they are missing.
fn is_complaint(target: &str, text: &str) -> bool {
    target.starts_with("wgpu_hal") && (text.contains("VALIDATION") || text.contains("Validation"))
}

impl Log for Complaints {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let text = record.args().to_string();
        if is_complaint(record.target(), &text) || text.contains("unable to find layer") {
            self.0.lock().unwrap().push(text);
        }
    }

    fn flush(&self) {}
}

/// Fails if the driver layers have complained so far.
pub fn no_complaints() {
    let complaints = COMPLAINTS.0.lock().unwrap();
    let real: Vec<&String> = complaints
        .iter()
        .filter(|text| required() || !text.contains("unable to find layer"))
        .collect();
    assert!(real.is_empty(), "{real:#?}");
}

#[test]
fn complaints_are_seen() {
    let target = "wgpu_hal::vulkan::instance";
    assert!(is_complaint(
        target,
        "VALIDATION [UNASSIGNED-CoreValidation (0x6b)]"
    ));
    assert!(!is_complaint(target, "Instance version: 0x403113"));
    assert!(!is_complaint("slam16_gpu", "VALIDATION"));
}

/// All adapters of this machine, opened. None is a failure in continuous
/// integration and a printed skip elsewhere.
pub fn gpus() -> &'static [Gpu] {
    static GPUS: OnceLock<Vec<Gpu>> = OnceLock::new();
    GPUS.get_or_init(|| {
        // Another logger would only be one that a test has set.
        if log::set_logger(&COMPLAINTS).is_ok() {
            log::set_max_level(LevelFilter::Warn);
        }
        let found = adapters().0;
        if found.is_empty() {
            assert!(
                !required(),
                "no GPU adapter: install a Vulkan driver (mesa-vulkan-drivers has one in software)"
            );
            eprintln!("skipped: no GPU adapter on this machine");
        }
        (0..found.len()).map(|index| open(index, &[])).collect()
    })
}

/// An adapter opened anew, less some rungs.
pub fn open(index: usize, forbid: &[Rung]) -> Gpu {
    Gpu::open(&GpuOptions {
        adapter: AdapterChoice::index(index),
        forbid: forbid.to_vec(),
        ..GpuOptions::default()
    })
    .unwrap()
}

/// The ways of keeping blocks that an adapter offers.
pub fn storages(gpu: &Gpu) -> Vec<Storage> {
    let capabilities = gpu.capabilities();
    Storage::ALL
        .into_iter()
        .filter(|storage| match storage {
            Storage::Half(HalfAccess::Native) => capabilities.native_half,
            Storage::Half(HalfAccess::Packed) => capabilities.unpack_half,
            _ => true,
        })
        .collect()
}

/// Runs a check on every adapter and storage.
pub fn for_each(check: impl Fn(&Gpu, Storage)) {
    for gpu in gpus() {
        for storage in storages(gpu) {
            check(gpu, storage);
        }
    }
    no_complaints();
}
