//! Typed ids, so that a company's number can never stand where an agreement's is meant.
//!
//! Ids are validated when they enter: UUIDs are fixed-length, numbers are positive, product codes have a closed
//! alphabet. None of them can contain the `#` that ends a part of a table key.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::language::Text;

/// An id that could not be read; says which kind of id and the text that was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {kind}: expected {}", expected.english())]
pub struct IdError {
    kind: &'static str,
    expected: Expected,
    text: String,
}

/// The form of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Uuid,
    Number,
    Code,
    RunId,
    AlertId,
}

impl Expected {
    const fn english(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID such as 718b6047-2fbc-4f4b-a143-45ee42bf5d3b",
            Self::Number => "a whole number from 1 to 2147483647",
            Self::Code => "1 to 64 letters, digits or signs",
            Self::RunId => "one that a run was given",
            Self::AlertId => "one that an alert was given",
        }
    }

    const fn italian(self) -> &'static str {
        match self {
            Self::Uuid => "un UUID come 718b6047-2fbc-4f4b-a143-45ee42bf5d3b",
            Self::Number => "un numero intero da 1 a 2147483647",
            Self::Code => "da 1 a 64 lettere, cifre o segni",
            Self::RunId => "l'ID di una sincronizzazione",
            Self::AlertId => "l'ID di un avviso",
        }
    }
}

impl From<IdError> for Text {
    fn from(error: IdError) -> Self {
        let IdError { text, expected, .. } = &error;
        Self::new(error.to_string(), format!("«{text}» non è valido: indicare {}.", expected.italian()))
    }
}

impl IdError {
    fn new(kind: &'static str, expected: Expected, text: &str) -> Self {
        Self { kind, expected, text: text.chars().take(80).collect() }
    }

    pub(super) fn of_alert(text: &str) -> Self {
        Self::new("alert id", Expected::AlertId, text)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads the hyphenated form, in either case.
            ///
            /// # Errors
            /// Anything but 36 characters of a hyphenated UUID.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let error = || IdError::new($kind, Expected::Uuid, text);
                if text.len() != 36 {
                    return Err(error());
                }
                Uuid::try_parse(text).map(Self).map_err(|_| error())
            }

            /// Wraps a UUID that is known to be one.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }
    };
}

uuid_id!(
    /// The MSP: the tenant of this product. Sophos' own partner id (the `id` of whoami).
    PartnerId,
    "partner id"
);
uuid_id!(
    /// A Sophos customer: the `id` of a Sophos tenant, the `accountId` of a usage line.
    CustomerId,
    "Sophos customer id"
);

impl PartnerId {
    /// Whether it is the nil or the largest UUID, which stand for "none" elsewhere.
    #[must_use]
    pub const fn is_placeholder(self) -> bool {
        self.0.is_nil() || self.0.is_max()
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(u32);

        impl $name {
            /// The number as ConnectWise writes it; from 1 to 2³¹ − 1 (its `int32`).
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = IdError;

            fn try_from(number: i64) -> Result<Self, IdError> {
                match u32::try_from(number) {
                    Ok(id) if (1..=0x7fff_ffff).contains(&id) => Ok(Self(id)),
                    _ => Err(IdError::new($kind, Expected::Number, &number.to_string())),
                }
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                i64::from(id.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// A ConnectWise product: the id of a catalog item.
    PsaProductId,
    "ConnectWise product id"
);
number_id!(
    /// A ConnectWise company.
    CompanyId,
    "ConnectWise company id"
);
number_id!(
    /// A ConnectWise agreement.
    AgreementId,
    "ConnectWise agreement id"
);
number_id!(
    /// A line of an agreement.
    AdditionId,
    "ConnectWise addition id"
);
number_id!(
    /// A category of ConnectWise products.
    CategoryId,
    "ConnectWise category id"
);
number_id!(
    /// A subcategory of ConnectWise products.
    SubcategoryId,
    "ConnectWise subcategory id"
);
number_id!(
    /// A type of ConnectWise products.
    ProductTypeId,
    "ConnectWise product type id"
);
number_id!(
    /// A unit of measure of ConnectWise products.
    UnitId,
    "ConnectWise unit of measure id"
);

/// Sophos' `productCode`, such as `CIXA-MSP`. Case is kept: codes are compared as Sophos writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProductCode(String);

impl ProductCode {
    /// Reads a code: 1 to 64 visible ASCII characters other than `#`, spaces around it removed.
    ///
    /// # Errors
    /// Empty, longer, or with any other character.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let code = text.trim();
        let fits = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        if fits { Ok(Self(code.to_owned())) } else { Err(IdError::new("Sophos product code", Expected::Code, text)) }
    }

    /// The code as Sophos writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProductCode {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<ProductCode> for String {
    fn from(code: ProductCode) -> String {
        code.0
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a run: `<scheduledAt>-<kind>-<hash8>`; sorts by time within a partner.
///
/// It is a function of what asked for the run (see [`crate::domain::run::RunRequest::id`]), so that a doubled trigger is one run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// Reads a run id as it was written.
    ///
    /// # Errors
    /// Anything but `yyyymmddThhmmssZ-<kind>-<8 hex digits>`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let parts: Vec<&str> = text.split('-').collect();
        let fits = match parts.as_slice() {
            [time, kind, hash] => {
                time.len() == 16
                    && time.bytes().all(|b| b.is_ascii_digit() || b == b'T' || b == b'Z')
                    && !kind.is_empty()
                    && kind.bytes().all(|b| b.is_ascii_lowercase())
                    && hash.len() == 8
                    && hash.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
            }
            _ => false,
        };
        if fits { Ok(Self(text.to_owned())) } else { Err(IdError::new("run id", Expected::RunId, text)) }
    }

    /// The id as it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_in_either_case_and_written_in_lower_case() {
        let id = CustomerId::parse("718B6047-2FBC-4F4B-A143-45EE42BF5D3B").unwrap();
        assert_eq!(id.to_string(), "718b6047-2fbc-4f4b-a143-45ee42bf5d3b");
    }

    #[test]
    fn a_uuid_without_hyphens_or_with_braces_is_refused() {
        for text in ["718b60472fbc4f4ba14345ee42bf5d3b", "{718b6047-2fbc-4f4b-a143-45ee42bf5d3b}", "", "ACME"] {
            assert!(PartnerId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_product_code_cannot_smuggle_a_key_delimiter() {
        for text in ["", " ", "A#B", "A B", "é", &"x".repeat(65)] {
            assert!(ProductCode::parse(text).is_err(), "{text}");
        }
        assert_eq!(ProductCode::parse(" CIXA-MSP ").unwrap().as_str(), "CIXA-MSP");
    }

    #[test]
    fn a_connectwise_number_is_positive_and_fits_its_int32() {
        for number in [0, -1, i64::from(i32::MAX) + 1, i64::MAX] {
            assert!(AgreementId::try_from(number).is_err(), "{number}");
        }
        assert_eq!(AgreementId::try_from(812).unwrap().get(), 812);
    }
}
