//! The form of a product, as it is sent: what is there is what is to be written, and nothing else.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use shared::domain::catalogue::{InvalidValue, ProductField, ProductValue, ProductValues};
use shared::domain::id::{CategoryId, ProductTypeId, SubcategoryId, UnitId};
use shared::http::{FieldError, Problem, ProblemCode, Text};
use utoipa::ToSchema;

use crate::view::PsaProductClass;

/// The two forms have the same fields; a new product must have some of them.
macro_rules! form {
    ($(#[$about:meta])* $name:ident, $required:tt, $check:path) => {
        $(#[$about])*
        #[derive(Clone, Debug, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(crate) struct $name {
            /// How the staff know it; unique in ConnectWise. Servers before 2025.1 take 60 characters.
            #[serde(default, deserialize_with = "sent")]
            #[schema(required = $required, nullable = false, min_length = 1, max_length = 75)]
            identifier: Option<String>,
            /// What it is, in short.
            #[serde(default, deserialize_with = "sent")]
            #[schema(required = $required, nullable = false, min_length = 1, max_length = 60)]
            description: Option<String>,
            /// What invoices print. The vendor of the usage warns against changing it once a product is synced.
            #[serde(default, deserialize_with = "sent")]
            #[schema(required = $required, nullable = false, min_length = 1, max_length = 6000)]
            customer_description: Option<String>,
            /// Its category.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, value_type = Option<i64>, minimum = 1, maximum = 2147483647)]
            category_id: Option<CategoryId>,
            /// Its subcategory.
            #[serde(default, deserialize_with = "sent")]
            #[schema(required = $required, nullable = false, value_type = Option<i64>, minimum = 1, maximum = 2147483647)]
            subcategory_id: Option<SubcategoryId>,
            /// Its type.
            #[serde(default, deserialize_with = "sent")]
            #[schema(required = $required, nullable = false, value_type = Option<i64>, minimum = 1, maximum = 2147483647)]
            type_id: Option<ProductTypeId>,
            /// Its class; `NonInventory` where a new product names none.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false)]
            class: Option<PsaProductClass>,
            /// Its unit of measure.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, value_type = Option<i64>, minimum = 1, maximum = 2147483647)]
            unit_id: Option<UnitId>,
            /// The catalogue price of one: a decimal text. Additions that exist keep theirs when it changes.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, pattern = r"^[0-9]{1,9}(\.[0-9]{1,6})?$", example = "4.50")]
            price: Option<String>,
            /// What one costs the partner: a decimal text.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, pattern = r"^[0-9]{1,9}(\.[0-9]{1,6})?$", example = "4.50")]
            cost: Option<String>,
            /// Whether it is taxable.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false)]
            taxable: Option<bool>,
            /// Whether it recurs.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false)]
            recurring: Option<bool>,
            /// Whether it is inactive; such a product cannot be mapped.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false)]
            inactive: Option<bool>,
            /// The vendor's number of it.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, max_length = 50)]
            vendor_sku: Option<String>,
            /// The manufacturer's number of it.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, max_length = 50)]
            manufacturer_part_number: Option<String>,
            /// Its key in another system.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false, max_length = 50)]
            integration_xref: Option<String>,
            /// Notes of the staff.
            #[serde(default, deserialize_with = "sent")]
            #[schema(nullable = false)]
            notes: Option<String>,
        }

        impl $name {
            /// What is to be written.
            ///
            /// # Errors
            /// `invalidRequest` with all that is wrong, by field.
            pub(crate) fn into_values(self) -> Result<ProductValues, Problem> {
                let (mut values, mut wrong) = (Vec::new(), Vec::new());
                let mut add = |value: Option<Result<ProductValue, FieldError>>| match value {
                    Some(Ok(value)) => values.push(value),
                    Some(Err(error)) => wrong.push(error),
                    None => {}
                };
                add(self.identifier.map(|value| Ok(ProductValue::Identifier(value))));
                add(self.description.map(|value| Ok(ProductValue::Description(value))));
                add(self.customer_description.map(|value| Ok(ProductValue::CustomerDescription(value))));
                add(self.category_id.map(|value| Ok(ProductValue::Category(value))));
                add(self.subcategory_id.map(|value| Ok(ProductValue::Subcategory(value))));
                add(self.type_id.map(|value| Ok(ProductValue::Type(value))));
                add(self.class.map(|class| Ok(ProductValue::Class(class.into()))));
                add(self.unit_id.map(|value| Ok(ProductValue::Unit(value))));
                add(self.price.map(|text| amount("/price", &text).map(ProductValue::Price)));
                add(self.cost.map(|text| amount("/cost", &text).map(ProductValue::Cost)));
                add(self.taxable.map(|value| Ok(ProductValue::Taxable(value))));
                add(self.recurring.map(|value| Ok(ProductValue::Recurring(value))));
                add(self.inactive.map(|value| Ok(ProductValue::Inactive(value))));
                add(self.vendor_sku.map(|value| Ok(ProductValue::VendorSku(value))));
                add(self.manufacturer_part_number.map(|value| Ok(ProductValue::ManufacturerPartNumber(value))));
                add(self.integration_xref.map(|value| Ok(ProductValue::IntegrationXref(value))));
                add(self.notes.map(|value| Ok(ProductValue::Notes(value))));
                let checked = $check(values);
                match checked {
                    Ok(values) if wrong.is_empty() => return Ok(values),
                    Ok(_) => {}
                    Err(invalid) => wrong.extend(invalid.iter().map(error_of)),
                }
                Err(refused(wrong))
            }
        }
    };
}

form!(
    /// A new product.
    NewPsaProduct,
    true,
    ProductValues::of_new
);
form!(
    /// The fields to be changed, at least one; all others stay as they are. An empty text clears a field that is not
    /// required.
    PsaProductEdit,
    false,
    ProductValues::of_edit
);

/// A field that is there: null is no value of any of them, and no way of saying "leave it".
fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Where a field stands in the form, as a JSON pointer.
pub(crate) const fn pointer(field: ProductField) -> &'static str {
    match field {
        ProductField::Identifier => "/identifier",
        ProductField::Description => "/description",
        ProductField::CustomerDescription => "/customerDescription",
        ProductField::Category => "/categoryId",
        ProductField::Subcategory => "/subcategoryId",
        ProductField::Type => "/typeId",
        ProductField::Class => "/class",
        ProductField::Unit => "/unitId",
        ProductField::Price => "/price",
        ProductField::Cost => "/cost",
        ProductField::Taxable => "/taxable",
        ProductField::Recurring => "/recurring",
        ProductField::Inactive => "/inactive",
        ProductField::VendorSku => "/vendorSku",
        ProductField::ManufacturerPartNumber => "/manufacturerPartNumber",
        ProductField::IntegrationXref => "/integrationXref",
        ProductField::Notes => "/notes",
    }
}

