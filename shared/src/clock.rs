//! The wall clock. No other code asks for the time.

use jiff::Timestamp;

use crate::ports::Clock;

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one adapter that reads the wall clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
