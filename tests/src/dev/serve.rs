//! One simulator alone, for any client to talk to.

use std::io;

use super::Command;
use crate::connectwise::{ConnectWise, STANDING_COMPANY, STANDING_PRIVATE_KEY, STANDING_PUBLIC_KEY};
use crate::sophos::{self, CLIENT_ID, CLIENT_SECRET, Sophos};

/// Serves a simulator with its standing data set until Ctrl-C.
///
/// # Errors
/// The port is taken, or the data set is refused.
pub async fn simulator(command: Command) -> io::Result<()> {
    let running = match command {
        Command::Connectwise { port } => {
            let psa = ConnectWise::standing_data().map_err(|refusal| io::Error::other(format!("{refusal:?}")))?;
            let running = psa.start(port).await?;
            println!("ConnectWise PSA simulator: {}", running.url());
            println!(
                "company id {STANDING_COMPANY}, public key {STANDING_PUBLIC_KEY}, private key {STANDING_PRIVATE_KEY}, any client id"
            );
            running
        }
        Command::Sophos { port } => {
            let running = sophos::start(&Sophos::standing_data(), port).await?;
            println!("Sophos Central simulator: {}", running.url());
            println!("client id {CLIENT_ID}, client secret {CLIENT_SECRET}");
            running
        }
    };
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
