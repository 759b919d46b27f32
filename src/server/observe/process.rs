//! The system's figures about this process. Linux has them in `/proc`; on other systems nothing is reported.

use std::time::Duration;

/// What the system counts for this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessStats {
    /// Processor time, the program's and the kernel's for it.
    pub cpu: Duration,
    /// Bytes of memory in use.
    pub resident: u64,
    /// Files and connections that are open.
    pub open_files: u64,
    /// How many may be open; `None` without a limit.
    pub max_files: Option<u64>,
    /// Threads.
    pub threads: u64,
}

/// What the system counts for this process now; `None` where it does not say.
#[cfg(target_os = "linux")]
pub fn read() -> Option<ProcessStats> {
    use procfs::{WithCurrentSystemInfo, process::Process, ticks_per_second};
    use rustix::process::{Resource, getrlimit};
    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    let millis = (stat.utime + stat.stime).saturating_mul(1000) / ticks_per_second().max(1);
    Some(ProcessStats {
        cpu: Duration::from_millis(millis),
        resident: stat.rss_bytes().get(),
        open_files: process.fd_count().ok()? as u64,
        max_files: getrlimit(Resource::Nofile).current,
        threads: u64::try_from(stat.num_threads).unwrap_or_default(),
    })
}

/// What the system counts for this process now; `None` where it does not say.
#[cfg(not(target_os = "linux"))]
pub fn read() -> Option<ProcessStats> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_has_memory_files_and_threads() {
        let stats = read().unwrap();
        assert!(stats.resident > 100 << 10 && stats.open_files > 2 && stats.threads > 0, "{stats:?}");
        assert!(stats.max_files.is_none_or(|max| max >= stats.open_files), "{stats:?}");
    }
}
