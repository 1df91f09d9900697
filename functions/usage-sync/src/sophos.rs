//! The first stages: the partner's customers and the month's usage, each read once and to its end.
//!
//! Nothing is planned before the last page is stored: an incomplete read would look like usage that vanished.

mod customers;
mod problems;
mod usage;

use shared::domain::run::Stage;
use shared::ports::Connections;

use self::customers::{CustomersBefore, read_customers, read_customers_again};
use self::usage::{UsageBefore, UsagePage, read_usage, read_usage_again};
use crate::context::SliceContext;
use crate::errors::{StageError, of_connection};
use crate::world::World;

/// Reads customers and usage until both are complete or the deadline is near.
pub(crate) async fn read<W: World>(context: &SliceContext<'_, W>) -> Result<(), StageError> {
    let run = context.committer.run();
    let source = context.world.connections().usage_source(run.request.partner).await.map_err(of_connection)?;
    loop {
        let run = context.committer.run();
        if context.is_late() {
            return Ok(());
        }
        context.reads_in_time(&run)?;
        match &run.stage {
            Stage::Customers { page, listed, total, prints } => {
                let before = CustomersBefore { listed: *listed, total: *total, prints };
                read_customers(context, &source, &run, *page, before).await?;
            }
            Stage::CustomersAgain { page, listed, prints } => {
                read_customers_again(
                    context,
                    &source,
                    &run,
                    *page,
                    CustomersBefore { listed: *listed, total: None, prints },
                )
                .await?;
            }
            Stage::Usage { page, key, lines, total, prints } => {
                let page = UsagePage { number: *page, key: key.as_deref() };
                let before = UsageBefore { lines: *lines, total: *total, prints };
                read_usage(context, &source, &run, page, before).await?;
            }
            Stage::UsageAgain { page, key, prints } => {
                let page = UsagePage { number: *page, key: key.as_deref() };
                read_usage_again(context, &source, &run, page, prints).await?;
            }
            Stage::Preview
            | Stage::Agreements { .. }
            | Stage::Products
            | Stage::Check
            | Stage::Sync { .. }
            | Stage::Settle { .. }
            | Stage::Ended => {
                return Ok(());
            }
        }
    }
}
