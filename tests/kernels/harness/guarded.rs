//! Output buffers that show what was not written and what was written beside.

use bytemuck::Pod;
use slam16_gpu::{Buffer, Gpu};

/// A NaN that no arithmetic makes.
pub const POISON: u32 = 0x7fc0_dead;
/// Words behind the output that nobody may touch.
const GUARD: usize = 64;

/// An output of `len` words, poisoned, with a guard behind it.
pub struct Guarded<T = f32> {
    pub buffer: Buffer<T>,
    len: usize,
}

fn poison<T: Pod>() -> T {
    bytemuck::cast(POISON)
}

impl<T: Pod> Guarded<T> {
    pub fn new(gpu: &Gpu, len: usize) -> Self {
        Self::with(gpu, &vec![poison(); len])
    }

    /// With contents of its own, for outputs that are read as well.
    pub fn with(gpu: &Gpu, values: &[T]) -> Self {
        let mut all = values.to_vec();
        all.resize(values.len() + GUARD, poison());
        Self {
            buffer: gpu.storage_from("output", &all).unwrap(),
            len: values.len(),
        }
    }

    /// The output, if all of it and nothing beside it was written.
    pub fn check(&self, gpu: &Gpu) -> Result<Vec<T>, String> {
        let poisoned = |v: &T| bytemuck::cast::<T, u32>(*v) == POISON;
        let mut all = gpu.read(&self.buffer).map_err(|e| e.to_string())?;
        let guard = all.split_off(self.len);
        if !guard.iter().all(poisoned) {
            return Err("wrote beside its output".to_owned());
        }
        match all.iter().position(poisoned) {
            Some(i) => Err(format!("left {i} unwritten")),
            None => Ok(all),
        }
    }

    pub fn values(&self, gpu: &Gpu) -> Vec<T> {
        self.check(gpu)
            .unwrap_or_else(|e| panic!("{}: {e}", gpu.adapter()))
    }
}

#[test]
fn the_guard_sees_gaps_and_strays() {
    for gpu in super::gpus() {
        let output = Guarded::new(gpu, 3);
        assert!(output.check(gpu).unwrap_err().contains("left 0"));
        gpu.write(&output.buffer, 0, &[1.0, 2.0]).unwrap();
        assert!(output.check(gpu).unwrap_err().contains("left 2"));
        gpu.write(&output.buffer, 2, &[3.0]).unwrap();
        assert_eq!(output.check(gpu).unwrap(), [1.0, 2.0, 3.0]);
        gpu.write(&output.buffer, 3, &[4.0_f32]).unwrap();
        assert!(output.check(gpu).unwrap_err().contains("beside"));
    }
}
