//! What can be said to `cargo dev`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use shared::domain::month::UsageMonth;

use super::faults::Faults;
use super::readings::Readings;
use crate::demo::Size;

/// Carries a made-up partner's Sophos usage into a simulated ConnectWise: previews it, applies the preview, shows what
/// became of every pair, and goes on serving until Ctrl-C.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo dev --", bin_name = "cargo dev --", version, disable_version_flag = true)]
pub struct Args {
    /// End after the sync: exit code 0 if only the failures that the demo contains occurred.
    #[arg(long)]
    pub once: bool,
    /// Print the run and its ledger as JSON instead of tables.
    #[arg(long)]
    pub json: bool,
    /// How many Sophos customers the partner has; from 38 on with all awkward cases.
    #[arg(long, value_name = "N", default_value_t = Size::default().customers, value_parser = at_least_one)]
    pub customers: usize,
    /// How many Sophos products it resells; from 24 on with all awkward cases.
    #[arg(long, value_name = "N", default_value_t = Size::default().products, value_parser = at_least_one)]
    pub products: usize,
    /// What everything random follows from.
    #[arg(long, value_name = "S", default_value_t = Size::default().seed)]
    pub seed: u64,
    /// The usage month; the present one by default.
    #[arg(long, value_name = "YYYY-MM", value_parser = UsageMonth::parse)]
    pub month: Option<UsageMonth>,
    /// Where the table, ConnectWise and the local key are kept.
    #[arg(long, value_name = "DIR", default_value = ".local")]
    pub data: PathBuf,
    /// Start over: delete what the folder of --data holds from earlier starts.
    #[arg(long)]
    pub fresh: bool,
    /// What is logged on standard error, such as info or usage_sync=debug.
    #[arg(long, value_name = "FILTER", default_value = "error")]
    pub log: String,
    /// Work with a real ConnectWise and a real Sophos Central instead; --live --help says how.
    #[arg(long)]
    pub live: bool,
    /// Serve the HTTP API or one simulator alone instead.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to serve alone.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// The HTTP API with the partner's mappings, no run before it; prints its address, a token and calls to try.
    Api {
        /// The port on 127.0.0.1; 0 takes a free one.
        #[arg(long, default_value_t = 9012)]
        port: u16,
    },
    #[command(flatten)]
    Simulator(Simulator),
}

/// A simulator to serve alone.
#[derive(Clone, Debug, Subcommand)]
pub enum Simulator {
    /// The ConnectWise PSA simulator, with a small standing data set.
    Connectwise {
        /// The port on 127.0.0.1; 0 takes a free one.
        #[arg(long, default_value_t = 9010)]
        port: u16,
        /// How it is served.
        #[command(flatten)]
        transport: Transport,
        /// How it reads what the vendor leaves open.
        #[command(flatten)]
        readings: Readings,
        /// What goes wrong.
        #[command(flatten)]
        faults: Faults,
    },
    /// The Sophos Central simulator, with a small standing data set.
    Sophos {
        /// The port on 127.0.0.1; 0 takes a free one.
        #[arg(long, default_value_t = 9011)]
        port: u16,
        /// How it is served.
        #[command(flatten)]
        transport: Transport,
        /// What goes wrong.
        #[command(flatten)]
        faults: Faults,
    },
}

/// http, or https with a certificate that is signed by a new authority.
#[derive(Clone, Debug, clap::Args)]
pub struct Transport {
    /// Serve https with a throw-away authority, and write its certificate, for clients to trust, to this file.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = ".local/simulator-ca.pem")]
    pub tls: Option<PathBuf>,
}

impl Args {
    /// What the partner is made from.
    #[must_use]
    pub const fn size(&self) -> Size {
        Size { seed: self.seed, customers: self.customers, products: self.products }
    }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=100_000) => Ok(number),
        Ok(_) | Err(_) => Err("expected a whole number from 1 to 100000".into()),
    }
}
