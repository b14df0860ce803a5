//! Audits of archives: of honest histories nothing is found, of every alteration what was altered.

mod alterations;
mod among;
mod broken;
mod edits;
mod history;
mod honest;
mod reports;
