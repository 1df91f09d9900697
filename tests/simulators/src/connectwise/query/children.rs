//! `childConditions`: what the members of a record's lists are.

use std::borrow::Cow;

use serde_json::Value;

use super::{check, known};
use crate::connectwise::conditions::{Condition, Names, Path, holds};
use crate::connectwise::records::Collection;
use crate::connectwise::refusal::Refusal;
use crate::connectwise::settings::wire::WireReadings;
use crate::connectwise::view::View;

/// Reads the parameter; a field that is no list is refused.
pub(super) fn read(collection: Collection, text: &str, wire: &WireReadings) -> Result<Condition, Refusal> {
    let condition = super::read(text, wire)?;
    for term in condition.terms() {
        let place = known(collection, &term.path.0)?;
        if !check::in_list(&place) {
            return Err(Refusal::unknown_name(&term.path.0));
        }
    }
    Ok(condition)
}

/// Whether one member of the list fits the whole condition; of a condition on several lists, each term by itself.
pub(super) fn hold(condition: &Condition, view: &View<'_>, wire: &WireReadings) -> bool {
    let mut lists = condition.terms().into_iter().map(|term| term.path.0.split_once('/').map(|(list, _)| list));
    let first = lists.next().flatten();
    let Some(list) = first.filter(|first| lists.all(|list| list.is_some_and(|list| list.eq_ignore_ascii_case(first))))
    else {
        return holds(condition, view, wire);
    };
    let members = view.row.iter().find(|(name, _)| name.eq_ignore_ascii_case(list));
    let members = members.and_then(|(_, members)| members.as_array());
    members.into_iter().flatten().any(|member| holds(condition, &Member(member), wire))
}

/// A member of a list, whose fields are named with the list's name in front.
struct Member<'a>(&'a Value);

impl Names for Member<'_> {
    fn values(&self, path: &Path) -> Vec<Cow<'_, Value>> {
        let name = path.0.split_once('/').map_or("", |(_, name)| name);
        let mut fields = self.0.as_object().into_iter().flatten();
        let value = fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        vec![value.map_or(Cow::Owned(Value::Null), Cow::Borrowed)]
    }
}
