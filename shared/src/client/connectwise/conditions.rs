//! Conditions with a person's text in them: the only place where such a text becomes part of one.
//!
//! A text stands in a condition as one literal between quotes that it lacks, so that its end is in no doubt whatever the
//! server takes for an escape (the vendor documents none). A text for which that cannot be done is refused.

use crate::domain::id::CompanyId;
use crate::domain::search::{SearchText, Unquotable, quote_for};
use crate::error::PsaError;

/// A text as one literal of a condition.
struct Literal(String);

impl Literal {
    fn of(text: &str) -> Result<Self, Unquotable> {
        quote_for(text).map(|quote| Self(format!("{quote}{text}{quote}")))
    }
}

/// The products that are active and contain the text in their identifier or description.
///
/// `contains` and not `like`: to it, `%`, `*`, `_` and `[` are letters. Products of class Bundle are left out by the
/// reader: a comparison with the class would also lose those whose class is unset.
pub(super) fn products_with(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("inactiveFlag=false and (identifier contains {text} or description contains {text})"))
}

/// The products that are active and have the text as their identifier or description.
pub(super) fn products_called(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("inactiveFlag=false and (identifier={text} or description={text})"))
}

/// The companies that are not deleted and contain the text in their name or identifier.
pub(super) fn companies_with(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("deletedFlag=false and (name contains {text} or identifier contains {text})"))
}

/// The companies that are not deleted and have the text as their name or identifier.
pub(super) fn companies_called(text: &SearchText) -> Result<String, PsaError> {
    let Literal(text) = literal(text.as_str())?;
    Ok(format!("deletedFlag=false and (name={text} or identifier={text})"))
}

/// The product with this identifier, active or not.
pub(super) fn product_identified(identifier: &str) -> Result<String, PsaError> {
    let Literal(text) = literal(identifier)?;
    Ok(format!("identifier={text}"))
}

/// The products with this number of their vendor or manufacturer, or this key in another system; active or not.
pub(super) fn products_keyed(key: &str) -> Result<String, PsaError> {
    let Literal(text) = literal(key)?;
    Ok(format!("vendorSku={text} or manufacturerPartNumber={text} or integrationXRef={text}"))
}

/// The agreements of a company.
pub(super) fn agreements_of(company: CompanyId) -> String {
    format!("company/id={company}")
}

fn literal(text: &str) -> Result<Literal, PsaError> {
    Literal::of(text).map_err(|why| PsaError::NotSent { why: why.to_string() })
}
