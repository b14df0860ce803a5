//! The messages of an upload, which must not take for ever: each holds one of few places.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

use crate::error::Refusal;
use crate::proto::v1::SubmitRequest;
use crate::proto::v1::submit_request::Part;

/// How slowly messages may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The longest wait for the next message.
    pub idle: Duration,
    /// The fewest bytes per second, from the first message on; a wait of `idle` is granted.
    pub least: u64,
}

/// What uploads are held to.
pub(crate) const PACE: Pace = Pace { idle: Duration::from_secs(60), least: 16 << 10 };

/// Messages as they come.
pub(crate) struct Intake<S> {
    messages: S,
    pace: Pace,
    begun: Instant,
    taken: u64,
}

impl<S: Stream<Item = Result<SubmitRequest, Status>> + Unpin> Intake<S> {
    pub(crate) fn new(messages: S, pace: Pace) -> Self {
        Self { messages, pace, begun: Instant::now(), taken: 0 }
    }

    /// The next message's part; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, Refusal> {
        let (now, due) = (Instant::now(), self.due());
        if now >= due {
            return Err(self.slow());
        }
        let idle = now + self.pace.idle;
        let came = timeout_at(due.min(idle), self.messages.next()).await.map_err(|_| {
            if due < idle && self.taken > 0 {
                self.slow()
            } else {
                Refusal::Idle { seconds: self.pace.idle.as_secs() }
            }
        })?;
        match came {
            Some(Ok(message)) => {
                let part = message.part.ok_or(Refusal::EmptyMessage)?;
                if let Part::Chunk(chunk) = &part {
                    self.taken = self.taken.saturating_add(chunk.len() as u64);
                }
                Ok(Some(part))
            }
            None => Ok(None),
            Some(Err(status)) => {
                tracing::debug!(%status, "an upload was cut off");
                Err(Refusal::CutOff)
            }
        }
    }

    /// By when the next message has to be here for the pace to be kept.
    fn due(&self) -> Instant {
        self.begun + self.pace.idle + Duration::from_secs(self.taken / self.pace.least.max(1))
    }

    fn slow(&self) -> Refusal {
        Refusal::Slow { least: self.pace.least }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::ReceiverStream;

    use super::*;

    const SHORT: Pace = Pace { idle: Duration::from_millis(200), least: 1_000 };

    /// How an upload ends of which a chunk of so many bytes comes every so often.
    fn ended(chunk: usize, every: Duration, chunks: usize) -> Result<usize, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (give, take) = mpsc::channel(1);
            tokio::spawn(async move {
                for _ in 0..chunks {
                    let part = Some(Part::Chunk(vec![0; chunk]));
                    if give.send(Ok(SubmitRequest { part })).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(every).await;
                }
            });
            let mut intake = Intake::new(ReceiverStream::new(take), SHORT);
            let mut bytes = 0;
            while let Some(part) = intake.next().await? {
                let Part::Chunk(chunk) = part else { panic!("a header") };
                bytes += chunk.len();
            }
            Ok(bytes)
        })
    }

    #[test]
    fn an_upload_that_comes_too_slowly_is_refused_and_one_that_keeps_the_pace_is_not() {
        let ms = Duration::from_millis;
        assert!(matches!(ended(1_000, ms(400), 2), Err(Refusal::Idle { .. })));
        // Never idle, and yet without end.
        assert!(matches!(ended(1, ms(50), 1_000), Err(Refusal::Slow { least: 1_000 })));
        assert_eq!(ended(1_000, ms(100), 5).expect("fast enough"), 5_000);
    }

    #[test]
    fn what_is_ready_is_no_excuse() {
        let one = || Ok(SubmitRequest { part: Some(Part::Chunk(vec![0])) });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut intake = Intake::new(tokio_stream::iter([one(), one()]), SHORT);
            assert!(intake.next().await.is_ok());
            tokio::time::sleep(SHORT.idle * 2).await;
            assert!(matches!(intake.next().await, Err(Refusal::Slow { .. })));
        });
    }
}
