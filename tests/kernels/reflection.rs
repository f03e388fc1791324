//! What the host says of a kernel is what its WGSL says.

use naga::{AddressSpace, Module, StorageAccess, TypeInner};
use slam16_gpu::kernels::ALL;
use slam16_gpu::shader::{Access, KernelSpec, Storage, Variant};

fn parse(spec: &'static KernelSpec) -> Module {
    let variant = Variant {
        spec,
        storage: Storage::Single,
        constants: spec.samples[0].to_vec(),
    };
    let text = variant.compose();
    naga::front::wgsl::parse_str(&text)
        .unwrap_or_else(|e| panic!("{}: {}", spec.name, e.emit_to_string(&text)))
}

/// What differs between a table and a module.
fn differences(module: &Module, spec: &KernelSpec) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (_, variable) in module.global_variables.iter() {
        let Some(at) = &variable.binding else {
            continue;
        };
        seen += 1;
        let name = variable.name.as_deref().unwrap_or_default();
        let Some(row) = spec.bindings.iter().find(|b| b.name == name) else {
            wrong.push(format!("{name} is not in the table"));
            continue;
        };
        if (row.group, row.binding) != (at.group, at.binding) {
            wrong.push(format!("{name} is at {at:?}"));
        }
        let access = match variable.space {
            AddressSpace::Uniform => Access::Uniform,
            AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => {
                Access::ReadWrite
            }
            _ => Access::Read,
        };
        if access != row.access {
            wrong.push(format!("{name} is {access:?}"));
        }
        if let (Access::Uniform, TypeInner::Struct { members, span }) =
            (access, &module.types[variable.ty].inner)
        {
            let found: Vec<(&str, usize)> = members
                .iter()
                .map(|m| (m.name.as_deref().unwrap_or_default(), m.offset as usize))
                .collect();
            let table: Vec<(&str, usize)> =
                spec.fields.iter().map(|f| (f.name, f.offset)).collect();
            if found != table || *span as usize != spec.uniform_bytes {
                wrong.push(format!("uniform: {found:?} of {span} bytes"));
            }
        }
    }
    if seen != spec.bindings.len() {
        wrong.push(format!("{seen} bindings, not {}", spec.bindings.len()));
    }
    wrong
}

#[test]
fn tables_agree_with_the_shaders() {
    for spec in ALL {
        let module = parse(spec);
        assert_eq!(
            differences(&module, spec),
            Vec::<String>::new(),
            "{}",
            spec.name
        );
        let entry = &module.entry_points[0];
        assert_eq!(
            (entry.name.as_str(), module.entry_points.len()),
            ("main", 1)
        );
    }
}

/// A kernel's table against another kernel's text.
#[test]
fn the_reflection_sees_differences() {
    for (spec, other) in ALL.iter().zip(ALL.iter().cycle().skip(1)) {
        assert!(
            !differences(&parse(spec), other).is_empty(),
            "{}",
            spec.name
        );
    }
}

#[test]
fn kernels_stay_within_the_least_limits() {
    for spec in ALL {
        let storage = spec.bindings.iter().filter(|b| b.access != Access::Uniform);
        assert!(storage.count() <= 8, "{}", spec.name);
        for sample in spec.samples {
            assert_eq!(sample.len(), spec.constants.len(), "{}", spec.name);
        }
    }
}
