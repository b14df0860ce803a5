//! `fairshare chain`: what everybody does on a chain.

use crate::args::ChainCommand;
use crate::error::{CliError, Status};
use crate::output::Output;

mod claim;
mod deploy;
mod fund;
mod handing;
mod keys;
mod open;
mod pay;
mod post;
mod record;
mod register;
mod sending;
mod status;
mod strike;
mod submit;
mod sync;
mod watch;

pub use claim::Claims;
pub use deploy::Deployed;
pub use fund::Funded;
pub use handing::Handed;
pub use keys::Keys;
pub use open::Opened;
pub use pay::Paid;
pub use post::Posted;
pub use record::Recorded;
pub use register::Registrations;
pub use sending::Sent;
pub use status::Standing;
pub use strike::Struck;
pub use submit::Submissions;
pub use sync::Synced;
pub use watch::Watched;

pub fn run(command: &ChainCommand, output: Output) -> Result<Status, CliError> {
    match command {
        ChainCommand::Deploy(args) => deploy::run(args, output),
        ChainCommand::Keys(args) => keys::run(args, output),
        ChainCommand::Open(args) => open::run(args, output),
        ChainCommand::Register(args) => register::run(args, output),
        ChainCommand::RecordRound(args) => record::run(args, output),
        ChainCommand::Submit(args) => submit::run(args, output),
        ChainCommand::Claim(args) => claim::run(args, output),
        ChainCommand::Strike(args) => strike::run(args, output),
        ChainCommand::Status(args) => status::run(args, output),
        ChainCommand::Sync(args) => sync::run(args, output),
        ChainCommand::Post(args) => post::run(args, output),
        ChainCommand::Fund(args) => fund::run(args, output),
        ChainCommand::Pay(args) => pay::run(args, output),
        ChainCommand::Watch(args) => watch::run(args, output),
    }
}
