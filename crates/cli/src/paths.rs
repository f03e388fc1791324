//! Where outputs go, checked before any work is done.

use std::path::{Path, PathBuf};

use slam16::io::{folder_of, try_folder};

use crate::failure::Failure;

/// The name of an input without folder, compression and format.
pub fn stem(input: &Path) -> String {
    let name = input
        .file_name()
        .map_or_else(|| "input".into(), |n| n.to_string_lossy().into_owned());
    let plain = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".bz2"))
        .unwrap_or(&name);
    match plain.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => plain.to_owned(),
    }
}

/// The extension of a path, lower case, compression apart: `g2o` of `a.g2o.gz`.
pub fn extension(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().to_ascii_lowercase());
    let plain = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".bz2"))
        .unwrap_or(&name);
    plain
        .rsplit_once('.')
        .map_or_else(String::new, |(_, extension)| extension.to_owned())
}

/// An output as the user named it: one file, a folder, or a name with `{}`
/// for the input's.
#[derive(Clone, Debug)]
pub struct Target {
    option: &'static str,
    given: PathBuf,
}

impl Target {
    pub fn new(option: &'static str, given: &Path) -> Self {
        Self {
            option,
            given: given.to_owned(),
        }
    }

    /// Whether files get their names from inputs and formats.
    pub fn is_folder(&self) -> bool {
        self.given.is_dir() || self.given.as_os_str().to_string_lossy().ends_with('/')
    }

    /// The file for one input; a folder gets `stem.extension`.
    pub fn of(&self, input: &Path, extension: &str) -> PathBuf {
        if self.is_folder() {
            return self.given.join(format!("{}.{extension}", stem(input)));
        }
        match self.given.to_str() {
            Some(pattern) if pattern.contains("{}") => {
                PathBuf::from(pattern.replace("{}", &stem(input)))
            }
            _ => self.given.clone(),
        }
    }

    /// Refuses what could only fail after the work: a folder that is not
    /// there, several inputs for one file.
    pub fn check(&self, inputs: &[PathBuf]) -> Result<(), Failure> {
        let (option, given) = (self.option, self.given.display());
        let pattern = self.given.to_string_lossy().contains("{}");
        if inputs.len() > 1 && !self.is_folder() && !pattern {
            return Err(Failure::usage(format!(
                "{option} {given}: {} inputs need a folder, or a name with {{}} for the input's",
                inputs.len()
            )));
        }
        if inputs.len() > 1 {
            let mut names: Vec<PathBuf> = inputs.iter().map(|i| self.of(i, "x")).collect();
            names.sort();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                let name = pair[0].with_extension("");
                return Err(Failure::usage(format!(
                    "{option} {given}: two inputs would be written to {}: rename one, or solve them apart",
                    name.display()
                )));
            }
        }
        let mut probed: Option<PathBuf> = None;
        for input in inputs {
            let path = self.of(input, "x");
            if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                // A folder for many files is made; one on the way to a single
                // file is more likely a slip.
                if self.is_folder() || pattern {
                    std::fs::create_dir_all(folder).map_err(|error| {
                        Failure::usage(format!(
                            "{option} {}: the folder cannot be made: {error}",
                            folder.display()
                        ))
                    })?;
                } else if !folder.is_dir() {
                    return Err(Failure::usage(format!(
                        "{option} {}: there is no folder {}: make it first",
                        path.display(),
                        folder.display()
                    )));
                }
            }
            let folder = folder_of(&path);
            if !leads_elsewhere(&path) && probed.as_ref() != Some(&folder) {
                try_folder(&folder).map_err(|error| {
                    Failure::usage(format!(
                        "{option} {given}: no file can be made in the folder {} ({}): allow it, or choose another",
                        folder.display(),
                        error.kind()
                    ))
                })?;
                probed = Some(folder);
            }
        }
        Ok(())
    }
}

/// Whether a path leads to a pipe or a device, which is written to as it is.
fn leads_elsewhere(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// One name for all ways to write the path of a file, links followed.
fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = folder_of(path);
        let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
        folder.join(path.file_name().unwrap_or_default())
    })
}

/// An output: its option, its path, and the input that it may replace.
pub type Output<'a> = (&'a str, &'a Path, Option<&'a Path>);

