//! The edits of a save of connections or settings.

use serde::Serialize;
use serde_json::Value;

use super::item::to_json;
use crate::domain::settings::Settings;
use crate::error::StoreError;
use crate::store::{Author, Edit, SavedAlertSettings, SavedConnections, ShownConnections, Subject};

/// What a person changed of the connections: a half of which only the test is new was not edited.
pub(super) fn edits_of_connections(
    author: &Author,
    before: Option<&SavedConnections>,
    after: &ShownConnections,
) -> Result<Vec<Edit>, StoreError> {
    let none = ShownConnections::default();
    let before = before.map_or(&none, |saved| &saved.shown);
    let mut edits = Vec::new();
    let by_connectwise = |shown: &ShownConnections| shown.connectwise.as_ref().map(|half| half.saved.clone());
    if by_connectwise(before) != by_connectwise(after) {
        edits.push(edit(author, Subject::ConnectWiseConnection, &before.connectwise, &after.connectwise)?);
    }
    let by_sophos = |shown: &ShownConnections| shown.sophos.as_ref().map(|half| half.saved.clone());
    if by_sophos(before) != by_sophos(after) {
        edits.push(edit(author, Subject::SophosConnection, &before.sophos, &after.sophos)?);
    }
    Ok(edits)
}

/// The edit of a save of settings.
pub(super) fn edit_of_settings(
    author: &Author,
    before: Option<&Settings>,
    after: &Settings,
) -> Result<Edit, StoreError> {
    edit(author, Subject::Settings, &before, &Some(after))
}

/// The edit of a save of alert settings. A new secret alone shows by who saved the webhook.
pub(super) fn edit_of_alerts(
    author: &Author,
    before: Option<&SavedAlertSettings>,
    after: &SavedAlertSettings,
) -> Result<Edit, StoreError> {
    edit(author, Subject::Alerts, &before.map(|saved| &saved.settings), &Some(&after.settings))
}

fn edit<T: Serialize>(
    author: &Author,
    subject: Subject,
    before: &Option<T>,
    after: &Option<T>,
) -> Result<Edit, StoreError> {
    Ok(Edit {
        at: author.at,
        who: author.who.clone(),
        subject,
        before: before.as_ref().map(value).transpose()?,
        after: after.as_ref().map(value).transpose()?,
        note: author.note.clone(),
    })
}

fn value<T: Serialize>(shown: &T) -> Result<Value, StoreError> {
    let text = to_json("an edit", shown)?;
    serde_json::from_str(&text).map_err(|error| StoreError::Refused { why: error.to_string() })
}
