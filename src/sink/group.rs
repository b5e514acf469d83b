//! A program with all the programs it starts: waiting for it without a clock, ending all of them.
//! Outside Unix there are no such groups, and only the program itself is ended.

use std::process::{Child, Command};
use std::time::Duration;

#[cfg(unix)]
mod system {
    use std::sync::mpsc;
    use std::thread;

    use super::{Child, Command, Duration};
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

    pub fn apart(command: &mut Command) {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }

    pub fn wait(child: &mut Child, longest: Duration) -> std::io::Result<bool> {
        let pid = Pid::from_child(child);
        let (ended, wait) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            // The status stays with the child: until it is fetched nobody else gets its number.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR)) {}
            let _ = ended.send(());
        })?;
        Ok(wait.recv_timeout(longest).is_ok())
    }

    pub fn end(child: &mut Child) {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
}

#[cfg(not(unix))]
mod system {
    use super::{Child, Command, Duration};

    pub fn apart(_: &mut Command) {}

    pub fn wait(child: &mut Child, longest: Duration) -> std::io::Result<bool> {
        const STEP: Duration = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        while waited < longest {
            if child.try_wait()?.is_some() {
                return Ok(true);
            }
            std::thread::sleep(STEP);
            waited += STEP;
        }
        Ok(false)
    }

    pub fn end(child: &mut Child) {
        let _ = child.kill();
    }
}

/// Makes the program the first of a group of its own, which a Ctrl-C in our terminal does not reach.
pub fn apart(command: &mut Command) {
    system::apart(command);
}

/// Waits until the program has ended, `longest` at most: whether it has. Its status is still to fetch.
///
/// # Errors
/// Fails where the system gives us no thread to wait in.
pub fn wait(child: &mut Child, longest: Duration) -> std::io::Result<bool> {
    system::wait(child, longest)
}

/// Ends the program and all it started, and fetches its status.
pub fn end(child: &mut Child) {
    system::end(child);
    let _ = child.wait();
}
