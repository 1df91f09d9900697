//! Limits of what costs others something: each is counted before it happens.

use jiff::Timestamp;

use super::catalogue::ProblemCode;
use super::language::Text;
use super::problem::Problem;
use crate::domain::id::PartnerId;
use crate::store::{Counted, Limited, Store};
use crate::table::Table;

/// Counts one more for a partner, at the time `now`.
///
/// # Errors
/// `limitReached`, with the time of the next hour in `Retry-After`.
pub async fn count(
    store: &Store<impl Table>,
    partner: PartnerId,
    limited: Limited,
    now: Timestamp,
) -> Result<Counted, Problem> {
    store.count(partner, limited, now).await?.map_err(|reached| {
        let wait = reached.until.as_second().saturating_sub(now.as_second()).max(1);
        let problem = Problem::new(ProblemCode::LimitReached).detail(sentence(limited));
        problem.retry_after_s(u64::try_from(wait).unwrap_or(1))
    })
}

fn sentence(limited: Limited) -> Text {
    let (english, italian) = match limited {
        Limited::ConnectWiseTests => ("tests of the ConnectWise connection", "test della connessione a ConnectWise"),
        Limited::SophosTests => ("tests of the Sophos connection", "test della connessione a Sophos"),
        Limited::WrongKeys => ("attempts with wrong keys", "tentativi con chiavi errate"),
        Limited::Previews => ("previews", "anteprime"),
        Limited::Runs => ("syncs started by hand", "sincronizzazioni avviate a mano"),
        Limited::Imports => ("imports", "importazioni"),
        Limited::TestAlerts => ("test alerts", "avvisi di prova"),
        Limited::IdempotencyKeys => ("requests with a new Idempotency-Key", "richieste con una nuova Idempotency-Key"),
    };
    let most = limited.an_hour();
    Text::new(
        format!("At most {most} {english} are accepted within an hour."),
        format!("Si accettano al massimo {most} {italian} all'ora."),
    )
}
