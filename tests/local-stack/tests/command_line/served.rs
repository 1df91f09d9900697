//! A simulator that is served alone: every option of `cargo dev -- connectwise` and `cargo dev -- sophos`, over http.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long something that is due may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dev"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn ended(words: &[&str]) -> Output {
    program(words).output().await.unwrap()
}

/// The program as it serves; it ends with this value.
struct Served {
    url: String,
    http: Client,
    _program: Child,
}

impl Served {
    async fn start(simulator: &str, options: &[&str]) -> Self {
        let mut program = program(&[&[simulator, "--port", "0"], options].concat()).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().expect("the program says where it serves");
        let url = first.split_once("simulator: ").expect(&first).1.to_owned();
        // A connection for each call: one that a fault closes belongs to that call alone.
        let http = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(PATIENCE).build().unwrap();
        Self { url, http, _program: program }
    }

    async fn connectwise(options: &[&str]) -> Self {
        Self::start("connectwise", options).await
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.http.request(method, format!("{}/v4_6_release/apis/3.0{path}", self.url));
        call.basic_auth("training+public", Some("private")).header("clientId", "6c5b8a52-5d2e-4f0a-9a6e-2f1f1f4c7f10")
    }

    fn list(&self) -> RequestBuilder {
        self.call(Method::GET, "/finance/agreements/1/additions")
    }

    fn create(&self) -> RequestBuilder {
        let addition = json!({"product": {"id": 3}, "billCustomer": "Billable", "quantity": 7});
        self.call(Method::POST, "/finance/agreements/1/additions").json(&addition)
    }

    /// How many additions there are, once nothing goes wrong any more.
    async fn additions(&self) -> usize {
        let cleared = self.http.delete(format!("{}/_sim/faults", self.url)).send().await.unwrap();
        assert_eq!(cleared.status(), 204);
        self.list().send().await.unwrap().json::<Vec<Value>>().await.unwrap().len()
    }

    async fn plan(&self) -> Value {
        self.http.get(format!("{}/_sim/faults", self.url)).send().await.unwrap().json().await.unwrap()
    }
}

async fn status(call: RequestBuilder) -> u16 {
    call.send().await.unwrap().status().as_u16()
}

