//! A gateway before one function that tells what it saw.

use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use local_stack::gateway::token::{Issuer, Token};
use local_stack::gateway::{Gateway, GatewayOptions, Limits, Routes};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::domain::id::PartnerId;
use shared::ports::Clock;
use uuid::Uuid;

pub(crate) const TEMPLATE: &str = r#"
Globals:
  Function:
    Timeout: 20
Resources:
  HttpApi:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt:
            JwtConfiguration: {issuer: !Ref JwtIssuer, audience: [!Ref JwtAudience]}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Read:
          Type: HttpApi
          Properties: {ApiId: !Ref HttpApi, Method: get, Path: /v1/echo, Auth: {AuthorizationScopes: [psa/read]}}
        Write:
          Type: HttpApi
          Properties:
            ApiId: !Ref HttpApi
            Method: post
            Path: /v1/echo
            Auth: {AuthorizationScopes: [psa/write, psa/admin]}
        Named:
          Type: HttpApi
          Properties: {ApiId: !Ref HttpApi, Method: GET, Path: "/v1/echo/{name}"}
        Open:
          Type: HttpApi
          Properties: {ApiId: !Ref HttpApi, Method: ANY, Path: "/open/{proxy+}", Auth: {Authorizer: NONE}}
        GivenUp:
          Type: HttpApi
          Properties:
            ApiId: !Ref HttpApi
            Method: GET
            Path: /never
            TimeoutInMillis: 50
            Auth: {Authorizer: NONE}
  Brief:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 1
      Events:
        Ended:
          Type: HttpApi
          Properties: {ApiId: !Ref HttpApi, Method: GET, Path: /brief, Auth: {Authorizer: NONE}}
"#;

/// One key for all tests of a process: to make one takes longer than a test.
pub(crate) static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::ephemeral().unwrap());

pub(crate) struct Echo {
    pub(crate) gateway: Gateway,
    client: Client,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let options = GatewayOptions { limits, kept_events: 1000, ..GatewayOptions::new(ISSUER.authorizer()) };
        let routes = Routes::from_template(TEMPLATE).unwrap();
        let never = Router::new().fallback(std::future::pending::<Response<Body>>);
        let gateway = Gateway::start(options, routes, [("Echo", router()), ("Brief", never)]).await.unwrap();
        let client = Client::builder().timeout(Duration::from_secs(60)).no_proxy().build().unwrap();
        Self { gateway, client }
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{target}", self.gateway.url()))
    }

    pub(crate) fn get(&self, target: &str) -> RequestBuilder {
        self.request("GET", target)
    }

    /// The one event that was handed over.
    pub(crate) fn event(&self) -> Value {
        let mut events = self.gateway.events();
        assert_eq!(events.len(), 1);
        events.remove(0)
    }
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn partner() -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(7))
}

pub(crate) fn token(scopes: &[&str]) -> Token {
    Token::new(partner(), scopes, now())
}

pub(crate) fn minted(token: &Token) -> String {
    ISSUER.mint(token).unwrap()
}

fn router() -> Router {
    Router::new()
        .route("/open/binary", any(async || ([(header::CONTENT_TYPE, "application/octet-stream")], binary())))
        .route("/open/problem", any(async || ([(header::CONTENT_TYPE, "application/problem+json")], "{\"é\":1}")))
        .route("/open/headers", any(repeated))
        .route("/open/empty", any(async || StatusCode::NO_CONTENT))
        .route("/open/panic", any(panics))
        .route("/open/long", any(long))
        .route("/never", any(std::future::pending::<StatusCode>))
        .fallback(seen)
}

/// Every byte there is: no text.
pub(crate) fn binary() -> Vec<u8> {
    (0..=255).collect()
}

async fn seen(request: Request) -> axum::Json<Value> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let header =
        |(name, value): (&header::HeaderName, &HeaderValue)| (name.to_string(), json!(value.to_str().unwrap()));
    axum::Json(json!({
        "method": parts.method.as_str(),
        "uri": parts.uri.to_string(),
        "headers": parts.headers.iter().map(header).collect::<serde_json::Map<_, _>>(),
        "body": BASE64.encode(body),
    }))
}

async fn repeated() -> Response<Body> {
    let answer = Response::builder().header("link", "<a>").header("link", "<b>");
    let answer = answer.header("Set-Cookie", "a=1").header("Set-Cookie", "b=2; Secure");
    answer.header("connection", "close").body(Body::from("text")).unwrap()
}

async fn panics() -> StatusCode {
    panic!("the function dies")
}

/// As many letters as the query says.
async fn long(request: Request) -> String {
    "x".repeat(request.uri().query().unwrap().parse().unwrap())
}
