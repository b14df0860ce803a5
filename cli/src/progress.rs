//! Progress bars on a terminal, and nothing anywhere else.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairshare_prover::{Progress, Task};
use indicatif::{
    HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};
use tracing_subscriber::fmt::MakeWriter;

/// The screen below the log. Hidden where standard error is not a terminal.
static SCREEN: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));

/// How often a bar moves while nothing is reported.
const TICK: Duration = Duration::from_millis(100);

/// Runs `write` with the bars out of the way.
pub fn suspend<T>(write: impl FnOnce() -> T) -> T {
    SCREEN.suspend(write)
}

/// Shows that something is going on until the guard is dropped.
pub fn spinner(message: impl Into<Cow<'static, str>>) -> Spinner {
    Spinner(add(ProgressBar::new_spinner(), "{spinner:.cyan} {msg} {elapsed:.dim}", message))
}

/// A spinner on the screen.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

/// Counts things done, with the time left.
pub fn counter(message: impl Into<Cow<'static, str>>) -> Counter {
    Counter(add(ProgressBar::new(0), COUNTER, message))
}

const COUNTER: &str = "{spinner:.cyan} {msg} [{bar:24.cyan/blue}] {pos}/{len} in {elapsed}{left}";

/// A bar on the screen.
#[derive(Debug)]
pub struct Counter(ProgressBar);

impl Counter {
    /// So many are done, of so many.
    pub fn set(&self, done: usize, total: usize) {
        self.0.set_length(total as u64);
        self.0.set_position(done as u64);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Hears the prover and shows a bar for each task.
#[derive(Debug, Default)]
pub struct Bars {
    /// What the bars are about, before each task's name.
    subject: String,
    current: Mutex<Option<(Task, ProgressBar)>>,
    /// Whether the work is to stop; never, if nobody says so.
    stop: Option<fn() -> bool>,
}

impl Bars {
    /// Bars about `subject`.
    pub fn of(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// Bars of work that stops once `stop` says so.
    pub fn until(stop: fn() -> bool) -> Self {
        Self { stop: Some(stop), ..Self::default() }
    }

    fn current(&self) -> MutexGuard<'_, Option<(Task, ProgressBar)>> {
        // A bar is whole whoever panicked while holding it.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bars {
    fn begin(&self, task: Task, total: u64, done: u64) {
        let bar = ProgressBar::new(total).with_position(done);
        let separator = if self.subject.is_empty() { "" } else { ": " };
        let message = format!("{}{separator}{}", self.subject, name(task));
        let bar = add(bar, template(task), message);
        // What was done before says nothing about how fast it goes now.
        bar.reset_eta();
        if let Some((_, old)) = self.current().replace((task, bar)) {
            old.finish_and_clear();
        }
    }

    fn advance(&self, task: Task, units: u64) {
        if let Some((current, bar)) = self.current().as_ref()
            && *current == task
        {
            bar.inc(units);
        }
    }

    fn end(&self, task: Task) {
        let mut current = self.current();
        if let Some((_, bar)) = current.take_if(|(current, _)| *current == task) {
            bar.finish_and_clear();
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }
}

fn name(task: Task) -> &'static str {
    match task {
        Task::Read => "reading",
        Task::Commit => "committing",
        Task::Keys => "making the proving key",
        Task::Segments => "proving segments",
        Task::Score => "proving the score",
    }
}

fn template(task: Task) -> &'static str {
    match task {
        Task::Read => {
            "{spinner:.cyan} {msg} [{bar:24.cyan/blue}] {bytes}/{total_bytes} at {bytes_per_sec}{left}"
        }
        Task::Commit | Task::Segments => {
            "{spinner:.cyan} {msg} [{bar:24.cyan/blue}] {pos}/{len} in {elapsed}{each}{left}"
        }
        Task::Score => "{spinner:.cyan} {msg} [{bar:24.cyan/blue}] {percent}% in {elapsed}{left}",
        Task::Keys => "{spinner:.cyan} {msg} {elapsed:.dim}",
    }
}

fn add(bar: ProgressBar, template: &str, message: impl Into<Cow<'static, str>>) -> ProgressBar {
    // The templates are this file's own; one that did not parse would show as indicatif's default.
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("each", each)
        .with_key("left", left);
    let bar = SCREEN.add(bar.with_style(style).with_message(message));
    bar.enable_steady_tick(TICK);
    bar
}

/// The rate, as time for one: segments take seconds. Before the first is done there is none.
fn each(state: &ProgressState, text: &mut dyn Write) {
    if state.per_sec() > 0.0 {
        // Writing to a line of the screen that fails leaves it short.
        let _ = write!(text, ", {:.1} s each", 1.0 / state.per_sec());
    }
}

/// The time left, once there is something to tell it from.
fn left(state: &ProgressState, text: &mut dyn Write) {
    if state.per_sec() > 0.0 {
        let _ = write!(text, ", {} left", HumanDuration(state.eta()));
    }
}

/// Standard error for the log, kept apart from the bars.
#[derive(Clone, Copy, Debug)]
pub struct LogWriter;

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        suspend(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASKS: [Task; 5] = [Task::Read, Task::Commit, Task::Keys, Task::Segments, Task::Score];

    #[test]
    fn every_template_parses() {
        for task in TASKS {
            assert!(ProgressStyle::with_template(template(task)).is_ok(), "{task:?}");
        }
        assert!(ProgressStyle::with_template(COUNTER).is_ok());
    }

    #[test]
    fn a_bar_follows_its_own_task_only() {
        let bars = Bars::of("x");
        let position = || bars.current().as_ref().map(|(_, bar)| bar.position());
        bars.begin(Task::Segments, 5, 2);
        bars.advance(Task::Segments, 1);
        bars.advance(Task::Commit, 100);
        assert_eq!(position(), Some(3));
        bars.end(Task::Score);
        assert_eq!(position(), Some(3));
        bars.end(Task::Segments);
        assert_eq!(position(), None);
        bars.advance(Task::Segments, 1);
    }
}
