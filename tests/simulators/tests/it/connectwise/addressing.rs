//! Discovery, codebases, and the many spellings of one path.

use serde_json::json;
use simulators::connectwise::{Settings, UnknownCompany};
use simulators::simulator::tls::Authority;

use crate::connectwise::world::{World, http, send};

async fn company_info(world: &World, company: &str) -> crate::connectwise::world::Answer {
    send(http().get(format!("{}/login/companyinfo/{company}", world.server.url()))).await
}

#[tokio::test]
async fn discovery_needs_no_keys_and_names_a_codebase_that_ends_in_a_slash() {
    let world = World::new().await;
    let info = company_info(&world, "acme").await.expect(200);
    assert_eq!(info["Codebase"], "v2025_1/");
    assert_eq!(info["VersionCode"], "v2025.1");
    assert_eq!(info["CompanyID"], "acme");
}

#[tokio::test]
async fn discovery_of_an_unknown_company_is_null_or_404_as_the_server_is_set() {
    let world = World::new().await;
    assert_eq!(company_info(&world, "nobody").await.expect(200), json!(null));
    let strict = Settings { unknown_company: UnknownCompany::NotFound, ..Settings::default() };
    let world = World::with(strict).await;
    assert_eq!(company_info(&world, "nobody").await.expect(404)["code"], "NotFound");
}

#[tokio::test]
async fn a_codebase_that_was_upgraded_away_is_404_and_the_router_name_goes_on_working() {
    let world = World::new().await;
    let at = |codebase: &str| {
        let url = world.url("/system/info").replace("v4_6_release", codebase);
        send(
            http().get(url).basic_auth("acme+public", Some("secret")).header("clientId", uuid::Uuid::nil().to_string()),
        )
    };
    assert_eq!(at("v2025_1").await.expect(200)["version"], "v2025.1");
    assert_eq!(at("v2024_1").await.expect(404)["code"], "NotFound");
    world.psa.upgrade("v2025_2/");
    at("v2025_1").await.expect(404);
    assert_eq!(at("v2025_2").await.expect(200)["version"], "v2025.2");
    at("v4_6_release").await.expect(200);
    assert_eq!(company_info(&world, "acme").await.expect(200)["Codebase"], "v2025_2/");
}

#[tokio::test]
async fn doubled_and_trailing_slashes_and_other_capitals_name_the_same_path() {
    let world = World::new().await;
    let plain = world.get("/finance/agreements/1/additions").await.expect(200);
    for path in
        ["//finance//agreements/1/additions", "/finance/agreements/1/additions/", "/Finance/Agreements/1/Additions"]
    {
        assert_eq!(world.get(path).await.expect(200), plain, "{path}");
    }
    world.get("/procurement/subcategories/").await.expect(200);
}

#[tokio::test]
async fn any_accept_header_is_answered() {
    let world = World::new().await;
    for accept in [
        "application/vnd.connectwise.com+json; version=2025.1",
        "application/vnd.connectwise.com+json; version=3.0.0",
        "*/*",
        "application/json, text/plain, */*",
        "text/html",
    ] {
        let call = world.call(reqwest::Method::GET, "/finance/agreements").header("accept", accept);
        assert_eq!(send(call).await.expect(200)[0]["id"], 1, "{accept}");
    }
}

#[tokio::test]
async fn links_in_records_contain_doubled_slashes() {
    let world = World::new().await;
    let agreement = world.get("/finance/agreements/1").await.expect(200);
    let href = agreement["company"]["_info"]["company_href"].as_str().unwrap().to_owned();
    assert!(href.ends_with("/v4_6_release/apis/3.0//company/companies/1"), "{href}");
    let call = http().get(href).basic_auth("acme+public", Some("secret"));
    let company = send(call.header("clientId", uuid::Uuid::nil().to_string())).await.expect(200);
    assert_eq!(company["identifier"], "ADL");
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_404_bundles_included() {
    let world = World::new().await;
    world.post("/system/bundles", json!({})).await.expect(404);
    world.get("/finance/additions").await.expect(404);
    assert_eq!(world.delete("/finance/agreements").await.expect(405)["code"], "MethodNotAllowed");
}

#[tokio::test]
async fn https_is_served_to_a_client_that_trusts_the_throw_away_authority_and_to_no_other() {
    let world = World::new().await;
    let authority = Authority::new().unwrap();
    let server = world.psa.start_tls(0, &authority).await.unwrap();
    let url = format!("{}/v4_6_release/apis/3.0/finance/agreements/1", server.url());
    assert!(url.starts_with("https://127.0.0.1:"));
    let client_id = uuid::Uuid::nil().to_string();
    let ask = |client: reqwest::Client| {
        client.get(&url).basic_auth("acme+public", Some("secret")).header("clientId", &client_id).send()
    };
    let certificate = reqwest::Certificate::from_pem(authority.certificate_pem().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
    let agreement: serde_json::Value = ask(trusting).await.unwrap().json().await.unwrap();
    let href = agreement["company"]["_info"]["company_href"].as_str().unwrap();
    assert!(href.starts_with("https://127.0.0.1:"), "{href}");
    assert!(ask(http()).await.unwrap_err().is_connect());
}
