//! What the server's readings add to the rules for a record, and what they take away.

use serde_json::Value;

use super::conditions::to_decimal;
use super::dates;
use super::records::{Collection, Row};
use super::refusal::FieldError;
use super::settings::wire::{Doubtful, Identifiers, WireReadings};
use super::state::{State, reference_id};
use super::validate::Candidate;

/// A record about to be stored, and what it was.
pub(super) struct Doubts<'a> {
    pub(super) state: &'a State,
    pub(super) wire: &'a WireReadings,
    pub(super) candidate: &'a Candidate<'a>,
    /// The record that a PATCH changes.
    pub(super) before: Option<&'a Row>,
}

impl Doubts<'_> {
    /// Whether this server takes the record all the same.
    pub(super) fn waive(&self, error: &FieldError) -> bool {
        match error.code {
            "ObjectExists" => match self.wire.identifiers {
                Identifiers::Unique => false,
                Identifiers::UniqueByLetter => !self.has_twin(&error.field),
                Identifiers::Shared => true,
            },
            "NotFound" => error.field == "product" && self.keeps_its_product(),
            _ => false,
        }
    }

    /// What this server refuses besides.
    pub(super) fn more(&self) -> Vec<FieldError> {
        if self.candidate.collection != Collection::Additions {
            return Vec::new();
        }
        let row = self.candidate.row;
        let date = |field: &str| row.get(field).and_then(Value::as_str).and_then(dates::parse);
        let ends_first = date("effectiveDate").zip(date("cancelledDate")).is_some_and(|(begin, end)| end < begin);
        let quantity = row.get("quantity").and_then(Value::as_number).and_then(to_decimal).unwrap_or_default();
        let refused = |reading: Doubtful, is: bool| reading == Doubtful::Refused && is;
        let mut errors = Vec::new();
        if refused(self.wire.cancelled_before_effective, ends_first) {
            let message = "The cancelled date must not be before the effective date.";
            errors.push(FieldError::out_of_range("addition", "cancelledDate", message));
        }
        if refused(self.wire.negative_quantity, quantity.is_sign_negative() && !quantity.is_zero()) {
            errors.push(FieldError::out_of_range("addition", "quantity", "The quantity must not be negative."));
        }
        errors
    }

    /// Whether another record has the very same value, letter by letter.
    fn has_twin(&self, field: &str) -> bool {
        let value = self.candidate.row.get(field);
        let mut others = self.state.rows(self.candidate.collection, 0).filter(|(id, _)| self.candidate.id != Some(*id));
        others.any(|(_, row)| row.get(field) == value)
    }

    /// Whether a change leaves an addition with the product that it had, which is no longer fit for one.
    fn keeps_its_product(&self) -> bool {
        let product = reference_id(self.candidate.row, "product");
        let same = self.before.is_some_and(|before| reference_id(before, "product") == product);
        let there = product.is_some_and(|id| self.state.row(Collection::Catalog, 0, id).is_some());
        self.candidate.collection == Collection::Additions
            && self.wire.unusable_product == Doubtful::Taken
            && same
            && there
    }
}
