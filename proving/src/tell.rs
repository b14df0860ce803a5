//! What is told of a job.

use fairshare_formats::eip55::checksummed;
use fairshare_prover::Task;

use crate::jobs::{Amount, Job, View};
use crate::proto::v1;
use crate::record::State;

/// A job, as clients see it.
pub(crate) fn of_job(job: &Job) -> v1::Job {
    let View { record, progress } = job.view();
    v1::Job {
        id: job.id.to_string(),
        number: record.number,
        state: of_state(record.state).into(),
        progress: progress.map(of_amount),
        policy: record.purpose.policy.clone(),
        contributor: checksummed(&record.purpose.contributor).to_string(),
        attempt: record.attempt,
        error: record.error.clone().unwrap_or_default(),
        committed: record.committed.map(|committed| v1::Committed {
            digest: committed.digest.to_string(),
            records: committed.records,
            segments: committed.segments,
        }),
        proved: record.proved.map(|proved| v1::Proved {
            score: proved.score,
            bytes: proved.bytes,
            insecure: proved.insecure,
        }),
    }
}

fn of_state(state: State) -> v1::State {
    match state {
        State::Queued => v1::State::Queued,
        State::Committing => v1::State::Committing,
        State::Proving => v1::State::Proving,
        State::Done => v1::State::Done,
        State::Failed => v1::State::Failed,
        State::Cancelled => v1::State::Cancelled,
    }
}

fn of_amount(amount: Amount) -> v1::Progress {
    let Amount { task, total, done } = amount;
    let task = match task {
        Task::Read => v1::Task::Read,
        Task::Commit => v1::Task::Commit,
        Task::Keys => v1::Task::Keys,
        Task::Segments => v1::Task::Segments,
        Task::Score => v1::Task::Score,
    };
    v1::Progress { task: task.into(), total, done }
}
