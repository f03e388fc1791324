//! A start-up trial of 16-bit conversions and arithmetic.
//!
//! Drivers in the field have broken 16-bit arithmetic. Each way of reading
//! f16 is given known bit patterns, and is used only when it gives back what
//! IEEE says.

use half::f16;

use super::{Capabilities, Gpu};
use crate::kernels::canary::{Canary, CanaryParams};
use crate::shader::{HalfAccess, Storage};
use crate::{DeviceError, Rung};

/// What the canary found for one way of reading f16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All as IEEE says; `flushes` where numbers below 2⁻¹⁴ become zero,
    /// which is allowed.
    Sound {
        /// Denormals become zero.
        flushes: bool,
    },
    /// Some result is wrong.
    Wrong {
        /// Which, and what it was.
        what: String,
    },
}

/// What the canary found, for each way the adapter offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CanaryReport {
    /// Rung and verdict, best rung first.
    pub verdicts: Vec<(Rung, Verdict)>,
}

impl CanaryReport {
    /// Switches off what was found wrong.
    pub(super) fn apply(&self, capabilities: &mut Capabilities) {
        for (rung, verdict) in &self.verdicts {
            if let Verdict::Wrong { what } = verdict {
                log::warn!("{rung} is not used: {what}");
                match rung {
                    Rung::NativeHalf => capabilities.native_half = false,
                    Rung::PackedHalf => capabilities.unpack_half = false,
                    _ => {}
                }
            }
        }
    }

    /// The rungs that options forbid, and those found wrong: integer
    /// operations are no capability that could be switched off.
    pub(super) fn forbid(&self, asked: &[Rung]) -> Vec<Rung> {
        let wrong = |(rung, verdict): &(Rung, Verdict)| {
            let found = matches!(verdict, Verdict::Wrong { .. }) && !asked.contains(rung);
            found.then_some(*rung)
        };
        let wrong = self.verdicts.iter().filter_map(wrong);
        asked.iter().copied().chain(wrong).collect()
    }
}

/// Halves that conversions get wrong: zeros, ones, denormals, the largest
/// finite number, and a spread of exponents and mantissas.
pub(crate) fn patterns() -> Vec<u16> {
    let mut bits = vec![
        0x0000, 0x8000, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x0400, 0x8400, 0x0001, 0x8001, 0x03ff,
        0x83ff, 0x0200, 0x3555, 0xb555, 0x3bff,
    ];
    bits.extend((0..48_u16).map(|k| {
        let exponent = 1 + (k * 7) % 29;
        (k & 1) << 15 | exponent << 10 | (k * 0x155 + 3) & 0x3ff
    }));
    bits
}

/// Floats whose rounding to half is easily wrong: ties, denormal results, the
/// largest that does not overflow.
pub(crate) fn floats() -> Vec<f32> {
    let mut values = vec![
        0.0,
        -0.0,
        1.0,
        1.0 + 0.5 / 1024.0,
        1.0 + 1.5 / 1024.0,
        1.0 + 0.5 / 1024.0 + 1e-6,
        65504.0,
        65519.0,
        -65504.0,
        6.1e-5,
        5.9e-5,
        -5.96e-8,
        1e-12,
        0.333_333_34,
    ];
    values.extend((0..50).map(|k| {
        let size = 2.0_f32.powi(k % 25 - 12);
        (1.0 + (k as f32 * 0.37).fract()) * if k % 2 == 0 { size } else { -size }
    }));
    values
}

pub(super) fn run(gpu: &Gpu) -> Result<CanaryReport, DeviceError> {
    let capabilities = gpu.capabilities();
    let mut verdicts = Vec::new();
    for (offered, access, rung) in [
        (
            capabilities.native_half,
            HalfAccess::Native,
            Rung::NativeHalf,
        ),
        (
            capabilities.unpack_half,
            HalfAccess::Packed,
            Rung::PackedHalf,
        ),
        (true, HalfAccess::Integer, Rung::IntegerHalf),
    ] {
        if offered && !gpu.inner.forbid.contains(&rung) {
            let verdict = match try_access(gpu, access) {
                Ok(verdict) => verdict,
                Err(DeviceError::Shader { reason, .. }) => Verdict::Wrong { what: reason },
                Err(other) => return Err(other),
            };
            verdicts.push((rung, verdict));
        }
    }
    Ok(CanaryReport { verdicts })
}

