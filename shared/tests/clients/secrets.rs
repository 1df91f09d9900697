//! No error, `Debug` form or log line contains a secret, whatever a server answers.

use std::io;
use std::sync::{Arc, Mutex};

use rust_decimal::Decimal;
use shared::domain::month::UsageMonth;
use shared::ports::{Psa, UsageSource};
use tracing::subscriber::set_default;
use tracing_subscriber::fmt::MakeWriter;
use wiremock::ResponseTemplate;

use crate::served::{agreement, connectwise, json, sophos};

/// Collects the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_error_and_no_log_line_contains_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _guard = set_default(subscriber.finish());
    let mut shown = String::new();
    for status in [200, 204, 307, 400, 401, 403, 404, 408, 429, 500, 503] {
        let (_server, client) = connectwise(ResponseTemplate::new(status)).await;
        let read = client.list_additions(agreement()).await.unwrap_err();
        let write = client.set_quantity(agreement(), 31.try_into().unwrap(), Decimal::ONE).await;
        shown += &format!("{client:?} {read} {read:?} {write:?}");
        let (_server, client) = sophos(json(status, r#"{"error":"E","correlationId":"seen"}"#)).await;
        let usage = client.list_usage(UsageMonth::parse("2026-11").unwrap(), None).await;
        shown += &format!("{client:?} {usage:?}");
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("seen") && logged.contains("a ConnectWise call failed"), "nothing was logged: {logged}");
    // Requests carry the keys as base64 of acme+canary-public:canary-private.
    for secret in ["canary", "YWNtZStjYW5hcnk", "Y2FuYXJ5"] {
        assert!(!logged.contains(secret), "{secret} in the log: {logged}");
        assert!(!shown.contains(secret), "{secret} in an error: {shown}");
    }
}
