//! The write protocol in a simulated world: thousands of schedules in which everything goes wrong, and none bills wrong.

mod guards;
mod points;
mod schedules;
