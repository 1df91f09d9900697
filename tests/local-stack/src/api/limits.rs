//! The counters of limits, forgotten between the many requests of a test that is about something else.

use shared::domain::id::PartnerId;
use shared::error::StoreError;
use shared::table::{Key, Query, Range, SORT_KEY, Table, Write};

/// Forgets how often a partner has done what is limited.
///
/// # Errors
/// Those of the table.
pub async fn forget_limits(table: &impl Table, partner: PartnerId) -> Result<(), StoreError> {
    let partition = format!("P#{partner}#L");
    let page = table.query(Query::of(partition.as_str(), Range::All)).await?;
    for entry in page.entries {
        let Some(sort) = entry.get(SORT_KEY).and_then(|sort| sort.as_text()) else { continue };
        table.write(Write::delete(Key::new(partition.as_str(), sort))).await.map_err(StoreError::from)?;
    }
    Ok(())
}
