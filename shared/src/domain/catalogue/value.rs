//! The fields of a product that a person may set, and what each of them takes.
//!
//! The limits are those of ConnectWise's published schema of 2025.1. What only the server can know (an identifier that is
//! taken, a type that is gone) comes back from it, on the same field.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ProductClass;
use crate::domain::id::{CategoryId, ProductTypeId, SubcategoryId, UnitId};
use crate::domain::language::Text;
use crate::domain::search::{Unquotable, quote_for};

/// A field of a product that a person may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProductField {
    /// How the staff know it; unique.
    Identifier,
    /// What it is, in short.
    Description,
    /// What invoices print.
    CustomerDescription,
    Category,
    Subcategory,
    Type,
    Class,
    /// Its unit of measure.
    Unit,
    Price,
    Cost,
    /// Whether it is taxable.
    Taxable,
    /// Whether it recurs.
    Recurring,
    /// Whether it is inactive.
    Inactive,
    /// The vendor's number.
    VendorSku,
    ManufacturerPartNumber,
    /// Its key in another system.
    IntegrationXref,
    /// Notes of the staff.
    Notes,
}

impl ProductField {
    /// All fields, in the order of the form.
    pub const ALL: [Self; 17] = [
        Self::Identifier,
        Self::Description,
        Self::CustomerDescription,
        Self::Category,
        Self::Subcategory,
        Self::Type,
        Self::Class,
        Self::Unit,
        Self::Price,
        Self::Cost,
        Self::Taxable,
        Self::Recurring,
        Self::Inactive,
        Self::VendorSku,
        Self::ManufacturerPartNumber,
        Self::IntegrationXref,
        Self::Notes,
    ];

    /// ConnectWise's name for it.
    #[must_use]
    pub const fn psa_name(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Description => "description",
            Self::CustomerDescription => "customerDescription",
            Self::Category => "category",
            Self::Subcategory => "subcategory",
            Self::Type => "type",
            Self::Class => "productClass",
            Self::Unit => "unitOfMeasure",
            Self::Price => "price",
            Self::Cost => "cost",
            Self::Taxable => "taxableFlag",
            Self::Recurring => "recurringFlag",
            Self::Inactive => "inactiveFlag",
            Self::VendorSku => "vendorSku",
            Self::ManufacturerPartNumber => "manufacturerPartNumber",
            Self::IntegrationXref => "integrationXRef",
            Self::Notes => "notes",
        }
    }

    /// The field that ConnectWise complains of: it writes `identifier`, `subcategory/id` or `catalogItem.price`.
    #[must_use]
    pub fn find_by_psa_name(name: &str) -> Option<Self> {
        let mut parts = name.split(['/', '.']).filter(|part| !part.eq_ignore_ascii_case("catalogItem"));
        let first = parts.next()?;
        Self::ALL.into_iter().find(|field| field.psa_name().eq_ignore_ascii_case(first))
    }

    /// Whether ConnectWise creates no product without it.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(
            self,
            Self::Identifier | Self::Description | Self::CustomerDescription | Self::Subcategory | Self::Type
        )
    }

    /// The most characters that ConnectWise takes; none where the field is no text or has no limit.
    #[must_use]
    pub const fn max_chars(self) -> Option<usize> {
        match self {
            // Servers before 2025.1 take 60, and say so.
            Self::Identifier => Some(75),
            Self::Description => Some(60),
            Self::CustomerDescription => Some(6000),
            Self::VendorSku | Self::ManufacturerPartNumber | Self::IntegrationXref => Some(50),
            Self::Category
            | Self::Subcategory
            | Self::Type
            | Self::Class
            | Self::Unit
            | Self::Price
            | Self::Cost
            | Self::Taxable
            | Self::Recurring
            | Self::Inactive
            | Self::Notes => None,
        }
    }
}

