//! Every kernel in every storage, validated with exactly what that storage may
//! use, and translated to every language that drivers take.

use naga::back::pipeline_constants::process_overrides;
use naga::back::{glsl, hlsl, msl, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ShaderStage};
use slam16_gpu::kernels::ALL;
use slam16_gpu::shader::{KernelSpec, Storage, Variant};

fn parse(text: &str, capabilities: Capabilities) -> Result<(Module, ModuleInfo), String> {
    let mut options = naga::front::wgsl::Options::new();
    options.capabilities = capabilities;
    let module = naga::front::wgsl::Frontend::new_with_options(options)
        .parse(text)
        .map_err(|e| e.emit_to_string(text))?;
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map_err(|e| e.emit_to_string(text))?;
    Ok((module, info))
}

/// What a storage may ask of an adapter.
fn capabilities(storage: Storage) -> Capabilities {
    use slam16_gpu::shader::HalfAccess::{Integer, Native, Packed};
    match storage {
        Storage::Half(Native) => Capabilities::SHADER_FLOAT16,
        Storage::Half(Packed) => Capabilities::SHADER_FLOAT16_IN_FLOAT32,
        Storage::Half(Integer) | Storage::Single => Capabilities::empty(),
    }
}

fn each(mut check: impl FnMut(&'static KernelSpec, Storage, &str)) {
    for spec in ALL {
        for storage in Storage::ALL {
            for sample in spec.samples {
                let variant = Variant {
                    spec,
                    storage,
                    constants: sample.to_vec(),
                };
                check(spec, storage, &variant.compose());
            }
        }
    }
}

#[test]
fn kernels_validate_with_exact_capabilities() {
    each(|spec, storage, text| {
        parse(text, capabilities(storage))
            .unwrap_or_else(|e| panic!("{} {storage:?}: {e}", spec.name));
    });
}

#[test]
fn the_validation_sees_a_missing_capability() {
    let canary = ALL.iter().find(|spec| spec.name == "canary").unwrap();
    for storage in &Storage::ALL[..2] {
        let variant = Variant {
            spec: canary,
            storage: *storage,
            constants: Vec::new(),
        };
        parse(&variant.compose(), Capabilities::empty()).unwrap_err();
    }
}

#[test]
fn kernels_translate_to_every_language() {
    each(|spec, storage, text| {
        let (module, info) = parse(text, capabilities(storage)).unwrap();
        let constants = [("W".to_owned(), 64.0)].into_iter().collect();
        let stage = Some((ShaderStage::Compute, "main"));
        let (module, info) = process_overrides(&module, &info, stage, &constants).unwrap();
        let fail = |language: &str, error: String| -> ! {
            panic!("{} {storage:?} to {language}: {error}", spec.name)
        };
        let words = spv::write_vec(&module, &info, &spv::Options::default(), None)
            .unwrap_or_else(|e| fail("SPIR-V", e.to_string()));
        assert_eq!(words[0], 0x0723_0203);

        let options = msl::Options {
            lang_version: (2, 4),
            fake_missing_bindings: true,
            ..msl::Options::default()
        };
        let pipeline = msl::PipelineOptions::default();
        let (source, _) = msl::write_string(&module, &info, &options, &pipeline)
            .unwrap_or_else(|e| fail("MSL", e.to_string()));
        assert!(source.contains("kernel void"));

        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V6_2,
            fake_missing_bindings: true,
            ..hlsl::Options::default()
        };
        let pipeline = hlsl::PipelineOptions::default();
        let mut source = String::new();
        hlsl::Writer::new(&mut source, &options, &pipeline)
            .write(&module, &info, None)
            .unwrap_or_else(|e| fail("HLSL", e.to_string()));
        assert!(source.contains("numthreads(64"));

        // OpenGL has no 16-bit floats in buffers: it never gets that storage.
        if capabilities(storage) != Capabilities::SHADER_FLOAT16 {
            let options = glsl::Options {
                version: glsl::Version::new_gles(310),
                ..glsl::Options::default()
            };
            let pipeline = glsl::PipelineOptions {
                shader_stage: ShaderStage::Compute,
                entry_point: "main".to_owned(),
                multiview: None,
            };
            let mut source = String::new();
            let policies = naga::proc::BoundsCheckPolicies::default();
            glsl::Writer::new(&mut source, &module, &info, &options, &pipeline, policies)
                .and_then(|mut writer| writer.write())
                .unwrap_or_else(|e| fail("GLSL", e.to_string()));
            assert!(source.contains("void main()"));
        }
    });
}
