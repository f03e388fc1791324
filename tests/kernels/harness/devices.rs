//! Every adapter, opened once.

use std::sync::OnceLock;

use slam16_gpu::shader::{HalfAccess, Storage};
use slam16_gpu::{AdapterChoice, Gpu, GpuOptions, adapters};

/// `true` where a machine without an adapter is a failure, not a skip.
fn required() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
    set("CI") || set("SLAM16_REQUIRE_GPU")
}

/// All adapters of this machine, opened. None is a failure in continuous
/// integration and a printed skip elsewhere.
pub fn gpus() -> &'static [Gpu] {
    static GPUS: OnceLock<Vec<Gpu>> = OnceLock::new();
    GPUS.get_or_init(|| {
        let found = adapters().0;
        if found.is_empty() {
            assert!(
                !required(),
                "no GPU adapter: install a Vulkan driver (mesa-vulkan-drivers has one in software)"
            );
            eprintln!("skipped: no GPU adapter on this machine");
        }
        (0..found.len())
            .map(|index| {
                Gpu::open(&GpuOptions {
                    adapter: AdapterChoice::index(index),
                    ..GpuOptions::default()
                })
                .unwrap()
            })
            .collect()
    })
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
}
