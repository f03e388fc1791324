//! One child process: its time limit, its peak memory and its processor time.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use slam16_peers::files::Result;

#[derive(Debug)]
pub struct Finished {
    /// Exit status 0.
    pub success: bool,
    pub timed_out: bool,
    pub code: Option<i32>,
    pub seconds: f64,
    pub user_seconds: f64,
    /// Peak resident set of the whole process.
    ///
    /// The kernel counts the parent's pages up to the exec, so the runner itself must stay small:
    /// that is why the referee runs in a process of its own.
    pub peak_kib: u64,
}

/// Runs `command` to its end or to `limit`, its output going to files.
pub fn run(
    command: &mut Command,
    stdout: &Path,
    stderr: &Path,
    limit: Duration,
) -> Result<Finished> {
    let create = |p: &Path| File::create(p).map_err(|e| format!("{}: {e}", p.display()));
    command
        .stdin(Stdio::null())
        .stdout(create(stdout)?)
        .stderr(create(stderr)?)
        .process_group(0);
    let start = Instant::now();
    let child = command
        .spawn()
        .map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))?;
    let pid = child.id() as libc::pid_t;
    let mut timed_out = false;
    loop {
        let mut status = 0;
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: both pointers are valid for the call; zeroed is a valid rusage.
        let (waited, usage) = unsafe {
            let waited = libc::wait4(pid, &mut status, libc::WNOHANG, usage.as_mut_ptr());
            (waited, usage.assume_init())
        };
        if waited == pid {
            let exited = libc::WIFEXITED(status);
            let code = exited.then(|| libc::WEXITSTATUS(status));
            return Ok(Finished {
                success: code == Some(0),
                timed_out,
                code,
                seconds: start.elapsed().as_secs_f64(),
                user_seconds: usage.ru_utime.tv_sec as f64 + 1e-6 * usage.ru_utime.tv_usec as f64,
                peak_kib: usage.ru_maxrss as u64,
            });
        }
        if waited < 0 {
            return Err(format!("wait4: {}", std::io::Error::last_os_error()));
        }
        if !timed_out && start.elapsed() > limit {
            timed_out = true;
            // SAFETY: signals the process group that was made for this child.
            unsafe { libc::kill(-pid, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