impl fmt::Display for ProductField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identifier => "identifier",
            Self::Description => "description",
            Self::CustomerDescription => "customer description",
            Self::Category => "category",
            Self::Subcategory => "subcategory",
            Self::Type => "type",
            Self::Class => "class",
            Self::Unit => "unit of measure",
            Self::Price => "price",
            Self::Cost => "cost",
            Self::Taxable => "taxable",
            Self::Recurring => "recurring",
            Self::Inactive => "inactive",
            Self::VendorSku => "vendor SKU",
            Self::ManufacturerPartNumber => "manufacturer part number",
            Self::IntegrationXref => "cross reference",
            Self::Notes => "notes",
        })
    }
}

impl ProductField {
    /// Its name in Italian, as the page shows it.
    const fn in_italian(self) -> &'static str {
        match self {
            Self::Identifier => "identificativo",
            Self::Description => "descrizione",
            Self::CustomerDescription => "descrizione per il cliente",
            Self::Category => "categoria",
            Self::Subcategory => "sottocategoria",
            Self::Type => "tipo",
            Self::Class => "classe",
            Self::Unit => "unità di misura",
            Self::Price => "prezzo",
            Self::Cost => "costo",
            Self::Taxable => "imponibile",
            Self::Recurring => "ricorrente",
            Self::Inactive => "inattivo",
            Self::VendorSku => "SKU del fornitore",
            Self::ManufacturerPartNumber => "codice del produttore",
            Self::IntegrationXref => "riferimento incrociato",
            Self::Notes => "note",
        }
    }
}

/// A field and what it is to be set to. An empty text clears a field that is not required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductValue {
    /// See [`ProductField::Identifier`].
    Identifier(String),
    /// See [`ProductField::Description`].
    Description(String),
    /// See [`ProductField::CustomerDescription`].
    CustomerDescription(String),
    /// See [`ProductField::Category`].
    Category(CategoryId),
    /// See [`ProductField::Subcategory`].
    Subcategory(SubcategoryId),
    /// See [`ProductField::Type`].
    Type(ProductTypeId),
    /// See [`ProductField::Class`].
    Class(ProductClass),
    /// See [`ProductField::Unit`].
    Unit(UnitId),
    /// See [`ProductField::Price`].
    Price(Decimal),
    /// See [`ProductField::Cost`].
    Cost(Decimal),
    /// See [`ProductField::Taxable`].
    Taxable(bool),
    /// See [`ProductField::Recurring`].
    Recurring(bool),
    /// See [`ProductField::Inactive`].
    Inactive(bool),
    /// See [`ProductField::VendorSku`].
    VendorSku(String),
    /// See [`ProductField::ManufacturerPartNumber`].
    ManufacturerPartNumber(String),
    /// See [`ProductField::IntegrationXref`].
    IntegrationXref(String),
    /// See [`ProductField::Notes`].
    Notes(String),
}

/// Why a value is not sent to ConnectWise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// ConnectWise creates no product without the field.
    #[error("the {0} is missing")]
    Missing(ProductField),
    /// The text is longer than ConnectWise takes.
    #[error("the {field} has {chars} characters; ConnectWise takes {max}")]
    TooLong {
        field: ProductField,
        /// Its characters.
        chars: usize,
        /// How many ConnectWise takes.
        max: usize,
    },
    /// The identifier could be written, and never be found again.
    #[error("this cannot be an identifier: {0}")]
    Unquotable(Unquotable),
    /// ConnectWise reckons with fifteen digits; what is beyond them it changes.
    #[error("the {0} has more than 15 digits")]
    TooPrecise(ProductField),
    /// Nobody sells or buys for less than nothing: an invoice would pay the customer.
    #[error("the {0} is below zero")]
    Negative(ProductField),
    #[error("the {0} is set twice")]
    Twice(ProductField),
}

impl From<&InvalidValue> for Text {
    fn from(invalid: &InvalidValue) -> Self {
        let italian = match invalid {
            InvalidValue::Missing(field) => format!("manca il valore di {}", field.in_italian()),
            InvalidValue::TooLong { field, chars, max } => {
                format!("{} ha {chars} caratteri; ConnectWise ne accetta {max}", field.in_italian())
            }
            InvalidValue::Unquotable(_) => {
                "con questi caratteri ConnectWise non ritroverebbe l'identificativo".to_owned()
            }
            InvalidValue::TooPrecise(field) => format!("{} ha più di 15 cifre", field.in_italian()),
            InvalidValue::Negative(field) => format!("{} è inferiore a zero", field.in_italian()),
            InvalidValue::Twice(field) => format!("{} è indicato due volte", field.in_italian()),
        };
        Self::new(invalid.to_string(), italian)
    }
}

