//! ConnectWise's errors about single fields, reported on the fields of the form.

use shared::domain::catalogue::{ProductDetails, ProductField, ProductValues};
use shared::error::{PsaError, RefusedField};
use shared::http::{FieldError, Problem, ProblemCode, Text};
use shared::ports::PsaCatalogue;

use crate::form::pointer;
use crate::view::PsaProductView;

/// The problem that an error of a write is, with ConnectWise's own field errors at their fields.
pub(crate) async fn refused(psa: &impl PsaCatalogue, values: &ProductValues, error: PsaError) -> Problem {
    if error.fields().iter().any(is_taken)
        && let Some(identifier) = values.identifier()
    {
        // Where it cannot be named, ConnectWise's own words stand for themselves.
        if let Ok(Some(holder)) = psa.find_product_by_identifier(identifier).await {
            return taken(holder);
        }
    }
    let errors: Vec<FieldError> = error.fields().iter().map(field_error).collect();
    Problem::from(error).errors(errors)
}

/// The identifier is this product's.
pub(crate) fn taken(holder: ProductDetails) -> Problem {
    let ProductDetails { identifier, id, description, .. } = &holder;
    let (inactive, inattivo) = if holder.inactive { (", which is inactive", ", che è inattivo") } else { ("", "") };
    let detail = Text::new(
        format!("{identifier} is the identifier of product {id} ({description}){inactive}."),
        format!("{identifier} è l'identificativo del prodotto {id} ({description}){inattivo}."),
    );
    let error = FieldError::body(pointer(ProductField::Identifier), ProblemCode::IdentifierTaken, detail.clone());
    Problem::new(ProblemCode::IdentifierTaken).detail(detail).errors([error]).present(&PsaProductView::from(holder))
}

fn is_taken(refused: &RefusedField) -> bool {
    refused.code == "ObjectExists" && ProductField::find_by_psa_name(&refused.field) == Some(ProductField::Identifier)
}

fn field_error(refused: &RefusedField) -> FieldError {
    let code = if refused.code == "MissingRequiredField" { ProblemCode::Missing } else { ProblemCode::Invalid };
    match ProductField::find_by_psa_name(&refused.field) {
        Some(field) => FieldError::body(pointer(field), code, Text::same(refused.message.clone())),
        // A field that the form does not have: ConnectWise's name for it is all that helps.
        None => FieldError::body("", code, Text::same(format!("{}: {}", refused.field, refused.message))),
    }
}
