//! What can be said to `cargo dev -- --live`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use shared::domain::id::RunId;
use shared::domain::month::UsageMonth;
use shared::domain::usage::Reading;

/// What asks for real services.
const ASKED: &str = "--live";

/// What `--help` says below the options.
const KEYS: &str = "\
Keys are taken from the environment, else from the folder of --data where they are kept sealed, else asked for on the
terminal; they are never an argument:
  CONNECTWISE_SITE         the host of ConnectWise, such as na.myconnectwise.net
  CONNECTWISE_COMPANY      the company id that is typed at sign-in
  CONNECTWISE_PUBLIC_KEY   the public and the private key of an API member
  CONNECTWISE_PRIVATE_KEY
  CONNECTWISE_CLIENT_ID    the client id of developer.connectwise.com
  SOPHOS_CLIENT_ID         API credentials made in Sophos Central Partner
  SOPHOS_CLIENT_SECRET
  TIME_ZONE                where the partner bills, such as Europe/Rome

Other variables:
  SSL_CERT_FILE            authorities to trust instead of the system's, as PEM
  PSA_ALLOWED_HOSTS        as --psa-host, with commas in between
  NO_COLOR                 no colours; without a terminal there are none
For simulators only: PSA_ALLOW_LOOPBACK=true, SOPHOS_SIGN_IN_URL, SOPHOS_API_URL.

Exit codes: 0 done; 1 done, and something failed or needs your decision; 2 could not be done; 130 stopped by Ctrl-C.";

/// Works with a real ConnectWise and a real Sophos Central: tests the connections, shows customers and products with
/// suggestions, and previews the month. Nothing is written to ConnectWise without --apply.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo dev -- --live", bin_name = "cargo dev -- --live", version, disable_version_flag = true, after_help = KEYS)]
pub struct LiveArgs {
    /// After the preview, ask, and write exactly what it shows.
    #[arg(long)]
    pub apply: bool,
    /// Take yes for the answer to --apply: for scripts.
    #[arg(long, global = true)]
    pub yes: bool,
    /// Print one JSON document instead of tables; progress goes to standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// The usage month; the present one by default.
    #[arg(long, global = true, value_name = "YYYY-MM", value_parser = UsageMonth::parse)]
    pub month: Option<UsageMonth>,
    /// Where the table and the local key are kept.
    #[arg(long, global = true, value_name = "DIR", default_value = ".local/live")]
    pub data: PathBuf,
    /// A ConnectWise host of your own to allow beside the vendor's cloud, with its port where it is not 443.
    #[arg(long, global = true, value_name = "HOST")]
    pub psa_host: Vec<String>,
    /// What is logged on standard error, such as info or usage_sync=debug.
    #[arg(long, global = true, value_name = "FILTER", default_value = "error")]
    pub log: String,
    /// One step alone.
    #[command(subcommand)]
    pub command: Option<LiveCommand>,
}

