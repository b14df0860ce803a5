//! The commands, one file each: what is asked for, and what is printed. What they do is in the libraries.

pub mod account;
pub mod audit;
pub mod bench;
pub mod chain;
pub mod commit;
pub mod demo;
pub mod draft;
pub mod params;
pub mod policy;
pub mod prove;
pub mod register;
pub mod schema;
pub mod score;
pub mod service;
pub mod upload;
pub mod vault;
pub mod verify;
