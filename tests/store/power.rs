//! Power losses: a file system of its own that is shut down in the middle of work, so that all that
//! was not synced is gone. Needs root, a loop device, ext4 tools and python3.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Shuts an ext4 file system down without writing its journal out.
const SHUTDOWN: &str = "import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587D, struct.pack('I', 2))";

/// A small file system that can lose its power.
pub struct Disk {
    image: PathBuf,
    pub mounted_at: PathBuf,
}

impl Disk {
    /// Makes one of a size in a folder; the reason where this machine cannot.
    pub fn new(dir: &Path, megabytes: u64) -> Result<Self, String> {
        let disk = Self { image: dir.join("image"), mounted_at: dir.join("mounted") };
        std::fs::create_dir(&disk.mounted_at).map_err(|error| error.to_string())?;
        let file = std::fs::File::create(&disk.image).map_err(|error| error.to_string())?;
        file.set_len(megabytes << 20).map_err(|error| error.to_string())?;
        run(Command::new("python3").arg("-c").arg("pass"))?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&disk.image))?;
        disk.mount()?;
        Ok(disk)
    }

    /// Loses all that was not synced.
    pub fn lose_power(&self) -> Result<(), String> {
        run(Command::new("python3").arg("-c").arg(SHUTDOWN).arg(&self.mounted_at))
    }

    /// Comes back after the loss.
    pub fn restart(&self) -> Result<(), String> {
        run(Command::new("umount").arg(&self.mounted_at))?;
        self.mount()
    }

    fn mount(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.mounted_at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A disk that was never mounted has nothing to take down.
        let _ = run(Command::new("umount").arg(&self.mounted_at));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