fn try_access(gpu: &Gpu, access: HalfAccess) -> Result<Verdict, DeviceError> {
    let halves = patterns();
    let floats = floats();
    let pairs = halves.len() / 2;
    let halves_in = gpu.storage_from(
        "canary halves",
        &bytemuck::pod_collect_to_vec::<u16, u32>(&halves),
    )?;
    let floats_in = gpu.storage_from("canary floats", &floats)?;
    let widened = gpu.storage::<f32>("canary widened", 2 * pairs)?;
    let rounded = gpu.storage::<u32>("canary rounded", pairs)?;
    let sums = gpu.storage::<u32>("canary sums", pairs)?;
    let products = gpu.storage::<u32>("canary products", pairs)?;
    let params = gpu.uniform(
        "canary",
        &CanaryParams {
            pairs: pairs as u32,
        },
    )?;
    let launch = Canary {
        halves: &halves_in,
        floats: &floats_in,
        widened: &widened,
        rounded: &rounded,
        sums: &sums,
        products: &products,
        params: &params,
        pairs,
    }
    .launch(gpu, Storage::Half(access))?;
    let mut recorder = gpu.record("canary")?;
    recorder.run(&launch);
    let reads = (
        recorder.read(&widened, 0..2 * pairs),
        recorder.read(&rounded, 0..pairs),
        recorder.read(&sums, 0..pairs),
        recorder.read(&products, 0..pairs),
    );
    let submission = recorder.submit()?;
    submission.wait(|data| {
        let as_halves = |words: &[u32]| -> Vec<u16> { bytemuck::cast_slice(words).to_vec() };
        judge(&Results {
            halves: &halves,
            floats: &floats,
            widened: data.get(&reads.0),
            rounded: &as_halves(data.get(&reads.1)),
            sums: &as_halves(data.get(&reads.2)),
            products: &as_halves(data.get(&reads.3)),
        })
    })
}

struct Results<'a> {
    halves: &'a [u16],
    floats: &'a [f32],
    widened: &'a [f32],
    rounded: &'a [u16],
    sums: &'a [u16],
    products: &'a [u16],
}

