//! Stopped or killed, it goes on where it stopped, and nothing is written twice.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use tokio::process::Child;

use crate::services::Services;

/// How often it is looked whether something has happened.
const OFTEN: Duration = Duration::from_millis(20);
/// Longer than any test takes.
const NEVER_MS: u64 = 600_000;

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

async fn until(happened: impl Fn() -> bool) {
    while !happened() {
        tokio::time::sleep(OFTEN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_in_order_and_it_can_be_said_again() {
    let services = Services::mapped().await;
    let slow = Fault::new(FaultKind::SlowAnswer { delay_ms: NEVER_MS }).on("GET", "*");
    services.psa.gate().set_faults(FaultPlan::of(1, [slow])).unwrap();
    services.psa.gate().counters().reset();
    let child = services.command(&["preview"]).spawn().unwrap();
    services.psa.gate().counters().reached(1).await;
    signal(&child, Signal::INT);
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("say it again to go on"));
    services.psa.gate().set_faults(FaultPlan::default()).unwrap();
    services.run(&["customers"]).await.ends(0);
}

/// An apply that is killed while ConnectWise has its one write and has not answered.
async fn killed_while_writing() -> Services {
    let services = Services::mapped().await;
    let slow = Fault::new(FaultKind::SlowAnswer { delay_ms: NEVER_MS }).on("POST", "*/additions").at_most(1);
    services.psa.gate().set_faults(FaultPlan::of(1, [slow])).unwrap();
    let mut child = services.command(&["--apply", "--yes"]).spawn().unwrap();
    until(|| !services.writes().is_empty()).await;
    child.kill().await.unwrap();
    services
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits minutes for what was left behind; infra/check ignored-tests"]
async fn an_apply_that_was_killed_while_it_wrote_is_brought_to_its_end_and_nothing_is_written_twice() {
    let services = killed_while_writing().await;
    services.run(&["--apply"]).await.ends(2).says("was interrupted");
    let ended = services.run(&["--apply", "--yes"]).await.ends(0);
    ended.says("was interrupted; what it began is brought to its end");
    assert_eq!(services.billed(services.agreements[0]), [(u64::from(services.product), 7.0)]);
    services.run(&["--apply", "--yes"]).await.ends(0).says("Nothing was written to ConnectWise.");
    assert_eq!(services.writes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits minutes for what was left behind; infra/check ignored-tests"]
async fn a_preview_after_an_apply_was_killed_writes_nothing_and_the_next_apply_writes_nothing_twice() {
    let services = killed_while_writing().await;
    let preview = services.run(&["preview"]).await;
    preview.says("was interrupted. It ends here");
    assert_eq!(services.writes().len(), 1);
    services.run(&["--apply", "--yes"]).await.ends(0);
    assert_eq!(services.billed(services.agreements[0]), [(u64::from(services.product), 7.0)]);
    assert_eq!(services.writes().len(), 1);
}
