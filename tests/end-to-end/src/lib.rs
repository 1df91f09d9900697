//! What only the end-to-end tests need: workers that can be killed, and the roles of the template.

pub mod killable;
pub mod rights;
