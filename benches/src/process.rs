//! Measuring in a process of its own, so that its memory is its own and nothing is warm.

use std::process::{Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Tells a benchmark's process that it is to do one task of it.
const TASK: &str = "FAIRSHARE_BENCH_TASK";

/// What this process is to do, if it was started by [`alone`].
pub fn task<T: DeserializeOwned>() -> Option<T> {
    let task = std::env::var(TASK).ok()?;
    Some(serde_json::from_str(&task).expect("a task that `alone` wrote"))
}

/// Hands what was measured to the process that asked for it.
pub fn answer(measured: &impl Serialize) {
    println!("{}", serde_json::to_string(measured).expect("figures"));
}

/// Runs this program once more for one task, and returns its [`answer`].
///
/// # Panics
///
/// If the task fails.
pub fn alone<T: DeserializeOwned>(task: &impl Serialize) -> T {
    let task = serde_json::to_string(task).expect("a task");
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).env(TASK, &task).stderr(Stdio::inherit()).output().expect("a process");
    assert!(output.status.success(), "task {task} failed: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("an answer")
}

/// A process's resident memory in bytes, by Linux's `/proc`; 0 elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub now: u64,
    /// At most, since it began.
    pub peak: u64,
}

/// This process's.
pub fn memory() -> Memory {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or(0) << 10
    };
    Memory { now: bytes("VmRSS:"), peak: bytes("VmHWM:") }
}
