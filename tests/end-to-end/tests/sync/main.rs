//! The main job, end to end: what runs write to a simulated ConnectWise, and what they must never do.

mod main_job;
mod sentences;
mod trust;