/// A form of which this is wrong. Where it is one thing, its own title and advice stand on top, in the caller's language.
fn refused(wrong: Vec<FieldError>) -> Problem {
    let is_below_zero = |error: &FieldError| error.code() == ProblemCode::AmountBelowZero;
    match wrong.as_slice() {
        [] => Problem::new(ProblemCode::InvalidRequest).detail(Text::new(
            "No field was sent: there is nothing to change.",
            "Non è stato inviato alcun campo: non c'è nulla da modificare.",
        )),
        errors if errors.iter().all(is_below_zero) => Problem::new(ProblemCode::AmountBelowZero).errors(wrong),
        _ => Problem::new(ProblemCode::InvalidRequest).errors(wrong),
    }
}

fn error_of(invalid: &InvalidValue) -> FieldError {
    let code = match invalid {
        InvalidValue::Missing(_) => ProblemCode::Missing,
        InvalidValue::Negative(_) => ProblemCode::AmountBelowZero,
        InvalidValue::TooLong { .. }
        | InvalidValue::Unquotable(_)
        | InvalidValue::TooPrecise(_)
        | InvalidValue::Twice(_) => ProblemCode::Invalid,
    };
    FieldError::body(pointer(invalid.field()), code, Text::from(invalid))
}

/// Reads an amount of money. Nine digits and six behind the point are the fifteen that ConnectWise keeps.
fn amount(pointer: &'static str, text: &str) -> Result<Decimal, FieldError> {
    let digits = |part: &str, max| (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let is_amount = match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole, 9) && digits(fraction, 6),
        None => digits(unsigned, 9),
    };
    Decimal::from_str_exact(text).ok().filter(|_| is_amount).ok_or_else(|| {
        let detail = Text::new(
            "Expected an amount such as \"4.50\": at most nine digits, and six behind the point.",
            "Occorre un importo come \"4.50\": al massimo nove cifre, e sei dopo il punto.",
        );
        FieldError::body(pointer, ProblemCode::Invalid, detail)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_plain_decimal_text_and_nothing_that_could_mean_two_amounts() {
        for (text, read) in [("4.50", "4.50"), ("0", "0"), ("-1.25", "-1.25"), ("999999999.999999", "999999999.999999")]
        {
            assert_eq!(amount("/price", text).unwrap().to_string(), read);
        }
        for text in ["", "-", "4,50", "1.234.5", ".5", "5.", "1e3", "+1", " 1", "1_000", "1000000000", "0.1234567", "٣"]
        {
            assert!(amount("/price", text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_field_has_a_pointer_of_its_own() {
        let pointers: std::collections::BTreeSet<_> = ProductField::ALL.map(pointer).into();
        assert_eq!(pointers.len(), ProductField::ALL.len());
    }
}
