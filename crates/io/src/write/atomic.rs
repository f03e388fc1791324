//! Files that are there whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;

use crate::error::WriteError;

/// Temporary files there are now. Whoever makes, renames or removes one holds
/// the lock.
static TEMPORARIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of all writes under way, for a process that is
/// about to end (a signal). While the value lives, no write begins or ends:
/// hold it until the process is gone.
#[must_use = "writes go on, and leave new temporary files, when this is dropped"]
pub fn abandon_writes() -> AbandonedWrites {
    let mut held = temporaries();
    for path in held.drain(..) {
        fs::remove_file(path).ok();
    }
    AbandonedWrites { _held: held }
}

/// Keeps writes from beginning and ending: see [`abandon_writes`].
#[derive(Debug)]
pub struct AbandonedWrites {
    _held: MutexGuard<'static, Vec<PathBuf>>,
}

/// A temporary file that [`abandon_writes`] knows of.
struct Temporary {
    /// There until it is renamed.
    file: Option<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl Temporary {
    fn new(folder: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".slam16-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As for any new file: the process's umask takes its share.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut list = temporaries();
        let file = builder.tempfile_in(folder)?;
        let path = file.path().to_owned();
        list.push(path.clone());
        Ok(Self {
            file: Some(file),
            path,
        })
    }

    fn persist(mut self, target: &Path) -> io::Result<()> {
        let _held = temporaries();
        match self.file.take() {
            Some(file) => file.persist(target).map(drop).map_err(|e| e.error),
            None => Ok(()),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut list = temporaries();
        self.file = None;
        list.retain(|path| *path != self.path);
    }
}

/// The folder in which a write to `path` makes its file: that of what a link
/// leads to, `.` for a bare name.
pub fn folder_of(path: &Path) -> PathBuf {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether files can be made in a folder, found out by making one: rights
/// alone do not tell of file systems mounted read-only. The file is gone on
/// return, and [`abandon_writes`] knows of it until then.
///
/// # Errors
/// Why no file can be made there.
pub fn try_folder(folder: &Path) -> io::Result<()> {
    Temporary::new(folder).map(drop)
}

/// Writes a file under a temporary name in the same folder and renames it,
/// so that `path` holds the old content or the new, never a part. Paths that
/// end in `.gz` or `.bz2` are compressed. A path that leads to something else
/// than a file (a pipe, `/dev/stdout`) is written to directly.
pub(crate) fn write_atomically(
    path: &Path,
    content: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    attempt(path, content).map_err(|source| WriteError::Io {
        path: path.to_owned(),
        source,
    })
}

fn attempt(path: &Path, content: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let metadata = fs::metadata(path).ok();
    if metadata.as_ref().is_some_and(|m| m.is_dir()) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.as_ref().is_some_and(|m| !m.is_file()) {
        let file = fs::OpenOptions::new().write(true).open(path)?;
        return write_to(file, path, content);
    }
    // A symbolic link stays one: what it leads to is replaced.
    let target = match &metadata {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_owned(),
    };
    let temporary = Temporary::new(&folder_of(&target))?;
    if let Some(file) = &temporary.file {
        write_to(file.as_file(), path, content)?;
        if let Some(metadata) = metadata {
            fs::set_permissions(file.path(), metadata.permissions())?;
        }
    }
    temporary.persist(&target)
}

fn write_to(
    file: impl Write,
    path: &Path,
    content: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 << 10, file);
    match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => {
            let mut encoder = GzEncoder::new(&mut out, flate2::Compression::default());
            content(&mut encoder)?;
            encoder.finish()?;
        }
        Some("bz2") => {
            let mut encoder = BzEncoder::new(&mut out, bzip2::Compression::default());
            content(&mut encoder)?;
            encoder.finish()?;
        }
        _ => content(&mut out)?,
    }
    out.flush()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_midway_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["plain", "packed.gz"] {
            let path = folder.path().join(name);
            fs::write(&path, "old").unwrap();
            let error = write_atomically(&path, |out| {
                out.write_all(&[b'x'; 1 << 20])?;
                Err(io::ErrorKind::StorageFull.into())
            })
            .unwrap_err();
            assert!(matches!(error, WriteError::Io { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_is_tried_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        try_folder(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let listed = |list: &Vec<PathBuf>| list.iter().any(|p| p.starts_with(folder.path()));
        let temporary = Temporary::new(folder.path()).unwrap();
        assert!(listed(&temporaries()), "an interrupt would leave the file");
        drop(temporary);
        assert!(!listed(&temporaries()));
        let error = try_folder(&folder.path().join("missing")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_is_no_place_to_write_to() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_atomically(folder.path(), |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write_atomically(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        // No temporary file's secrecy on a new file.
        let fresh = folder.path().join("fresh");
        write_atomically(&fresh, |out| out.write_all(b"new")).unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "new").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&fresh), mode(&plain));
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_to_and_not_replaced() {
        write_atomically(Path::new("/dev/null"), |out| out.write_all(b"x")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
