//! The main job, end to end: the functions on the local stack, over the real protocols, against both simulators.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod again;
mod applied;
mod awkward;
mod bad_input;
mod calls;
mod decisions;
mod every_outcome;
mod folder;
mod follow_ups;
mod former;
mod landing;
mod late;
mod left;
mod lost_answers;
mod months;
mod new_month;
mod other_quantities;
mod overlap;
mod passing_refusals;
mod readings;
mod seen;
mod slices;
mod started;
mod steady;
mod terms;
mod throttled;
mod tick;
mod twice;
mod vendor_bounds;
