//! The wall clock: the only place that asks what time it is.

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