/// Compares with IEEE; a denormal may be zero instead.
fn judge(results: &Results<'_>) -> Verdict {
    let mut flushes = false;
    let mut wrong = None;
    let mut compare = |what: &str, from: String, got: f32, want: f32| {
        let denormal = want != 0.0 && want.abs() < 2.0_f32.powi(-14);
        if got.to_bits() == want.to_bits() || (got == 0.0 && want == 0.0) {
        } else if denormal && got == 0.0 {
            flushes = true;
        } else if wrong.is_none() {
            wrong = Some(format!("{what} of {from} gives {got:e}, not {want:e}"));
        }
    };
    let halves = results.halves;
    for (k, bits) in halves.iter().enumerate() {
        let a = f16::from_bits(*bits);
        // Pairs are combined with the next pair.
        let b = f16::from_bits(halves[(k + 2) % halves.len()]);
        compare("widening", a.to_string(), results.widened[k], a.to_f32());
        let float = results.floats[k];
        let got = f16::from_bits(results.rounded[k]).to_f32();
        compare(
            "rounding",
            float.to_string(),
            got,
            f16::from_f32(float).to_f32(),
        );
        for (what, got, want) in [
            ("the sum", results.sums[k], a.to_f32() + b.to_f32()),
            ("the product", results.products[k], a.to_f32() * b.to_f32()),
        ] {
            let want = f16::from_f32(want).to_f32();
            // Overflow may round either way.
            if want.is_finite() {
                let got = f16::from_bits(got).to_f32();
                compare(what, format!("{a} and {b}"), got, want);
            }
        }
    }
    wrong.map_or(Verdict::Sound { flushes }, |what| Verdict::Wrong { what })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slam16_solver::{Roles, ScalarType};

    use super::*;
    use crate::Plan;

    fn verdict(spoil: impl FnOnce(&mut Vec<f32>, &mut Vec<u16>, &mut Vec<u16>)) -> Verdict {
        let (halves, floats) = (patterns(), floats());
        let n = halves.len();
        let mut widened: Vec<f32> = halves.iter().map(|h| f16::from_bits(*h).to_f32()).collect();
        let mut rounded: Vec<u16> = floats.iter().map(|v| f16::from_f32(*v).to_bits()).collect();
        let with_partner = |op: fn(f32, f32) -> f32| -> Vec<u16> {
            let value = |k: usize| f16::from_bits(halves[k % n]).to_f32();
            let op = |k| f16::from_f32(op(value(k), value(k + 2))).to_bits();
            (0..n).map(op).collect()
        };
        let (sums, mut products) = (with_partner(|a, b| a + b), with_partner(|a, b| a * b));
        spoil(&mut widened, &mut rounded, &mut products);
        judge(&Results {
            halves: &halves,
            floats: &floats,
            widened: &widened,
            rounded: &rounded,
            sums: &sums,
            products: &products,
        })
    }

    #[test]
    fn the_canary_judges() {
        assert_eq!(patterns().len(), 64);
        assert_eq!(floats().len(), 64);
        assert_eq!(verdict(|_, _, _| {}), Verdict::Sound { flushes: false });
        let flushed = verdict(|widened, _, _| {
            for v in widened {
                if v.abs() < 2.0_f32.powi(-14) {
                    *v = 0.0;
                }
            }
        });
        assert_eq!(flushed, Verdict::Sound { flushes: true });
        for k in [2, 20, 63] {
            assert!(matches!(
                verdict(|w, _, _| w[k] *= 1.001),
                Verdict::Wrong { .. }
            ));
            assert!(matches!(
                verdict(|_, r, _| r[k] ^= 1),
                Verdict::Wrong { .. }
            ));
        }
        assert!(matches!(
            verdict(|_, _, p| p.fill(0)),
            Verdict::Wrong { .. }
        ));
        assert!(matches!(
            verdict(|w, _, _| w.fill(f32::NAN)),
            Verdict::Wrong { .. }
        ));
    }

    #[test]
    fn a_wrong_rung_is_dropped() {
        let mut capabilities = Capabilities {
            native_half: true,
            unpack_half: true,
            ..Capabilities::default()
        };
        let what = "it".to_owned();
        let report = CanaryReport {
            verdicts: vec![
                (Rung::NativeHalf, Verdict::Wrong { what }),
                (Rung::PackedHalf, Verdict::Sound { flushes: false }),
            ],
        };
        report.apply(&mut capabilities);
        assert!(!capabilities.native_half && capabilities.unpack_half);
    }

    /// With integer operations broken too, nothing half is left.
    #[test]
    fn a_plan_takes_no_wrong_rung() {
        let half = Roles {
            products: ScalarType::F16,
            ..Roles::uniform(ScalarType::F32)
        };
        let plan = |verdict: Verdict| {
            let report = CanaryReport {
                verdicts: vec![(Rung::IntegerHalf, verdict)],
            };
            let mut capabilities = Capabilities {
                unpack_half: true,
                ..Capabilities::default()
            };
            report.apply(&mut capabilities);
            let forbid = report.forbid(&[Rung::PackedHalf]);
            Plan::choose(&capabilities, half, &forbid).unwrap()
        };
        let sound = plan(Verdict::Sound { flushes: false });
        assert_eq!((sound.rung, sound.fallbacks.len()), (Rung::IntegerHalf, 0));
        let what = "it".to_owned();
        let wrong = plan(Verdict::Wrong { what });
        assert_eq!(wrong.rung, Rung::Single);
        let why = &wrong.fallbacks[0].why;
        assert!(why.ends_with("packed-half, integer-half"), "{why}");
    }
}
