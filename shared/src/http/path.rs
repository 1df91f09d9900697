//! Ids in a path, parsed into the domain's types.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::catalogue::ProblemCode;
use super::language::Text;
use super::problem::{FieldError, Problem};
use crate::domain::id::{AdditionId, AgreementId, CompanyId, CustomerId, IdError, ProductCode, PsaProductId, RunId};

/// An id that can be part of a path.
pub trait PathId: Sized + Send {
    /// Parses the percent-decoded text.
    ///
    /// # Errors
    /// A text that is not such an id.
    fn from_path(text: &str) -> Result<Self, IdError>;
}

macro_rules! text_ids {
    ($($name:ident),+) => {
        $(impl PathId for $name {
            fn from_path(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        })+
    };
}
text_ids!(CustomerId, ProductCode, RunId);

macro_rules! number_ids {
    ($($name:ident),+) => {
        $(impl PathId for $name {
            fn from_path(text: &str) -> Result<Self, IdError> {
                // Only digits: a sign or a space would be another spelling of the same id. No id is 0.
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                Self::try_from(text.parse::<i64>().ok().filter(|_| digits).unwrap_or(0))
            }
        })+
    };
}
number_ids!(AdditionId, AgreementId, CompanyId, PsaProductId);

/// The id in a path, or the two ids in their order.
///
/// An invalid id is a 400 that names the parameter. The handler checks whether the entry exists and belongs to the
/// caller, and responds with 404 if not.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: PathId, W: Send + Sync> FromRequestParts<W> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &W) -> Result<Self, Problem> {
        let [(name, text)] = texts(parts, state).await?;
        Ok(Self(parse(&name, &text)?))
    }
}

impl<A: PathId, B: PathId, W: Send + Sync> FromRequestParts<W> for Path<(A, B)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &W) -> Result<Self, Problem> {
        let [(first, a), (second, b)] = texts(parts, state).await?;
        Ok(Self((parse(&first, &a)?, parse(&second, &b)?)))
    }
}

fn parse<T: PathId>(name: &str, text: &str) -> Result<T, Problem> {
    T::from_path(text).map_err(|error| {
        let error = FieldError::parameter(name, ProblemCode::Invalid, error);
        Problem::new(ProblemCode::InvalidRequest).errors([error])
    })
}

async fn texts<const N: usize, W: Send + Sync>(parts: &mut Parts, state: &W) -> Result<[(String, String); N], Problem> {
    let unreadable = || {
        Problem::new(ProblemCode::InvalidRequest)
            .detail(Text::new("The path cannot be read.", "Il percorso non è leggibile."))
    };
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| unreadable())?;
    let texts: Vec<(String, String)> = params.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    // A route whose handler expects another number of parameters is a defect, which its first request reveals.
    texts.try_into().map_err(|_| Problem::new(ProblemCode::Internal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_path_has_one_spelling() {
        assert_eq!(CompanyId::from_path("812").unwrap().get(), 812);
        for text in ["", "0", "-1", "+812", " 812", "8.0", "2147483648", "99999999999999999999", "٣"] {
            assert!(CompanyId::from_path(text).is_err(), "{text}");
        }
    }
}
