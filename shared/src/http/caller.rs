//! The caller of a route: partner, name and language, admitted with the scope that the route requires.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::admission::Admission;
use super::catalogue::ProblemCode;
use super::language::{Language, Text};
use super::problem::Problem;
use crate::domain::id::PartnerId;

/// A scope of the token. None of them implies another.
pub trait Scope: Send + Sync + 'static {
    /// Its name in the token.
    const NAME: &'static str;
}

macro_rules! scope {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Scope for $name {
            const NAME: &'static str = $text;
        }
    };
}

scope!(
    /// `psa/read`: read mappings, products and runs.
    Read,
    "psa/read"
);
scope!(
    /// `psa/write`: change mappings and products, start runs, decide holds.
    Write,
    "psa/write"
);
scope!(
    /// `psa/admin`: credentials, settings, offboarding.
    Admin,
    "psa/admin"
);

/// All scopes, with what each allows.
pub const SCOPES: [(&str, &str); 3] = [
    (Read::NAME, "look at mappings, products and runs"),
    (Write::NAME, "change mappings and products, start runs, decide what is held"),
    (Admin::NAME, "credentials, settings, offboarding"),
];

/// A caller that was admitted with a scope. The first extractor of every handler, so that nothing else is evaluated
/// before.
///
/// The partner comes only from the token's claim.
pub struct Caller<S> {
    partner: PartnerId,
    name: String,
    language: Language,
    scope: PhantomData<S>,
}

impl<S> Caller<S> {
    /// The partner for which everything is read and written.
    #[must_use]
    pub const fn partner(&self) -> PartnerId {
        self.partner
    }

    /// The language that the caller prefers.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The caller's name for the audit: the token's `email`, `cognito:username`, `username`, `sub` or `client_id`,
    /// whichever comes first; at most 200 characters, without control characters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<S> fmt::Debug for Caller<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("partner", &self.partner).finish_non_exhaustive()
    }
}

impl<S: Scope, W: Send + Sync> FromRequestParts<W> for Caller<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &W) -> Result<Self, Problem> {
        let claims = parts.extensions.get::<Admission>().and_then(|admission| admission.claims.as_ref());
        let claims = claims.ok_or_else(|| Problem::new(ProblemCode::NotSignedIn))?;
        if !claims.scopes.contains(S::NAME) {
            return Err(Problem::new(ProblemCode::ScopeMissing).detail(Text::new(
                format!("The right {} is needed.", S::NAME),
                format!("Occorre il diritto {}.", S::NAME),
            )));
        }
        let partner = claims.partner.as_deref().and_then(|text| PartnerId::parse(text).ok());
        // What a user directory fills in where it knows none would be one partner for all such users.
        let partner = partner.filter(|partner| !partner.is_placeholder());
        let partner = partner.ok_or_else(|| Problem::new(ProblemCode::NoPartner))?;
        let language = Language::from_headers(&parts.headers);
        Ok(Self { partner, name: claims.name.clone(), language, scope: PhantomData })
    }
}