/// Refuses outputs that would overwrite each other or an input.
pub fn apart<P: AsRef<Path>>(inputs: &[P], outputs: &[Output]) -> Result<(), Failure> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|p| identity(p.as_ref())).collect();
    let mut seen: Vec<(&str, PathBuf)> = Vec::new();
    for (option, path, own) in outputs {
        if leads_elsewhere(path) {
            continue;
        }
        let here = identity(path);
        if inputs.contains(&here) && own.map(identity).as_ref() != Some(&here) {
            return Err(Failure::usage(format!(
                "{option} {}: an input has this name and would be overwritten: choose another",
                path.display()
            )));
        }
        if let Some((other, _)) = seen.iter().find(|(_, taken)| *taken == here) {
            return Err(Failure::usage(format!(
                "{option} {}: {other} goes to the same file: choose another name for one of them",
                path.display()
            )));
        }
        seen.push((option, here));
    }
    Ok(())
}

/// Whether a path stands for standard output.
pub fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn stems_and_extensions_ignore_compression() {
        for (path, name, format) in [
            ("a/b.g2o", "b", "g2o"),
            ("b.g2o.gz", "b", "g2o"),
            ("problem-49-7776-pre.txt.bz2", "problem-49-7776-pre", "txt"),
            ("plain", "plain", ""),
            (".hidden", ".hidden", "hidden"),
            ("A.G2O", "A", "g2o"),
        ] {
            assert_eq!(stem(Path::new(path)), name, "{path}");
            assert_eq!(extension(Path::new(path)), format, "{path}");
        }
    }

    #[test]
    fn a_file_a_folder_and_a_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let input = Path::new("in/graph.g2o.gz");
        let of = |given: &Path| Target::new("-o", given).of(input, "svg");
        assert_eq!(of(Path::new("out.svg")), Path::new("out.svg"));
        assert_eq!(of(folder.path()), folder.path().join("graph.svg"));
        assert_eq!(of(Path::new("new/")), Path::new("new/graph.svg"));
        assert_eq!(of(Path::new("x-{}.png")), Path::new("x-graph.png"));
    }

    #[test]
    fn what_could_only_fail_later_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let check = |given: &Path, inputs: &[&str]| {
            let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
            Target::new("-o", given)
                .check(&inputs)
                .map_err(|f| f.message)
        };
        let missing = folder.path().join("no/such/out.g2o");
        assert!(
            check(&missing, &["a"])
                .unwrap_err()
                .contains("make it first")
        );
        let one = folder.path().join("out.g2o");
        assert!(check(&one, &["a.g2o"]).is_ok());
        assert!(check(&one, &["a", "b"]).unwrap_err().contains("{}"));
        let same = check(folder.path(), &["x/a.g2o", "y/a.g2o"]).unwrap_err();
        assert!(same.contains("two inputs"), "{same}");
        let pattern = folder.path().join("pictures/{}.svg");
        assert!(check(&pattern, &["a", "b"]).is_ok());
        assert!(folder.path().join("pictures").is_dir());
        let mut made = folder.path().join("made").into_os_string();
        made.push("/");
        assert!(check(Path::new(&made), &["a", "b"]).is_ok());
        assert!(Path::new(&made).is_dir());
    }

    #[test]
    fn outputs_keep_apart_from_inputs_and_from_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let (input, fresh) = (folder.path().join("a.g2o"), folder.path().join("b.g2o"));
        std::fs::write(&input, "").unwrap();
        let devious = folder.path().join("./a.g2o");
        let apart = |outputs: &[Output]| apart(&[&input], outputs).map_err(|f| f.message);
        assert!(apart(&[("-o", &devious, Some(&input)), ("--report", &fresh, None)]).is_ok());
        let error = apart(&[("--report", &devious, None)]).unwrap_err();
        assert!(error.contains("an input"), "{error}");
        let error = apart(&[("-o", &fresh, Some(&input)), ("--dump", &fresh, None)]).unwrap_err();
        assert!(
            error.contains("--dump") && error.contains("-o goes"),
            "{error}"
        );
        // What is no file takes everything.
        if cfg!(unix) {
            let null = Path::new("/dev/null");
            assert!(apart(&[("-o", null, None), ("--dump", null, None)]).is_ok());
        }
    }
}
