//! Query parameters: only the documented ones are accepted.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::IntoParams;

use super::catalogue::ProblemCode;
use super::json::words_of;
use super::language::Text;
use super::problem::{FieldError, Problem};

/// The parameters of a query, as a struct that derives `Deserialize` and `IntoParams`.
///
/// Undocumented parameters, duplicate ones and invalid values are refused, all at once.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + IntoParams, W: Send + Sync> FromRequestParts<W> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &W) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Refuses every parameter: for routes without a query.
#[derive(Clone, Copy, Debug)]
pub struct NoQuery;

impl<W: Send + Sync> FromRequestParts<W> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &W) -> Result<Self, Problem> {
        let errors = misplaced(parts.uri.query().unwrap_or_default(), &[]);
        if errors.is_empty() { Ok(Self) } else { Err(Problem::new(ProblemCode::InvalidRequest).errors(errors)) }
    }
}

fn read<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Problem> {
    let known: Vec<String> = T::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
    let mut errors = misplaced(query, &known);
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    match serde_path_to_error::deserialize(deserializer) {
        Ok(value) if errors.is_empty() => return Ok(value),
        // An unknown or duplicate parameter is reported already, and more precisely.
        Err(error) if errors.is_empty() || known.contains(&error.path().to_string()) => {
            let name = error.path().to_string();
            let is_reported = errors.iter().any(|known| known.is_parameter(&name));
            if !is_reported {
                errors.push(FieldError::parameter(name, ProblemCode::Invalid, words_of(&error.inner().to_string())));
            }
        }
        Ok(_) | Err(_) => {}
    }
    Err(Problem::new(ProblemCode::InvalidRequest).errors(errors))
}

/// Unknown and duplicate parameters; each name once.
fn misplaced(query: &str, known: &[String]) -> Vec<FieldError> {
    let mut seen: Vec<String> = Vec::new();
    let mut errors: Vec<FieldError> = Vec::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        let error = if !known.iter().any(|known| *known == name) {
            let detail = if known.is_empty() {
                Text::new("No parameter is taken here.", "Qui non si accettano parametri.")
            } else {
                let known = known.join(", ");
                Text::new(
                    format!("Not a parameter of this list: {known}."),
                    format!("Parametro sconosciuto; quelli ammessi: {known}."),
                )
            };
            FieldError::parameter(&*name, ProblemCode::Unknown, detail)
        } else if seen.iter().any(|seen| *seen == name) {
            FieldError::parameter(
                &*name,
                ProblemCode::Invalid,
                Text::new("It is given more than once.", "È indicato più di una volta."),
            )
        } else {
            seen.push(name.into_owned());
            continue;
        };
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::Language;

    #[derive(Debug, PartialEq, Deserialize, IntoParams)]
    #[serde(rename_all = "camelCase")]
    #[into_params(parameter_in = Query, rename_all = "camelCase")]
    struct Filter {
        /// A text.
        #[serde(default)]
        text: Option<String>,
        /// A number.
        #[serde(default)]
        page_size: Option<u16>,
    }

    fn errors(query: &str) -> Vec<(String, String)> {
        let body = read::<Filter>(query).unwrap_err().body(Language::English, None);
        let body = serde_json::to_value(body).unwrap();
        let errors = body["errors"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        errors.map(|error| (text(&error["parameter"]), text(&error["code"]))).collect()
    }

    fn expected(errors: &[(&str, &str)]) -> Vec<(String, String)> {
        errors.iter().map(|(name, code)| ((*name).to_owned(), (*code).to_owned())).collect()
    }

    #[test]
    fn documented_parameters_are_read_and_none_need_be_there() {
        let read_back = read::<Filter>("text=a%26b+c&pageSize=5").unwrap();
        assert_eq!(read_back, Filter { text: Some("a&b c".into()), page_size: Some(5) });
        assert_eq!(read::<Filter>("").unwrap(), Filter { text: None, page_size: None });
    }

    #[test]
    fn an_unknown_parameter_is_refused_by_its_name() {
        assert_eq!(errors("txet=a"), expected(&[("txet", "unknown")]));
        assert_eq!(errors("Text=a&partnerId=b"), expected(&[("Text", "unknown"), ("partnerId", "unknown")]));
    }

    #[test]
    fn a_value_that_cannot_be_read_and_a_parameter_given_twice_are_refused() {
        assert_eq!(errors("pageSize=many"), expected(&[("pageSize", "invalid")]));
        assert_eq!(errors("text=a&text=b"), expected(&[("text", "invalid")]));
        assert_eq!(errors("x=1&pageSize=-1"), expected(&[("x", "unknown"), ("pageSize", "invalid")]));
    }
}
