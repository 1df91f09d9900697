//! The page's files as a browser gets them: through the gateway, without a token.

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Request, StatusCode};
use local_stack::api::routers::name_of;
use local_stack::gateway::token::Issuer;
use local_stack::gateway::{GatewayOptions, InProcess, Routes};
use local_stack::page;

fn gateway() -> InProcess {
    let template = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml"));
    let name = name_of("console");
    let routes = Routes::from_template(template).unwrap().only(&[&name]);
    let options = GatewayOptions::new(Issuer::ephemeral().unwrap().authorizer());
    InProcess::new(options, routes, [(name, page::router())]).unwrap()
}

async fn get(gateway: &InProcess, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::get(path).header("host", "127.0.0.1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = gateway.call(request.body(Body::empty()).unwrap()).await;
    let (parts, body) = answer.into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

/// The folder that the start page takes its files from.
fn version_of(page: &str) -> &str {
    let (_, rest) = page.split_once("/console/").unwrap();
    rest.split('/').next().unwrap()
}

#[tokio::test]
async fn the_start_page_needs_no_token_and_lets_nothing_foreign_in() {
    let gateway = gateway();
    for path in ["/console", "/console/"] {
        let (status, headers, body) = get(&gateway, path, &[]).await;
        assert_eq!(
            (status, headers[CONTENT_TYPE].as_bytes()),
            (StatusCode::OK, b"text/html; charset=utf-8".as_slice())
        );
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self' https://issuer.localhost",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.split("; ").any(|own| own == directive), "{directive}: {policy}");
        }
        let page = String::from_utf8(body).unwrap();
        assert!(!page.contains("http:") && !page.contains("https:"), "a foreign address: {page}");
        let (status, _, body) = get(&gateway, path, &[("if-none-match", headers[ETAG].to_str().unwrap())]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    }
}

#[tokio::test]
async fn every_file_of_the_start_page_is_there_compressed_and_kept_for_ever() {
    let gateway = gateway();
    let (_, _, body) = get(&gateway, "/console/", &[]).await;
    let page = String::from_utf8(body).unwrap();
    let links: Vec<&str> = page.split('"').filter(|text| text.starts_with("/console/")).collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        let (status, headers, body) = get(&gateway, link, &[("accept-encoding", "gzip")]).await;
        assert_eq!(status, StatusCode::OK, "{link}");
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable", "{link}");
        let is_packed = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        assert!(is_packed && body.starts_with(&[0x1f, 0x8b]), "{link}");
    }
}

#[tokio::test]
async fn files_of_another_version_and_files_outside_of_the_folder_are_not_found() {
    let gateway = gateway();
    let (_, _, body) = get(&gateway, "/console/", &[]).await;
    let page = String::from_utf8(body).unwrap();
    let version = version_of(&page);
    for path in [
        "/console/0000000000000000/app.js".to_owned(),
        format!("/console/{version}/index.html"),
        format!("/console/{version}/nothing.js"),
        format!("/console/{version}/../Cargo.toml"),
        format!("/console/{version}/%2e%2e/Cargo.toml"),
        format!("/console/{version}/"),
        "/console/app.js".to_owned(),
    ] {
        assert_eq!(get(&gateway, &path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_browser_learns_where_to_sign_in_and_no_token() {
    let (status, _, body) = get(&gateway(), "/console/config.json", &[]).await;
    assert_eq!(status, StatusCode::OK);
    let config: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(config, serde_json::json!({ "issuer": "https://issuer.localhost", "clientId": "psa-usage-sync" }));
}

#[tokio::test]
async fn a_site_whose_name_leads_to_this_machine_is_handed_no_token() {
    use tower::ServiceExt;
    for (host, expected) in [
        ("127.0.0.1:9012", StatusCode::OK),
        ("localhost:9012", StatusCode::OK),
        ("evil.example:9012", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let router = page::signed_in(|_| Some("a.token.here".to_owned()));
        let request = Request::get("/console/config.json").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(router.oneshot(request).await.unwrap().status(), expected, "{host}");
    }
}
