//! `console` as a Lambda: settings, log, run.

use console::{Page, app};
use lambda_http::{Error, run};
use shared::config::Console;
use shared::telemetry::{self, Output};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = Console::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    run(app(Page::new(&settings)?)).await
}
