//! The calls that `README.md` and `infra/API.md` print, and those that the local stack prints, do what they say.

use std::collections::BTreeMap;
use std::process::Command;

use local_stack::demo::{Demo, Size};
use local_stack::stack::{Api, LONGEST_SLICE, Stack, StackOptions};
use serde_json::Value;
use shared::clock::SystemClock;
use shared::domain::month::UsageMonth;
use shared::ports::Clock;
use usage_sync::Limits;

use crate::api::stack;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));
const API: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/API.md"));
/// Prints the status of an answer after its body, and fails where there is no answer.
const CURL: &str =
    r#"curl() { command curl --silent --show-error --noproxy '*' --max-time 60 --write-out '\n%{http_code}' "$@"; }"#;

/// A section of a document, without its heading.
fn section(document: &'static str, heading: &str) -> &'static str {
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    section.split_once("\n## ").unwrap().0
}

/// The commands that a text prints: its lines with four spaces in front, without comments. A line that ends in a
/// backslash is one command with the next line.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| !line.starts_with('#'));
    let script: String = lines.map(|line| format!("{line}\n")).collect();
    script.replace("\\\n", "").lines().map(str::to_owned).collect()
}

/// What a reader's shell knows: the variables that are set, and the lines that define something.
#[derive(Clone)]
struct Shell {
    variables: BTreeMap<&'static str, String>,
    definitions: String,
}

impl Shell {
    fn new(api: &Api) -> Self {
        let variables = BTreeMap::from([("API", api.gateway.url()), ("TOKEN", api.token().unwrap())]);
        Self { variables, definitions: format!("{CURL}\n") }
    }

    fn define(&mut self, line: &str) {
        self.definitions.push_str(line);
        self.definitions.push('\n');
    }

    /// The body that a printed call answers with success.
    async fn call(&self, line: &str) -> String {
        let (shell, command) = (self.clone(), line.to_owned());
        tokio::task::spawn_blocking(move || shell.run(&command)).await.unwrap()
    }

    fn run(&self, line: &str) -> String {
        let script = format!("{}{line}", self.definitions);
        let ended = Command::new("sh").arg("-c").arg(script).envs(&self.variables).output().unwrap();
        let printed = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
        let (body, status) = printed.trim_end().rsplit_once('\n').unwrap();
        assert!(["200", "201", "202"].contains(&status), "{line}: {status} {body}");
        body.to_owned()
    }
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_the_api_guide_work_as_printed() {
    let stack = stack().await;
    let api = stack.serve_functions(0).await.unwrap();
    let commands = commands(API);
    let (calls, others): (Vec<_>, Vec<_>) = commands.iter().partition(|command| command.starts_with("call "));
    let [serve, definition]: [&String; 2] =
        others.try_into().expect("besides calls, `cargo dev -- api` and a definition");
    assert_eq!(serve, "cargo dev -- api");
    assert_eq!(calls.len(), 10);
    let mut shell = Shell::new(&api);
    shell.define(definition);
    for call in calls {
        let body = shell.call(call).await;
        assert!(json(&body).is_object(), "{call}: {body}");
    }
    api.gateway.stop().await;
    stack.stop().await.unwrap();
}

/// The partner of `cargo dev -- api`, in memory.
async fn demo_partner(month: UsageMonth) -> Stack {
    let (size, limits) = (Size::default(), Limits::default());
    Stack::start(StackOptions { size, month, data: None, limits, slice: LONGEST_SLICE }).await.unwrap()
}

/// The month that a preview is about when a request names none.
fn present_month() -> UsageMonth {
    let settings = Demo::new(Size::default()).settings().unwrap();
    UsageMonth::containing(SystemClock.now().to_zoned(settings.time_zone.zone().clone()).date())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_calls_of_the_readme_map_preview_apply_decide_and_take_a_sheet() {
    let month = present_month();
    let stack = demo_partner(month).await;
    let api = stack.serve_functions(0).await.unwrap();
    let mut shell = Shell::new(&api);
    shell.variables.insert("MONTH", month.to_string());
    let mut bodies = Vec::new();
    for command in commands(section(README, "Five calls")) {
        if !command.starts_with("call ") {
            shell.define(&command);
            continue;
        }
        let body = shell.call(&command).await;
        stack.queue.drained().await;
        // What the text asks the reader to set from an answer.
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        for (variable, member) in [("RUN", "runId"), ("VERSION", "version")] {
            if let Some(value) = answer[member].as_str() {
                shell.variables.insert(variable, value.to_owned());
            }
        }
        bodies.push(body);
    }
    let [mapped, preview, apply, seen, decided, sheet]: [String; 6] = bodies.try_into().expect("two calls to decide");

    assert_eq!(json(&mapped)["applied"], true, "{mapped}");
    assert_eq!(json(&preview)["kind"], "preview", "{preview}");
    assert_eq!(json(&apply)["kind"], "apply", "{apply}");
    let (seen, decided) = (json(&seen), json(&decided));
    assert_eq!(seen["applied"], false, "{seen}");
    assert_eq!(decided["applied"], true, "{decided}");
    assert!(seen["matching"].as_u64().unwrap() > 0, "the demo has additions without a price: {seen}");
    assert_eq!(decided["decided"], seen["matching"]);
    let run = json(&shell.call("call sync/runs/$RUN").await);
    assert!(run["counts"]["additionsCreated"].as_u64().unwrap() > 0, "{run}");
    assert!(sheet.starts_with("customerId,customer,"), "{sheet}");
    let created = sheet.lines().filter(|row| row.contains(",CDEN,") && row.contains(",created,")).count();
    assert!(created > 0, "the product that was mapped is billed: {sheet}");
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
