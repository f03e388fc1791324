//! Which adapters there are, and which one is meant.

use std::fmt;
use std::str::FromStr;

use super::Capabilities;
use crate::DeviceError;

/// The interface an adapter is reached through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphicsApi {
    /// Vulkan.
    Vulkan,
    /// Metal.
    Metal,
    /// DirectX 12.
    Dx12,
    /// OpenGL or OpenGL ES.
    Gl,
}

impl GraphicsApi {
    fn of(backend: wgpu::Backend) -> Option<Self> {
        match backend {
            wgpu::Backend::Vulkan => Some(Self::Vulkan),
            wgpu::Backend::Metal => Some(Self::Metal),
            wgpu::Backend::Dx12 => Some(Self::Dx12),
            wgpu::Backend::Gl => Some(Self::Gl),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "vulkan" => Self::Vulkan,
            "metal" => Self::Metal,
            "dx12" => Self::Dx12,
            "gl" | "gles" | "opengl" => Self::Gl,
            _ => return None,
        })
    }
}

impl fmt::Display for GraphicsApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Dx12 => "dx12",
            Self::Gl => "gl",
        })
    }
}

/// Which adapter is meant: an index of [`adapters`], a backend, a part of the
/// name in any case, or `backend:part`.
///
/// ```
/// use slam16_gpu::AdapterChoice;
/// let choice: AdapterChoice = "vulkan:llvmpipe".parse().unwrap_or_default();
/// assert_eq!(choice.to_string(), "vulkan:llvmpipe");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterChoice {
    index: Option<usize>,
    api: Option<GraphicsApi>,
    name: Option<String>,
}

impl AdapterChoice {
    /// The environment variable that decides when nothing else does.
    pub const VARIABLE: &'static str = "SLAM16_ADAPTER";

    /// The adapter at an index of [`adapters`].
    pub fn index(index: usize) -> Self {
        Self {
            index: Some(index),
            ..Self::default()
        }
    }

    /// What [`Self::VARIABLE`] says; the default when it is not set.
    pub fn from_environment() -> Self {
        std::env::var(Self::VARIABLE)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }

    fn matches(&self, index: usize, adapter: &AdapterSummary) -> bool {
        let name = adapter.name.to_lowercase();
        self.index.is_none_or(|i| i == index)
            && self.api.is_none_or(|api| api == adapter.api)
            && self.name.as_ref().is_none_or(|part| name.contains(part))
    }
}

impl FromStr for AdapterChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(index) = text.parse() {
            return Ok(Self::index(index));
        }
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        let api = GraphicsApi::parse(head);
        let rest = if api.is_some() { rest } else { text };
        Ok(Self {
            index: None,
            api,
            name: (!rest.is_empty()).then(|| rest.to_lowercase()),
        })
    }
}

impl fmt::Display for AdapterChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.index.map(|i| i.to_string()),
            self.api.map(|api| api.to_string()),
            self.name.clone(),
        ];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        if text.is_empty() {
            f.pad("any")
        } else {
            f.pad(&text.join(":"))
        }
    }
}

/// What an adapter says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterSummary {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub api: GraphicsApi,
    /// Driver and its version.
    pub driver: String,
    /// Vendor number.
    pub vendor: u32,
    /// Device number.
    pub device: u32,
    /// What it can do, before any canary ran.
    pub capabilities: Capabilities,
}

impl fmt::Display for AdapterSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.api)
    }
}

/// Adapters by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdapterList(pub Vec<AdapterSummary>);

impl fmt::Display for AdapterList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("there is none");
        }
        f.write_str("there are")?;
        for (index, adapter) in self.0.iter().enumerate() {
            write!(
                f,
                "{} [{index}] {adapter}",
                if index > 0 { "," } else { "" }
            )?;
        }
        Ok(())
    }
}

pub(super) struct Found {
    pub summary: AdapterSummary,
    pub raw: wgpu::Adapter,
}

pub(super) fn instance() -> wgpu::Instance {
    // Indirect dispatches are not used: their validation would cost one more
    // dispatch each. Debug builds ask for the driver's validation layers.
    let flags = if cfg!(debug_assertions) {
        wgpu::InstanceFlags::VALIDATION
    } else {
        wgpu::InstanceFlags::empty()
    };
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        flags: flags.with_env(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// Hardware first, then by interface; the driver's order otherwise.
pub(super) fn find(instance: &wgpu::Instance) -> Vec<Found> {
    let all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let mut found: Vec<Found> = all.into_iter().filter_map(describe).collect();
    found.sort_by_key(|f| {
        let capabilities = &f.summary.capabilities;
        (capabilities.software, !capabilities.discrete, f.summary.api)
    });
    found
}

fn describe(raw: wgpu::Adapter) -> Option<Found> {
    let info = raw.get_info();
    let flags = raw.get_downlevel_capabilities().flags;
    if !flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return None;
    }
    Some(Found {
        summary: AdapterSummary {
            name: info.name.clone(),
            api: GraphicsApi::of(info.backend)?,
            driver: format!("{} {}", info.driver, info.driver_info)
                .trim()
                .to_owned(),
            vendor: info.vendor,
            device: info.device,
            capabilities: Capabilities::of(&raw),
        },
        raw,
    })
}

pub(super) fn select(found: Vec<Found>, choice: &AdapterChoice) -> Result<Found, DeviceError> {
    let list = AdapterList(found.iter().map(|f| f.summary.clone()).collect());
    found
        .into_iter()
        .enumerate()
        .find(|(index, f)| choice.matches(*index, &f.summary))
        .map(|(_, f)| f)
        .ok_or_else(|| DeviceError::NoAdapter {
            wanted: choice.to_string(),
            found: list,
        })
}

/// Every adapter that runs compute shaders, hardware before software.
pub fn adapters() -> AdapterList {
    AdapterList(find(&instance()).into_iter().map(|f| f.summary).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn summary(name: &str, api: GraphicsApi) -> AdapterSummary {
        AdapterSummary {
            name: name.to_owned(),
            api,
            driver: String::new(),
            vendor: 0,
            device: 0,
            capabilities: Capabilities::default(),
        }
    }

    #[test]
    fn choices_by_index_backend_and_name() {
        let list = [
            summary("GeForce RTX", GraphicsApi::Vulkan),
            summary("llvmpipe (LLVM 15)", GraphicsApi::Vulkan),
            summary("llvmpipe (LLVM 15)", GraphicsApi::Gl),
        ];
        for (text, first) in [
            ("", Some(0)),
            ("1", Some(1)),
            ("7", None),
            ("gl", Some(2)),
            ("opengl", Some(2)),
            ("metal", None),
            ("LLVMpipe", Some(1)),
            ("gl:llvm", Some(2)),
            ("vulkan:llvm", Some(1)),
            ("gl:geforce", None),
            ("rtx", Some(0)),
        ] {
            let choice: AdapterChoice = text.parse().unwrap();
            let got = list
                .iter()
                .enumerate()
                .position(|(i, a)| choice.matches(i, a));
            assert_eq!(got, first, "{text}");
        }
    }

    #[test]
    fn a_missing_adapter_is_told_what_there_is() {
        let found = AdapterList(vec![summary("llvmpipe", GraphicsApi::Gl)]);
        let error = DeviceError::NoAdapter {
            wanted: "metal".to_owned(),
            found,
        };
        let text = error.to_string();
        assert!(
            text.contains("metal") && text.contains("[0] llvmpipe (gl)"),
            "{text}"
        );
    }
}