/// One step alone.
#[derive(Clone, Debug, Subcommand)]
pub enum LiveCommand {
    /// Test both connections, and save them.
    Connect,
    /// List the Sophos customers and where they are billed.
    Customers {
        /// Only those with this text in their name, company or agreement.
        text: Option<String>,
        /// Only those that are not mapped, with companies that they may be.
        #[arg(long)]
        unmapped: bool,
    },
    /// List the Sophos products and what they are mapped to.
    Products {
        /// Only those with this text in their code or description.
        text: Option<String>,
        /// Only those that are not mapped, with ConnectWise products that they may be.
        #[arg(long)]
        unmapped: bool,
    },
    /// Find ConnectWise companies by a text of two characters or more.
    Companies { text: String },
    /// List the agreements of a ConnectWise company.
    Agreements {
        /// The company: its id, name or identifier.
        company: String,
    },
    /// Find ConnectWise products by a text of two characters or more.
    PsaProducts { text: String },
    /// Map a Sophos customer to a company and one of its agreements.
    MapCustomer {
        /// The customer: its name or Sophos' id.
        customer: String,
        /// The ConnectWise company: its id, name or identifier.
        #[arg(long)]
        company: String,
        /// The agreement: its id or name.
        #[arg(long)]
        agreement: String,
    },
    /// Remove a customer's mapping; ConnectWise goes on billing what it has.
    UnmapCustomer {
        /// The customer: its name or Sophos' id.
        customer: String,
    },
    /// Map a Sophos product to a ConnectWise product.
    MapProduct {
        /// The Sophos product's code.
        code: String,
        /// The ConnectWise product: its id or identifier.
        #[arg(long)]
        product: String,
        /// How several Sophos products on this ConnectWise product become one quantity.
        #[arg(long)]
        combine: Option<Combine>,
    },
    /// Remove a product's mapping; ConnectWise goes on billing what it has.
    UnmapProduct {
        /// The Sophos product's code.
        code: String,
    },
    /// Show what would be written, and write nothing.
    Preview,
    /// Write exactly what a preview showed: the newest, or the one that is named.
    Apply {
        #[arg(value_parser = RunId::parse)]
        preview: Option<RunId>,
    },
    /// List the newest runs.
    Runs,
    /// Show what became of every customer and product in a run: the newest, or the one that is named.
    Lines {
        #[arg(value_parser = RunId::parse)]
        run: Option<RunId>,
    },
    /// Show the usage lines of a customer in a run, as Sophos sent them: the newest run, or the one that is named.
    UsageLines {
        /// The customer: its name or Sophos' id.
        customer: String,
        /// Only those of this Sophos product.
        #[arg(long)]
        product: Option<String>,
        #[arg(long, value_parser = RunId::parse)]
        run: Option<RunId>,
    },
    /// List what needs your decision.
    Holds,
    /// Let what is held be written by the next preview that is applied.
    Release {
        #[command(flatten)]
        hold: Held,
        /// How its usage lines are read, where holds lists several readings.
        #[arg(long)]
        reading: Option<ReadAs>,
    },
    /// Keep what ConnectWise has for this usage month.
    Reject {
        #[command(flatten)]
        hold: Held,
    },
    /// Call any route of the HTTP API, in this process; what creates or edits a ConnectWise product does so at once.
    Call {
        /// GET, POST, PUT, PATCH or DELETE.
        method: String,
        /// The path with its query, such as /v1/edits?pageSize=5.
        path: String,
        /// Read the JSON body from standard input.
        #[arg(long)]
        body: bool,
        /// What the change is based on: an ETag, or *.
        #[arg(long, value_name = "ETAG")]
        if_match: Option<String>,
    },
}

/// Which hold, and why it is decided so.
#[derive(Clone, Debug, clap::Args)]
pub struct Held {
    /// The customer: its name or Sophos' id.
    pub customer: String,
    /// The id of the ConnectWise product.
    pub product: u32,
    /// Why, for whoever asks later.
    #[arg(long)]
    pub why: String,
}

/// How usage lines become a quantity that say more than one thing.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ReadAs {
    /// Every line counts once.
    CountOnce,
    /// All lines are added up.
    AddUp,
    /// The largest sum on any one day.
    LargestOnOneDay,
    /// Those that end last.
    LastPeriod,
}

impl ReadAs {
    pub(super) const fn of(reading: Reading) -> Self {
        match reading {
            Reading::CountOnce => Self::CountOnce,
            Reading::AddUp => Self::AddUp,
            Reading::LargestOnOneDay => Self::LargestOnOneDay,
            Reading::LastPeriod => Self::LastPeriod,
        }
    }

    pub(super) const fn reading(self) -> Reading {
        match self {
            Self::CountOnce => Reading::CountOnce,
            Self::AddUp => Reading::AddUp,
            Self::LargestOnOneDay => Reading::LargestOnOneDay,
            Self::LastPeriod => Reading::LastPeriod,
        }
    }
}

/// How the parts of a combined product become one quantity.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Combine {
    /// The sum of the parts.
    AddUp,
    /// The largest of the parts.
    TakeLargest,
}

impl Combine {
    /// The word of the API.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::AddUp => "addUp",
            Self::TakeLargest => "takeLargest",
        }
    }
}

impl LiveArgs {
    /// The arguments without `--live`, wherever it stands; none where it does not.
    #[must_use]
    pub fn asked_for(words: impl IntoIterator<Item = OsString>) -> Option<Vec<OsString>> {
        let all: Vec<OsString> = words.into_iter().collect();
        let rest: Vec<OsString> = all.iter().filter(|word| *word != ASKED).cloned().collect();
        (rest.len() < all.len()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        LiveArgs::command().debug_assert();
    }

    #[test]
    fn live_is_found_wherever_it_stands_and_taken_away() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(LiveArgs::asked_for(words("dev --json --live runs")), Some(words("dev --json runs")));
        assert_eq!(LiveArgs::asked_for(words("dev --json runs")), None);
    }
}
