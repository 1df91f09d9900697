//! The README's section of the API: its lines do what they say.

use std::process::Command;

use crate::stack;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
/// Says the status of an answer behind its body, and fails where there is none.
const CURL: &str =
    r#"curl() { command curl --silent --show-error --noproxy '*' --max-time 60 --write-out '\n%{http_code}' "$@"; }"#;

/// The lines of the section that are for a shell.
fn lines() -> Vec<&'static str> {
    let (_, section) = README.split_once("\n## The HTTP API\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    section.lines().filter_map(|line| line.strip_prefix("    ")).collect()
}

/// What a shell with the address and the token gets for a line: status and body.
fn run(line: &'static str, (api, token): (String, String)) -> (String, String) {
    let script = format!("{CURL}\n{line}");
    let ended = Command::new("sh").arg("-c").arg(script).env("API", api).env("TOKEN", token).output().unwrap();
    let (said, complaint) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{line}: {complaint}");
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_readme_work_as_printed() {
    let stack = stack().await;
    let api = stack.serve_functions(0).await.unwrap();
    let (url, token) = (api.gateway.url(), api.token().unwrap());
    let lines = lines();
    assert_eq!(lines.len(), 10);
    for line in lines {
        let known = (url.clone(), token.clone());
        let (status, body) = tokio::task::spawn_blocking(move || run(line, known)).await.unwrap();
        assert!(["200", "201", "202"].contains(&status.as_str()), "{line}: {status} {body}");
        assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap().is_object(), "{line}: {body}");
    }
    api.gateway.stop().await;
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_steps_of_the_local_stack_work_as_printed() {
    let stack = stack().await;
    let api = stack.serve_functions(0).await.unwrap();
    let steps = api.first_steps().unwrap();
    let script =
        steps.replace("curl ", "curl --silent --show-error --fail --noproxy '*' --max-time 60 --output /dev/null ");
    let said = tokio::task::spawn_blocking(move || Command::new("sh").args(["-e", "-c", &script]).output());
    let said = said.await.unwrap().unwrap();
    assert!(said.status.success(), "{steps}\n{}", String::from_utf8_lossy(&said.stderr));
    assert!(steps.lines().filter(|line| line.starts_with("curl ")).count() >= 3, "{steps}");
    api.gateway.stop().await;
    stack.stop().await.unwrap();
}
