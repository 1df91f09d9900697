//! `cargo dev -- --live` as a stranger runs it: the program as a process of its own, told by its environment, a terminal
//! and files alone, against services over https whose certificates are of an authority that only a file vouches for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod decided;
mod first_hour;
mod folder;
mod interrupted;
mod keys;
mod named;
mod scripts;
mod served;
mod services;
mod terminal;
mod usage_lines;
