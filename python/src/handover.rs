//! Tables read on a thread of their own, which hands their batches over.
//!
//! Nobody can interrupt whoever gives a table: a query, or a generator that waits. So the work waits for the
//! next batch rather than for its owner, and asks twenty times a second whether to go on. After a stop the
//! reading thread stays where it is. It ends with the next batch, which nobody takes, or with the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use fairshare_ingest::{Reader, Reason};

use crate::halt::Halt;
use crate::process::{READER, Running};
use crate::stopped::Stopped;
use crate::work::TURN;

const THREAD: &str = "fairshare table";

type Batch = Option<Result<RecordBatch, ArrowError>>;
/// What a library's code gave, or its panic, which goes on where the batch was asked for.
type Caught<T> = Result<T, Box<dyn Any + Send>>;

/// Opens a table on a thread of its own. One batch at most waits to be taken: memory does not grow.
pub fn handed_over(
    open: impl FnOnce() -> Result<Reader, Reason> + Send + 'static,
    halt: Halt,
) -> Result<Reader, Reason> {
    let (schema, opened) = mpsc::sync_channel(1);
    let (sender, batches) = mpsc::sync_channel(0);
    let running = Running::begin(&halt, READER)?;
    let own = halt.clone();
    let read = move || {
        let _running = running;
        match caught(open) {
            Ok(Ok(reader)) => {
                let _ = schema.send(Ok(Ok(reader.schema())));
                hand_over(reader, &sender, &own);
            }
            Ok(Err(reason)) => drop(schema.send(Ok(Err(reason)))),
            Err(panic) => drop(schema.send(Err(panic))),
        }
    };
    thread::Builder::new().name(THREAD.to_owned()).spawn(read)?;
    let schema = taken(&opened, &halt)?.unwrap_or_else(|panic| resume_unwind(panic))?;
    Ok(Box::new(Handed { schema, batches, halt, process: process::id(), is_over: false }))
}

/// A library's code may panic on what is not valid.
fn caught<T>(code: impl FnOnce() -> T) -> Caught<T> {
    catch_unwind(AssertUnwindSafe(code))
}

/// Whether this thread reads a table: its panics are errors, and a panic hook has nothing to print.
pub fn is_reading() -> bool {
    thread::current().name() == Some(THREAD)
}

/// Until nobody takes a batch any more.
fn hand_over(mut reader: Reader, sender: &SyncSender<Caught<Batch>>, halt: &Halt) {
    while !halt.is_set() {
        let batch = caught(|| reader.next());
        let is_last = !matches!(batch, Ok(Some(Ok(_))));
        if sender.send(batch).is_err() || is_last {
            return;
        }
    }
}

/// What comes, unless the work is to stop first.
fn taken<T>(receiver: &Receiver<T>, halt: &Halt) -> Result<T, Reason> {
    loop {
        if halt.is_set() {
            return Err(Stopped.into());
        }
        match receiver.recv_timeout(TURN) {
            Ok(given) => return Ok(given),
            Err(RecvTimeoutError::Timeout) => {}
            // The other end may have heard of the stop first.
            Err(RecvTimeoutError::Disconnected) if halt.is_set() => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err("internal invariant violated; please report".into());
            }
        }
    }
}

/// The work's end.
struct Handed {
    schema: SchemaRef,
    batches: Receiver<Caught<Batch>>,
    halt: Halt,
    process: u32,
    is_over: bool,
}

impl Iterator for Handed {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        // A fork leaves the reading thread in the parent.
        let batch = if self.process == process::id() {
            taken(&self.batches, &self.halt)
        } else {
            Err("it is being read in another process; open it in the one that reads it".into())
        };
        let batch = match batch {
            Ok(batch) => batch.unwrap_or_else(|panic| resume_unwind(panic)),
            Err(reason) => Some(Err(ArrowError::ExternalError(reason))),
        };
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch
    }
}

impl RecordBatchReader for Handed {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
