//! The HTTP API of the local stack: the gateway before the functions, and tokens for the demo partner.

use std::sync::Arc;

use axum::Router;
use jiff::SignedDuration;
use shared::clock::SystemClock;
use shared::domain::id::PartnerId;
use shared::ports::Clock;

use super::{Stack, StackError, TableClient, connection_options};
use crate::api::document;
use crate::api::operation::operations;
use crate::api::routers::{LocalApi, name_of};
use crate::gateway::token::{Issuer, IssuerError, Token};
use crate::gateway::{Gateway, GatewayError, GatewayOptions, Routes, TemplateError};
use crate::page;

/// What is deployed, as it was when this was built.
pub(super) const TEMPLATE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml"));
/// All that a token of the API can be good for.
pub(super) const SCOPES: [&str; 3] = ["psa/read", "psa/write", "psa/admin"];
/// 12 hours, longer than a working day.
const TOKEN_LASTS: SignedDuration = SignedDuration::from_hours(12);

/// The HTTP API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The template's API is not one that can be served.
    #[error("template.yaml: {0}")]
    Template(#[from] TemplateError),
    /// The signing key cannot be used.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The gateway cannot be started.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// The HTTP API while it is served.
pub struct Api {
    pub gateway: Gateway,
    /// Whose tokens it accepts.
    pub issuer: Arc<Issuer>,
    partner: PartnerId,
}

impl Stack {
    /// What the functions behind the HTTP API work with here.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn local_api(&self) -> Result<LocalApi<TableClient>, StackError> {
        let connections = connection_options(&self.sophos_server.url())?;
        let (store, seal) = (self.store.clone(), self.seal.clone());
        Ok(LocalApi { store, seal, queue: self.queue.clone(), alerts: self.alerts.clone(), connections })
    }

    /// Serves the HTTP API with the functions as they are, and the page signed in as the demo partner.
    ///
    /// # Errors
    /// The port is taken, or the key cannot be used.
    pub async fn serve_functions(&self, port: u16) -> Result<Api, StackError> {
        let (issuer, partner) = (self.issuer()?, self.demo.partner());
        let signer = Arc::clone(&issuer);
        let page = page::signed_in(move |scope| {
            let scopes: Vec<&str> = scope.map_or_else(|| SCOPES.to_vec(), |scope| scope.split(' ').collect());
            mint(&signer, partner, &scopes).ok()
        });
        let routers = self.local_api()?.routers().into_iter();
        let routers = routers
            .map(|(name, router)| if name == name_of("console") { (name, page.clone()) } else { (name, router) });
        self.serve(port, issuer, routers).await
    }

    fn issuer(&self) -> Result<Arc<Issuer>, ApiError> {
        let issuer = match self.files.issuer_key() {
            Some(path) => Issuer::from_file(&path)?,
            None => Issuer::ephemeral()?,
        };
        Ok(Arc::new(issuer))
    }

    /// Serves the HTTP API as `template.yaml` deploys it: each route by the router of its function, by the function's
    /// name in the template. With a folder, tokens of an earlier start are still good.
    ///
    /// # Errors
    /// A function of the template has no router or the other way round, the port is taken, or the key cannot be used.
    pub async fn serve_api<N: Into<String>>(
        &self,
        port: u16,
        routers: impl IntoIterator<Item = (N, Router)>,
    ) -> Result<Api, StackError> {
        self.serve(port, self.issuer()?, routers).await
    }

    async fn serve<N: Into<String>>(
        &self,
        port: u16,
        issuer: Arc<Issuer>,
        routers: impl IntoIterator<Item = (N, Router)>,
    ) -> Result<Api, StackError> {
        let routes = Routes::from_template(TEMPLATE).map_err(ApiError::from)?;
        let options = GatewayOptions { port, ..GatewayOptions::new(issuer.authorizer()) };
        let gateway = Gateway::start(options, routes, routers).await.map_err(ApiError::from)?;
        Ok(Api { gateway, issuer, partner: self.demo.partner() })
    }
}

impl Api {
    /// A token with which the demo partner may do everything, for half a day.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn token(&self) -> Result<String, ApiError> {
        mint(&self.issuer, self.partner, &SCOPES)
    }

    /// Where the page is.
    #[must_use]
    pub fn page(&self) -> String {
        format!("{}/console/", self.gateway.url())
    }

    /// What a shell needs to try the API: the address and a token as variables, and a call of every list, each line to be
    /// copied as it stands.
    ///
    /// # Errors
    /// The token cannot be signed.
    pub fn first_steps(&self) -> Result<String, ApiError> {
        let mut lines = vec![format!("API={}", self.gateway.url()), format!("TOKEN={}", self.token()?)];
        let lists = operations(&document()).into_iter().filter(|o| o.method == "GET" && !o.path.contains('{'));
        let calls = lists.map(|operation| operation.call().head.replacen("GET ", "", 1));
        // Routes with a required id are left out, because sample ids do not exist.
        let calls = calls.filter(|call| !call.contains('?'));
        lines.extend(calls.map(|call| format!("curl -H \"Authorization: Bearer $TOKEN\" \"$API{call}\"")));
        Ok(lines.join("\n"))
    }
}

/// A token of the partner's for half a day.
fn mint(issuer: &Issuer, partner: PartnerId, scopes: &[&str]) -> Result<String, ApiError> {
    let now = SystemClock.now();
    Ok(issuer.mint(&Token::new(partner, scopes, now).lasting(TOKEN_LASTS, now))?)
}