fn retry_after(answer: &Response) -> u64 {
    answer.headers()["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn without_options_nothing_goes_wrong() {
    let served = Served::connectwise(&[]).await;
    assert_eq!(status(served.create()).await, 201);
    assert_eq!(served.additions().await, 3);
}

#[tokio::test]
async fn calls_per_minute_refuses_what_is_beyond_with_retry_after() {
    let served = Served::connectwise(&["--calls-per-minute", "2"]).await;
    assert_eq!((status(served.list()).await, status(served.list()).await), (200, 200));
    let refused = served.list().send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!((1..=60).contains(&retry_after(&refused)), "{refused:?}");
    let sophos = Served::start("sophos", &["--calls-per-minute", "1"]).await;
    assert_eq!(sophos.plan().await["bucket"], Value::Null, "it replaces the vendor's own limit");
    let token = || sophos.http.post(format!("{}/api/v2/oauth2/token", sophos.url)).form(&[("grant_type", "password")]);
    assert_ne!(status(token()).await, 429);
    assert_eq!(status(token()).await, 429);
}

#[tokio::test]
async fn calls_in_flight_and_latency_let_one_call_wait_and_refuse_the_other() {
    let served = Served::connectwise(&["--calls-in-flight", "1", "--latency", "3000"]).await;
    let started = Instant::now();
    let (one, other) = tokio::join!(served.list().send(), served.list().send());
    let mut answers = [one.unwrap().status().as_u16(), other.unwrap().status().as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 429]);
    assert!(started.elapsed() >= Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_lost_answer_belongs_to_a_call_that_was_carried_out() {
    let served = Served::connectwise(&["--lost", "1"]).await;
    assert!(served.create().send().await.is_err(), "the connection is closed");
    assert_eq!(served.additions().await, 3);
}

#[tokio::test]
async fn a_late_commit_is_answered_504_and_carried_out_later() {
    let served = Served::connectwise(&["--late-commits", "1", "--late-by", "500"]).await;
    assert_eq!(status(served.list()).await, 200, "a read is not late");
    let sent = Instant::now();
    assert_eq!(status(served.create()).await, 504);
    let answered = sent.elapsed();
    while served.additions().await < 3 {
        assert!(sent.elapsed() < PATIENCE, "it was never carried out");
        tokio::task::yield_now().await;
    }
    assert!(sent.elapsed() >= Duration::from_millis(500).max(answered));
}

#[tokio::test]
async fn html_and_errors_say_nothing_of_what_was_carried_out() {
    for (option, expected, additions) in [("--html", 503, 2), ("--errors-before", 500, 2), ("--errors-after", 500, 3)] {
        let served = Served::connectwise(&[option, "1"]).await;
        let answer = served.create().send().await.unwrap();
        assert_eq!(answer.status(), expected, "{option}");
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind.contains("html"), option == "--html", "{option}: {kind}");
        assert_eq!(served.additions().await, additions, "{option}");
    }
}

#[tokio::test]
async fn the_same_seed_loses_the_same_calls() {
    let mut met = Vec::new();
    for _ in 0..2 {
        let served = Served::connectwise(&["--errors-before", "0.5", "--seed", "41"]).await;
        assert_eq!(served.plan().await["seed"], 41);
        let mut statuses = Vec::new();
        for _ in 0..24 {
            statuses.push(status(served.list()).await);
        }
        met.push(statuses);
    }
    assert_eq!(met[0], met[1]);
    assert!(met[0].contains(&200) && met[0].contains(&500), "{met:?}");
}

#[tokio::test]
async fn a_reading_is_what_the_server_does() {
    let served =
        Served::connectwise(&["--reading", "wrong-keys=not-found", "--reading", "unknown-company=not-found"]).await;
    let stranger = served.http.get(format!("{}/v4_6_release/apis/3.0/system/info", served.url));
    let stranger = stranger.basic_auth("training+stranger", Some("private"));
    assert_eq!(status(stranger).await, 404);
    let nobody = served.http.get(format!("{}/login/companyinfo/nobody", served.url));
    assert_eq!(status(nobody).await, 404);
    let help = String::from_utf8(ended(&["connectwise", "--help"]).await.stdout).unwrap();
    for reading in [
        "wrong-keys=unauthorized, not-found",
        "unknown-company=null, not-found",
        "is-cloud=flag, text",
        "cancelled-date=last-billed-day, ",
    ] {
        assert!(help.contains(reading), "{help}");
    }
}

#[tokio::test]
async fn help_explains_each_option_in_a_line() {
    for simulator in ["connectwise", "sophos"] {
        let help = String::from_utf8(ended(&[simulator, "-h"]).await.stdout).unwrap();
        for option in [
            "--calls-per-minute <N>",
            "--calls-in-flight <N>",
            "--latency <MS>",
            "--lost <SHARE>",
            "--late-commits <SHARE>",
            "--late-by <MS>",
            "--html <SHARE>",
            "--errors-before <SHARE>",
            "--errors-after <SHARE>",
            "--seed <S>",
        ] {
            let line = help.lines().find(|line| line.trim_start().starts_with(option)).expect(option);
            assert!(line.trim().len() > option.len() + 10, "{line}");
        }
    }
}

#[tokio::test]
async fn a_value_that_no_option_has_is_refused_with_a_sentence() {
    for (option, value, sentence) in [
        ("--lost", "1.5", "expected a share of the calls from 0 to 1, such as 0.05"),
        ("--html", "half", "expected a share of the calls from 0 to 1, such as 0.05"),
        ("--errors-after", "NaN", "expected a share of the calls from 0 to 1, such as 0.05"),
        ("--latency", "-1", "expected milliseconds from 0 to 600000"),
        ("--calls-per-minute", "0", "expected a whole number from 1 to 100000"),
        ("--calls-in-flight", "many", "expected a whole number from 1 to 100000"),
        ("--reading", "wrong-keys", "expected NAME=VALUE, such as wrong-keys=not-found"),
        ("--reading", "weather=fine", "there is no reading weather; --help lists them"),
        ("--reading", "wrong-keys=teapot", "unknown variant `teapot`, expected `unauthorized` or `not-found`"),
    ] {
        let ended = ended(&["connectwise", &format!("{option}={value}")]).await;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(sentence), "{option}: {said}");
    }
}
