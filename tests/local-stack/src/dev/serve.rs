//! One simulator alone, for any client to talk to.

use std::io::{self, ErrorKind};
use std::path::Path;

use axum::Router;

use super::Simulator;
use super::args::Transport;
use super::faults::Faults;
use simulators::connectwise::schema::Validation;
use simulators::connectwise::{ConnectWise, STANDING_COMPANY, STANDING_PRIVATE_KEY, STANDING_PUBLIC_KEY};
use simulators::simulator::gate::Gate;
use simulators::simulator::serve::{Running, serve, serve_tls};
use simulators::simulator::tls::Authority;
use simulators::sophos::{CLIENT_ID, CLIENT_SECRET, MIXED_CLIENT_ID, Sophos};

/// Serves a simulator with its standing data set until Ctrl-C.
///
/// # Errors
/// The port is taken, the data set or the faults are refused, the authority's certificate cannot be written, or an
/// answer of ConnectWise was not as the vendor's schema says.
pub async fn simulator(simulator: Simulator) -> io::Result<()> {
    match simulator {
        Simulator::Connectwise { port, transport, readings, faults } => {
            let settings = readings.settings().map_err(io::Error::other)?;
            let psa = ConnectWise::standing_data_with(settings)
                .map_err(|refusal| io::Error::other(format!("{refusal:?}")))?;
            // A person who tries something must not lose the server over it.
            psa.set_validation(Validation::Report);
            set(&faults, psa.gate())?;
            let running = start(psa.router(), port, &transport).await?;
            println!("ConnectWise PSA simulator: {}", running.url());
            println!(
                "company id {STANDING_COMPANY}, public key {STANDING_PUBLIC_KEY}, private key {STANDING_PRIVATE_KEY}, any client id"
            );
            until_told(running).await?;
            match psa.schema_report().broken.len() {
                0 => Ok(()),
                wrong => Err(io::Error::other(format!("{wrong} answers were not as ConnectWise's schema says"))),
            }
        }
        Simulator::Sophos { port, transport, faults } => {
            let sophos = Sophos::standing_data();
            set(&faults, sophos.gate())?;
            let running = start(sophos.router(), port, &transport).await?;
            println!("Sophos Central simulator: {}", running.url());
            println!("client id {CLIENT_ID}, client secret {CLIENT_SECRET}");
            println!("client id {MIXED_CLIENT_ID}, the same secret: customers of older and newer answers in one list");
            until_told(running).await
        }
    }
}

fn set(faults: &Faults, gate: &Gate) -> io::Result<()> {
    gate.set_faults(faults.on(gate.faults())).map_err(io::Error::other)
}

async fn until_told(running: Running) -> io::Result<()> {
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}

async fn start(router: Router, port: u16, transport: &Transport) -> io::Result<Running> {
    let Some(file) = &transport.tls else { return serve(router, port).await };
    replaceable(file)?;
    let authority = Authority::new().map_err(io::Error::other)?;
    let running = serve_tls(router, port, &authority).await?;
    let folder = file.parent().unwrap_or(Path::new(""));
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(folder)?;
    }
    authority.write_certificate(file)?;
    println!("Throw-away authority to trust: {}", file.display());
    Ok(running)
}

/// Whether a certificate may be written there: over an older one, and over nothing else.
fn replaceable(file: &Path) -> io::Result<()> {
    match std::fs::read(file) {
        Ok(bytes) if bytes.starts_with(b"-----BEGIN CERTIFICATE-----") => Ok(()),
        Ok(_) => Err(io::Error::new(
            ErrorKind::AlreadyExists,
            format!("{} is there and is no certificate; it was left alone. Give --tls another file.", file.display()),
        )),
        Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(()),
        Err(refused) => Err(refused),
    }
}
