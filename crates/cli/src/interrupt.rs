//! What is left to do when somebody ends the program.

/// Exit status after a signal, as shells have it: 128 and its number.
#[cfg(unix)]
fn status_of(signal: i32) -> i32 {
    128 + signal
}

/// Exit status after an interrupt where signals have no numbers: that of
/// SIGINT, which is 2.
#[cfg(windows)]
const INTERRUPTED: i32 = 130;

/// From now on an interrupt or a request to end removes the temporary files of
/// outputs before the program ends. Where the system refuses that, such a file
/// may stay: no reason not to work.
pub fn clean_up() {
    if let Err(error) = listen() {
        log::warn!("an interrupt may leave temporary files: {error}");
    }
}

#[cfg(unix)]
fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new()
        .name("slam16-signals".to_owned())
        .spawn(move || {
            if let Some(signal) = signals.forever().next() {
                end(status_of(signal));
            }
        })
        .map(drop)
}

#[cfg(windows)]
fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| end(INTERRUPTED))
}

#[cfg(not(any(unix, windows)))]
fn listen() -> std::io::Result<()> {
    Ok(())
}

#[cfg_attr(not(any(unix, windows)), allow(dead_code))]
fn end(status: i32) {
    let _held = slam16::io::abandon_writes();
    std::process::exit(status);
}