impl InvalidValue {
    /// The field.
    #[must_use]
    pub const fn field(&self) -> ProductField {
        match self {
            Self::Missing(field)
            | Self::TooLong { field, .. }
            | Self::TooPrecise(field)
            | Self::Negative(field)
            | Self::Twice(field) => *field,
            Self::Unquotable(_) => ProductField::Identifier,
        }
    }

    /// The kind of fault, as a program tells them apart.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::TooLong { .. } => "tooLong",
            Self::Unquotable(_) => "unquotable",
            Self::TooPrecise(_) => "tooPrecise",
            Self::Negative(_) => "negative",
            Self::Twice(_) => "twice",
        }
    }
}

impl ProductValue {
    /// The field.
    #[must_use]
    pub const fn field(&self) -> ProductField {
        match self {
            Self::Identifier(_) => ProductField::Identifier,
            Self::Description(_) => ProductField::Description,
            Self::CustomerDescription(_) => ProductField::CustomerDescription,
            Self::Category(_) => ProductField::Category,
            Self::Subcategory(_) => ProductField::Subcategory,
            Self::Type(_) => ProductField::Type,
            Self::Class(_) => ProductField::Class,
            Self::Unit(_) => ProductField::Unit,
            Self::Price(_) => ProductField::Price,
            Self::Cost(_) => ProductField::Cost,
            Self::Taxable(_) => ProductField::Taxable,
            Self::Recurring(_) => ProductField::Recurring,
            Self::Inactive(_) => ProductField::Inactive,
            Self::VendorSku(_) => ProductField::VendorSku,
            Self::ManufacturerPartNumber(_) => ProductField::ManufacturerPartNumber,
            Self::IntegrationXref(_) => ProductField::IntegrationXref,
            Self::Notes(_) => ProductField::Notes,
        }
    }

    /// Whether ConnectWise takes it, as far as that is known beforehand.
    pub(super) fn check(&self) -> Result<(), InvalidValue> {
        let field = self.field();
        match self {
            Self::Identifier(text) => {
                fits(field, text)?;
                quote_for(text).map(|_| ()).map_err(InvalidValue::Unquotable)
            }
            Self::Description(text)
            | Self::CustomerDescription(text)
            | Self::VendorSku(text)
            | Self::ManufacturerPartNumber(text)
            | Self::IntegrationXref(text)
            | Self::Notes(text) => fits(field, text),
            Self::Price(amount) | Self::Cost(amount) if amount.normalize().mantissa().unsigned_abs() >= MOST_DIGITS => {
                Err(InvalidValue::TooPrecise(field))
            }
            Self::Price(amount) | Self::Cost(amount) if amount.is_sign_negative() && !amount.is_zero() => {
                Err(InvalidValue::Negative(field))
            }
            Self::Price(_)
            | Self::Cost(_)
            | Self::Category(_)
            | Self::Subcategory(_)
            | Self::Type(_)
            | Self::Class(_)
            | Self::Unit(_)
            | Self::Taxable(_)
            | Self::Recurring(_)
            | Self::Inactive(_) => Ok(()),
        }
    }
}

/// The first number of sixteen digits.
const MOST_DIGITS: u128 = 1_000_000_000_000_000;

fn fits(field: ProductField, text: &str) -> Result<(), InvalidValue> {
    if field.is_required() && text.trim().is_empty() {
        return Err(InvalidValue::Missing(field));
    }
    let chars = text.chars().count();
    match field.max_chars() {
        Some(max) if chars > max => Err(InvalidValue::TooLong { field, chars, max }),
        Some(_) | None => Ok(()),
    }
}
