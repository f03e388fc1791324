//! Devices: choice, the ladder, errors, counters.

use slam16::solver::{Roles, ScalarType};
use slam16_gpu::kernels::NONE;
use slam16_gpu::kernels::axpby::{Axpby, AxpbyParams};
use slam16_gpu::shader::Storage;
use slam16_gpu::{AdapterChoice, DeviceError, Gpu, GpuOptions, Rung, adapters};

use crate::harness::{gpus, open};

fn mixed() -> Roles {
    Roles {
        products: ScalarType::F16,
        ..Roles::uniform(ScalarType::F32)
    }
}

#[test]
fn an_unknown_adapter_is_told_which_there_are() {
    let options = GpuOptions {
        adapter: "no such adapter".parse().unwrap(),
        ..GpuOptions::default()
    };
    let error = Gpu::open(&options).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DeviceError::NoAdapter { .. }), "{text}");
    for adapter in &adapters().0 {
        assert!(text.contains(&adapter.name), "{text}");
    }
}

/// Forbidding rung after rung walks the ladder down to the CPU and off it.
#[test]
fn forbidden_rungs_are_not_taken() {
    for index in 0..gpus().len() {
        let mut forbid = Vec::new();
        let mut last = None;
        loop {
            let gpu = open(index, &forbid);
            match gpu.plan(mixed()) {
                Ok(plan) => {
                    assert!(!forbid.contains(&plan.rung));
                    assert!(last < Some(plan.rung));
                    last = Some(plan.rung);
                    forbid.push(plan.rung);
                }
                Err(error) => {
                    assert!(matches!(error, DeviceError::NoPlan { .. }));
                    assert_eq!(last, Some(Rung::Cpu));
                    break;
                }
            }
        }
        assert!(forbid.ends_with(&[Rung::IntegerHalf, Rung::Single, Rung::Cpu]));
    }
}

#[test]
fn a_buffer_beyond_the_limit_is_an_error() {
    for gpu in gpus() {
        let limit = gpu.capabilities().binding_bytes;
        let error = gpu
            .storage::<u32>("big", limit as usize / 4 + 1)
            .unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, DeviceError::TooLarge { .. }), "{text}");
        assert!(text.contains("big") && text.contains(&limit.to_string()));
    }
}

#[test]
fn an_empty_buffer_reads_as_nothing() {
    for gpu in gpus() {
        let empty = gpu.storage::<f32>("empty", 0).unwrap();
        assert_eq!(gpu.read(&empty).unwrap(), [0.0; 0]);
    }
}

#[test]
fn writing_beyond_a_buffer_is_an_error() {
    for gpu in gpus() {
        let buffer = gpu.storage::<f32>("small", 2).unwrap();
        let error = gpu.write(&buffer, 1, &[1.0, 2.0, 3.0]).unwrap_err();
        assert!(matches!(error, DeviceError::Invalid { .. }), "{error}");
        gpu.write(&buffer, 1, &[1.0]).unwrap();
        assert_eq!(gpu.read(&buffer).unwrap(), [0.0, 1.0]);
    }
}

/// One buffer both read and written in a dispatch is refused, not run.
#[test]
fn a_bad_recording_is_an_error() {
    for gpu in gpus() {
        let y = gpu.storage::<f32>("y", 4).unwrap();
        let params = AxpbyParams {
            count: 4,
            alpha_slot: NONE,
            beta_slot: NONE,
            alpha: 1.0,
            beta: 1.0,
        };
        let launch = Axpby {
            scalars: &gpu.storage("scalars", 1).unwrap(),
            x: &y,
            y: &y,
            params: &gpu.uniform("params", &params).unwrap(),
            count: 4,
        }
        .launch(gpu, Storage::Single);
        let error = launch.and_then(|launch| {
            let mut recorder = gpu.record("bad")?;
            recorder.run(&launch);
            recorder.submit()?.finish()
        });
        assert!(
            matches!(error, Err(DeviceError::Invalid { .. })),
            "{error:?}"
        );
        assert_eq!(gpu.read(&y).unwrap(), [0.0; 4]);
    }
}

#[test]
fn a_closed_device_says_that_it_is_lost() {
    for index in 0..gpus().len() {
        let gpu = open(index, &[]);
        let buffer = gpu.storage_from("x", &[1.0_f32]).unwrap();
        gpu.close();
        for error in [
            gpu.read(&buffer).unwrap_err(),
            gpu.storage::<f32>("y", 1).unwrap_err(),
            gpu.write(&buffer, 0, &[2.0]).unwrap_err(),
        ] {
            assert!(matches!(error, DeviceError::Lost { .. }), "{error}");
        }
    }
}

#[test]
fn what_is_done_is_counted() {
    for index in 0..gpus().len() {
        let gpu = open(index, &[]);
        let before = gpu.counters();
        let x = gpu.storage_from("x", &[1.0_f32; 100]).unwrap();
        assert_eq!(gpu.counters().bytes, before.bytes + 400);
        let named = |gpu: &Gpu| gpu.memory().into_iter().find(|b| b.name == "x");
        assert_eq!(named(&gpu).unwrap().bytes, 400);
        let mut recorder = gpu.record("nothing").unwrap();
        let reading = recorder.read(&x, 10..12);
        let first = recorder.submit().unwrap();
        assert_eq!(gpu.counters().readbacks, before.readbacks);
        let sum = first.wait(|data| data.get(&reading).iter().sum::<f32>());
        assert_eq!(sum, Ok(2.0));
        let after = gpu.counters();
        assert_eq!(after.submissions, before.submissions + 1);
        assert_eq!(after.readbacks, before.readbacks + 1);
        // The staging buffer is used again.
        gpu.read(&x).unwrap();
        let buffers = gpu.counters().buffers;
        gpu.read(&x).unwrap();
        assert_eq!(gpu.counters().buffers, buffers);
        drop(x);
        assert_eq!(gpu.counters().bytes, before.bytes);
        assert_eq!(named(&gpu), None);
    }
}

#[test]
fn compiled_pipelines_are_kept_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..gpus().len() {
        let options = GpuOptions {
            adapter: AdapterChoice::index(index),
            cache: Some(folder.path().to_owned()),
            ..GpuOptions::default()
        };
        let gpu = Gpu::open(&options).unwrap();
        let written = gpu.save_pipelines().unwrap();
        assert_eq!(written > 0, gpu.capabilities().pipeline_cache);
        // A damaged file is ignored.
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::write(entry.unwrap().path(), b"not a cache").unwrap();
        }
        let again = Gpu::open(&options).unwrap();
        assert_eq!(again.save_pipelines().unwrap() > 0, written > 0);
    }
}

/// One thread may poll the device for another and be slow to say so.
#[test]
fn threads_may_share_a_device() {
    for gpu in gpus() {
        std::thread::scope(|scope| {
            for thread in 0..6_u32 {
                scope.spawn(move || {
                    for round in 0..150 {
                        let buffer = gpu.storage_from("shared", &[thread, round]).unwrap();
                        assert_eq!(gpu.read(&buffer).unwrap(), [thread, round]);
                    }
                });
            }
        });
    }
}
