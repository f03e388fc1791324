//! Output buffers that show what was not written and what was written beside.

use slam16_gpu::{Buffer, Gpu};

/// A NaN that no arithmetic makes.
const POISON: u32 = 0x7fc0_dead;
/// Words behind the output that nobody may touch.
const GUARD: usize = 64;

/// An output of `len` numbers, poisoned, with a guard behind it.
pub struct Guarded {
    pub buffer: Buffer<f32>,
    len: usize,
}

impl Guarded {
    pub fn new(gpu: &Gpu, len: usize) -> Self {
        Self::with(gpu, &vec![f32::from_bits(POISON); len])
    }

    /// With contents of its own, for outputs that are read as well.
    pub fn with(gpu: &Gpu, values: &[f32]) -> Self {
        let mut all = values.to_vec();
        all.resize(values.len() + GUARD, f32::from_bits(POISON));
        Self {
            buffer: gpu.storage_from("output", &all).unwrap(),
            len: values.len(),
        }
    }

    /// The output, if all of it and nothing beside it was written.
    pub fn check(&self, gpu: &Gpu) -> Result<Vec<f32>, String> {
        let mut all = gpu.read(&self.buffer).map_err(|e| e.to_string())?;
        let guard = all.split_off(self.len);
        if guard.iter().any(|v| v.to_bits() != POISON) {
            return Err("wrote beside its output".to_owned());
        }
        match all.iter().position(|v| v.to_bits() == POISON) {
            Some(i) => Err(format!("left {i} unwritten")),
            None => Ok(all),
        }
    }

    pub fn values(&self, gpu: &Gpu) -> Vec<f32> {
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
        gpu.write(&output.buffer, 3, &[4.0]).unwrap();
        assert!(output.check(gpu).unwrap_err().contains("beside"));
    }
}
