//! Writing to one agreement: what is about to be sent is stored first, and an unknown result is read back, not guessed.

mod batch;
mod cancel;
mod outcome;
mod permits;
mod persist;
mod prepared;
mod response;
mod writer;

pub(crate) use batch::Progress;
pub(crate) use outcome::{AdditionOutcome, AdditionOutcomes};
pub(crate) use persist::Closing;
pub(crate) use writer::{AgreementBasis, WriteTarget, Writer};
