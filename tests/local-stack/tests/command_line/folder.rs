//! The folder of a real partner and that of the demo are kept apart, whoever meets which.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tokio::process::Command;

use crate::services::{Ran, Services, files, ran};

async fn demo(words: &[&str], services: &Services) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dev"));
    command.env_clear().args(["--once", "--customers", "2", "--products", "2"]).args(words);
    command.arg("--data").arg(services.data());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    ran(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_neither_runs_on_a_real_partners_folder_nor_deletes_it() {
    let services = Services::open().await;
    services.run(&["connect"]).await.ends(0);
    let names = || files(&services.data()).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    let before = names();
    for words in [[].as_slice(), &["--fresh"]] {
        demo(words, &services).await.ends(2).says("holds a real partner's connections");
    }
    assert_eq!(names(), before);
    services.run(&["connect"]).await.ends(0).says("Sophos works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_partner_does_not_run_on_the_demos_folder() {
    let services = Services::open().await;
    demo(&[], &services).await.ends(0);
    services.run(&["connect"]).await.ends(2).says("holds the demo's files");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_and_its_key_are_their_owners_alone() {
    let services = Services::open().await;
    services.run(&["connect"]).await.ends(0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&services.data()), 0o700);
    assert_eq!(mode(&services.data().join("seal.key")), 0o600);
}
