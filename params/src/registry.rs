//! What a contributor gives the registry about data, and what the registry checks of it (PROTOCOL section 9):
//! a [`Request`], [`Evidence`] that ties the upload to it, and the [`Message`] that its contributor signs.
//!
//! The registry computes the digest and assigns the round: a contributor names neither. How all this is
//! written, and whose a signature is, is for `fairshare_formats` to say.

mod policy;
mod request;
mod typed_data;
mod unsigned;
mod upload;

pub use policy::NotTaken;
pub use request::{Request, RequestError};
pub use typed_data::{Domain, Message, ReceiptMessage};
pub use unsigned::{Evidence, Unsigned, UnsignedError};
pub use upload::{
    CHUNK_BYTES, Chunk, MAX_PATH_NODES, MAX_UPLOAD_BYTES, PathError, Tree, check_path, first_chunk,
    padded_chunks, path_nodes,
};
