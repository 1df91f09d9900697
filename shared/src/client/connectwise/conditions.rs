//! Conditions that contain a person's text. No other code puts such a text into a condition.
//!
//! The text becomes one literal in quotes that it does not contain, so that its end does not depend on the server's
//! rules for escapes (the vendor documents none). A text that contains both kinds of quotes is refused.

use crate::domain::id::CompanyId;
use crate::domain::search::{SearchText, Unquotable, quote_for};
use crate::error::PsaError;

struct Literal(String);

impl Literal {
    fn of(text: &str) -> Result<Self, Unquotable> {
        quote_for(text).map(|quote| Self(format!("{quote}{text}{quote}")))
    }
}

/// Active products that contain the text in their identifier or description.
///
/// `contains` rather than `like`, because `%`, `*`, `_` and `[` are ordinary characters to it. The reader leaves out
/// products of class Bundle: a condition on the class would also drop products without a class.
pub(super) fn products_with(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("inactiveFlag=false and (identifier contains {text} or description contains {text})"))
}

/// Active products whose identifier or description is the text.
pub(super) fn products_called(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("inactiveFlag=false and (identifier={text} or description={text})"))
}

/// Companies that are not deleted and contain the text in their name or identifier.
pub(super) fn companies_with(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("deletedFlag=false and (name contains {text} or identifier contains {text})"))
}

/// Companies that are not deleted and whose name or identifier is the text.
pub(super) fn companies_called(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("deletedFlag=false and (name={text} or identifier={text})"))
}

/// The product with this identifier, active or not.
pub(super) fn product_identified(identifier: &str) -> Result<String, PsaError> {
    let Literal(text) = literal(identifier)?;
    Ok(format!("identifier={text}"))
}

/// Products, active or not, with this key: the vendor's or manufacturer's number, or the key in another system.
pub(super) fn products_keyed(key: &str) -> Result<String, PsaError> {
    let Literal(text) = literal(key)?;
    Ok(format!("vendorSku={text} or manufacturerPartNumber={text} or integrationXRef={text}"))
}

pub(super) fn agreements_of(company: CompanyId) -> String {
    format!("company/id={company}")
}

fn literal(text: &str) -> Result<Literal, PsaError> {
    Literal::of(text).map_err(|why| PsaError::NotSent { why: why.to_string() })
}
