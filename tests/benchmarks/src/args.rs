//! What can be said to `cargo scale`.

use clap::{Parser, Subcommand, ValueEnum};

use super::rivals;
use local_stack::demo::{Demo, Size, TypedIn};

/// Measures whole runs of large partners against 150 ms of latency: calls, wall time, peak memory of the worker.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo scale", version, disable_version_flag = true)]
pub struct Args {
    /// What to measure; everything by default.
    #[arg(value_enum, value_name = "PART")]
    parts: Vec<Part>,
    /// What is logged on standard error, such as info or usage_sync=debug.
    #[arg(long, global = true, value_name = "FILTER", default_value = "error")]
    pub log: String,
    /// Another benchmark, or what another process of one is for.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// A run to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// 1,000 × 10: a preview of a partner that has no additions yet.
    Preview,
    /// 1,000 × 10: the apply of that preview, which creates every addition.
    Apply,
    /// 1,000 × 10: a sync, with nothing to write once all was applied.
    Sync,
    /// 1,000 × 10: a sync that ConnectWise limits to 900 calls a minute.
    Limited,
    /// 5,000 × 30: a preview of a partner whose additions were all typed in.
    Large,
}

impl Part {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Apply => "first apply",
            Self::Sync => "sync",
            Self::Limited => "sync, 900 calls/min",
            Self::Large => "preview, large",
        }
    }
}

/// Another benchmark, and what the other processes are for.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// The same work done by what others would use, side by side with ours: calls, wall time, what went wrong.
    Rivals(rivals::Options),
    /// Serves the simulators and the table until standard input closes.
    #[command(hide = true)]
    World(Plain),
    /// Serves the simulators and the table, and answers questions, until standard input closes.
    #[command(hide = true)]
    RivalsWorld(Plain),
    /// Carries out the run that standard input asks for.
    #[command(hide = true)]
    Worker,
}

/// What a world is made from: a partner of ordinary customers, each of whom uses every product.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Plain {
    /// How many Sophos customers.
    #[arg(long)]
    pub(super) customers: usize,
    /// How many Sophos products.
    #[arg(long)]
    pub(super) products: usize,
    /// Every addition was typed in; otherwise none.
    #[arg(long)]
    pub(super) typed_in: bool,
}

impl Plain {
    pub(super) fn demo(self) -> Demo {
        let size = Size { customers: self.customers, products: self.products, ..Size::default() };
        Demo::plain(size, if self.typed_in { TypedIn::Everything } else { TypedIn::Nothing })
    }

    /// What the process of a world is started with.
    pub(super) fn arguments(self, kind: &str) -> Vec<String> {
        let mut arguments =
            vec![kind.to_owned(), format!("--customers={}", self.customers), format!("--products={}", self.products)];
        if self.typed_in {
            arguments.push("--typed-in".to_owned());
        }
        arguments
    }
}

impl Args {
    /// What was asked for. An apply needs its preview, and a sync writes nothing only when it comes after the apply.
    pub(super) fn parts(&self) -> Vec<Part> {
        let all = Part::value_variants();
        let asked = |part: Part| self.parts.is_empty() || self.parts.contains(&part);
        let needs_apply = asked(Part::Apply) || asked(Part::Sync);
        let needed = |part: &Part| match part {
            Part::Preview | Part::Apply => needs_apply || asked(*part),
            Part::Sync | Part::Limited | Part::Large => asked(*part),
        };
        all.iter().copied().filter(needed).collect()
    }
}
