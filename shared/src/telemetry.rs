//! The log: one line an event on standard output, as JSON for machines or as text for people.
//!
//! Levels below `info` are logged for our own crates only, whatever the filter says. At those levels, libraries log
//! whole requests with tokens and secrets.

use std::fmt;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry};

/// Our own crates, by the names in their events.
const OURS: [&str; 14] = [
    "alert_delivery",
    "alerts",
    "connections",
    "console",
    "local_stack",
    "mappings",
    "psa_products",
    "psa_search",
    "shared",
    "simulators",
    "sync_invoke",
    "sync_runs",
    "sync_schedule",
    "usage_sync",
];

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// An object with `timestamp`, `level`, `message` and the event's fields at the top level, for the queries of log
    /// groups.
    Json,
    /// For a person at a terminal.
    Text,
}

/// The levels to log: one level, or levels by crate such as `info,shared=debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// Reads the notation of `RUST_LOG`.
    ///
    /// # Errors
    /// A message for people, if the text is not a filter.
    pub fn parse(text: &str) -> Result<Self, String> {
        EnvFilter::builder()
            .parse(text)
            .map(|_| Self(text.to_owned()))
            .map_err(|error| format!("is no log filter such as info or info,shared=debug: {error}"))
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogFilter({})", self.0)
    }
}

/// Starts the log of this process: JSON goes to standard output, where Lambda reads it, and text to standard error.
///
/// # Errors
/// The log was started before.
pub fn start(output: Output, filter: &LogFilter) -> Result<(), TryInitError> {
    match output {
        Output::Json => subscriber(output, filter, std::io::stdout).try_init(),
        Output::Text => subscriber(output, filter, std::io::stderr).try_init(),
    }
}

fn subscriber<W>(output: Output, filter: &LogFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match output {
        Output::Json => {
            let layer = tracing_subscriber::fmt::layer().json();
            layer.flatten_event(true).with_span_list(false).with_writer(writer).boxed()
        }
        Output::Text => tracing_subscriber::fmt::layer().with_writer(writer).boxed(),
    };
    Registry::default().with(lines).with(EnvFilter::new(&filter.0)).with(filter_fn(may_be_logged))
}

fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let krate = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || OURS.contains(&krate)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(output: Output, filter: &str, log: impl FnOnce()) -> Vec<String> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let filter = LogFilter::parse(filter).unwrap();
        tracing::subscriber::with_default(subscriber(output, &filter, move || writer.clone()), log);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_is_one_json_object_with_its_fields_and_its_span() {
        let lines = lines(Output::Json, "info", || {
            let _span = tracing::info_span!("invocation", request_id = "r-1").entered();
            tracing::warn!(partner = "p-1", "partner not queued");
        });
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "partner not queued");
        assert_eq!(line["partner"], "p-1");
        assert_eq!(line["span"]["request_id"], "r-1");
    }

    #[test]
    fn the_filter_decides_which_of_our_own_events_are_logged() {
        let log = || {
            tracing::info!("kept");
            tracing::debug!("asked for in one crate");
        };
        assert_eq!(lines(Output::Text, "info", log).len(), 1);
        assert_eq!(lines(Output::Text, "warn,shared=debug", log).len(), 2);
        assert_eq!(lines(Output::Text, "off", log).len(), 0);
    }

    #[test]
    fn no_filter_makes_a_library_log_its_requests() {
        let lines = lines(Output::Text, "trace", || {
            tracing::trace!(target: "aws_smithy_runtime::client", "request with a secret");
            tracing::debug!(target: "hyper_util::client", "header with a token");
            tracing::info!(target: "lambda_runtime", "kept");
        });
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("kept"));
    }
}
