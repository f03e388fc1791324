//! The ladder: how a precision runs on an adapter.

use slam16_solver::{Fallback, Roles, ScalarType};

use crate::DeviceError;
use crate::device::Capabilities;
use crate::shader::{HalfAccess, Storage};

/// A way to run, best first. Half storage has the same bytes and gives the
/// same bits on the first three: they differ in how a kernel reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// 16-bit floats, read as such.
    NativeHalf,
    /// 32-bit words, read by `unpack2x16float`.
    PackedHalf,
    /// 32-bit words, decoded by integer operations.
    IntegerHalf,
    /// No half storage: f32 in its place.
    Single,
    /// Not on this device.
    Cpu,
}

impl Rung {
    /// From the best down.
    pub const ALL: [Self; 5] = [
        Self::NativeHalf,
        Self::PackedHalf,
        Self::IntegerHalf,
        Self::Single,
        Self::Cpu,
    ];

    /// How blocks are kept and read on this rung; `None` for the CPU.
    pub fn storage(self) -> Option<Storage> {
        match self {
            Self::NativeHalf => Some(Storage::Half(HalfAccess::Native)),
            Self::PackedHalf => Some(Storage::Half(HalfAccess::Packed)),
            Self::IntegerHalf => Some(Storage::Half(HalfAccess::Integer)),
            Self::Single => Some(Storage::Single),
            Self::Cpu => None,
        }
    }

    fn offered(self, capabilities: &Capabilities) -> bool {
        match self {
            Self::NativeHalf => capabilities.native_half,
            Self::PackedHalf => capabilities.unpack_half,
            Self::IntegerHalf | Self::Single | Self::Cpu => true,
        }
    }
}

impl std::fmt::Display for Rung {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::NativeHalf => "native-half",
            Self::PackedHalf => "packed-half",
            Self::IntegerHalf => "integer-half",
            Self::Single => "single",
            Self::Cpu => "cpu",
        })
    }
}

/// How the roles of a linear solve run on a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The rung taken.
    pub rung: Rung,
    /// What was wanted and could not be had.
    pub fallbacks: Vec<Fallback>,
}

impl Plan {
    /// The best rung that the capabilities offer and `forbid` leaves, for
    /// these roles; `forbid` has what the canary found broken as well. A function of its arguments alone.
    ///
    /// Roles without f16 begin at [`Rung::Single`]. Roles with f64 products or
    /// vectors go to the CPU. That a lower rung than wanted is taken changes
    /// precision only at [`Rung::Single`] and below, and is then recorded.
    ///
    /// # Errors
    /// [`DeviceError::NoPlan`] when no rung is left.
    pub fn choose(
        capabilities: &Capabilities,
        roles: Roles,
        forbid: &[Rung],
    ) -> Result<Self, DeviceError> {
        let wide = [roles.products, roles.vectors].contains(&ScalarType::F64);
        let half = roles.any_half();
        let first = match (wide, half) {
            (true, _) => Rung::Cpu,
            (false, true) => Rung::NativeHalf,
            (false, false) => Rung::Single,
        };
        let why = || format!("forbidden or found broken: {}", names(forbid));
        let rung = Rung::ALL
            .into_iter()
            .filter(|rung| *rung >= first)
            .find(|rung| rung.offered(capabilities) && !forbid.contains(rung))
            .ok_or_else(|| DeviceError::NoPlan {
                precision: format!("{roles:?}"),
                reason: why(),
            })?;
        let lost = match rung {
            Rung::Single => half,
            Rung::Cpu => !wide,
            _ => false,
        };
        let fallbacks = lost.then(|| Fallback {
            from: if half {
                "f16 on the device"
            } else {
                "f32 on the device"
            }
            .to_owned(),
            to: rung.to_string(),
            why: why(),
        });
        Ok(Self {
            rung,
            fallbacks: fallbacks.into_iter().collect(),
        })
    }
}

fn names(rungs: &[Rung]) -> String {
    if rungs.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = rungs.iter().map(Rung::to_string).collect();
    names.join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn capabilities(native_half: bool, unpack_half: bool) -> Capabilities {
        Capabilities {
            native_half,
            unpack_half,
            ..Capabilities::default()
        }
    }

    #[test]
    fn the_table() {
        use Rung::{Cpu, IntegerHalf, NativeHalf, PackedHalf, Single};
        let mixed = Roles {
            products: ScalarType::F16,
            ..Roles::uniform(ScalarType::F32)
        };
        let single = Roles::uniform(ScalarType::F32);
        let naive = Roles::uniform(ScalarType::F16);
        let double = Roles::uniform(ScalarType::F64);
        let all = capabilities(true, true);
        let unpack = capabilities(false, true);
        let native = capabilities(true, false);
        let bare = capabilities(false, false);
        for (capabilities, roles, forbid, want, recorded) in [
            (&all, mixed, &[][..], NativeHalf, false),
            (&all, naive, &[], NativeHalf, false),
            (&all, single, &[], Single, false),
            (&all, double, &[], Cpu, false),
            (&unpack, mixed, &[], PackedHalf, false),
            (&native, mixed, &[NativeHalf], IntegerHalf, false),
            (&bare, mixed, &[], IntegerHalf, false),
            (&bare, single, &[], Single, false),
            (&all, mixed, &[NativeHalf], PackedHalf, false),
            (&all, mixed, &[NativeHalf, PackedHalf], IntegerHalf, false),
            (
                &all,
                mixed,
                &[NativeHalf, PackedHalf, IntegerHalf],
                Single,
                true,
            ),
            (&all, single, &[NativeHalf], Single, false),
            (&all, single, &[Single], Cpu, true),
            (
                &all,
                mixed,
                &[NativeHalf, PackedHalf, IntegerHalf, Single],
                Cpu,
                true,
            ),
        ] {
            let plan = Plan::choose(capabilities, roles, forbid).unwrap();
            assert_eq!(plan.rung, want, "{capabilities:?} {roles:?} {forbid:?}");
            assert_eq!(!plan.fallbacks.is_empty(), recorded, "{plan:?}");
        }
        let none = Plan::choose(&all, mixed, &Rung::ALL);
        assert!(matches!(none, Err(DeviceError::NoPlan { .. })));
        assert!(matches!(
            Plan::choose(&all, double, &[Cpu]),
            Err(DeviceError::NoPlan { .. })
        ));
    }
}
