//! With a person at a terminal: keys are asked for and not shown, and an apply asks first.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::services::{SECRETS, Services};

/// A person's end of a terminal at which the program runs.
struct Person {
    terminal: File,
    seen: String,
    /// How much of that was waited for.
    read: usize,
    child: Child,
}

impl Person {
    fn starts(services: &Services, words: &[&str]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end =
            || -> Stdio { OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap().into() };
        let mut command = Command::new(env!("CARGO_BIN_EXE_dev"));
        command.env_clear().envs(services.places()).arg("--live").args(words).arg("--data").arg(services.data());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop(command);
        Self { terminal: terminal.into(), seen: String::new(), read: 0, child }
    }

    /// Reads until the terminal shows `text`, behind all that was seen before.
    fn sees(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        let found = loop {
            if let Some(at) = self.seen[self.read..].find(text) {
                break at;
            }
            // The terminal of a program that has ended answers with an error.
            match self.terminal.read(&mut bytes) {
                Ok(read) if read > 0 => self.seen.push_str(&String::from_utf8_lossy(&bytes[..read])),
                Ok(_) | Err(_) => panic!("{text:?} never came: {}", self.seen),
            }
        };
        self.read += found + text.len();
    }

    fn types(&mut self, line: &str) {
        writeln!(self.terminal, "{line}").unwrap();
    }

    /// Reads to the end.
    fn leaves(mut self) -> (i32, String) {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = self.terminal.read(&mut bytes) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        (self.child.wait().unwrap().code().unwrap(), self.seen)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_typed_unseen_and_an_apply_waits_for_a_yes() {
    let services = Services::open().await;
    let typed = |services: Services| {
        let site = services.site();
        let mut person = Person::starts(&services, &["preview"]);
        let [public_key, private_key, client_id, sophos_id, sophos_secret] = SECRETS;
        for (question, answer) in [
            ("ConnectWise site, such as na.myconnectwise.net: ", site.as_str()),
            ("ConnectWise company id: ", "acme"),
            ("ConnectWise public key: ", public_key),
            ("ConnectWise private key: ", private_key),
            ("ConnectWise client id: ", client_id),
            ("Sophos client id: ", sophos_id),
            ("Sophos client secret: ", sophos_secret),
            ("Time zone in which you bill, such as Europe/Rome: ", "UTC"),
        ] {
            person.sees(question);
            person.types(answer);
        }
        let (code, seen) = person.leaves();
        assert_eq!(code, 0, "{seen}");
        for secret in SECRETS {
            assert!(!seen.contains(secret), "{secret} was shown: {seen}");
        }
        services
    };
    let services = tokio::task::spawn_blocking(move || typed(services)).await.unwrap();
    services.map(crate::services::HARROW).await;
    services.run(&["map-product", "CIXA-MSP", "--product", "Intercept_X"]).await.ends(0);

    let asked = |services: Services, answer: &'static str| {
        let mut person = Person::starts(&services, &["--apply"]);
        person.sees("In ConnectWise of acme at https://127.0.0.1");
        person.sees(": create 1 addition? Type yes to go on: ");
        person.types(answer);
        let (code, seen) = person.leaves();
        (services, code, seen)
    };
    let (services, code, seen) = tokio::task::spawn_blocking(move || asked(services, "no")).await.unwrap();
    assert_eq!((code, services.writes().len()), (2, 0), "{seen}");
    let (services, code, seen) = tokio::task::spawn_blocking(move || asked(services, "yes")).await.unwrap();
    assert_eq!((code, services.writes().len()), (0, 1), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_at_a_secret_question_has_a_terminal_that_shows_what_is_typed_again() {
    let services = Services::open().await;
    let shows = |person: &Person| tcgetattr(&person.terminal).unwrap().local_modes.contains(LocalModes::ECHO);
    let stopped = move || {
        let mut person = Person::starts(&services, &["connect"]);
        for (question, answer) in [("na.myconnectwise.net: ", "site"), ("company id: ", "acme")] {
            person.sees(question);
            person.types(answer);
        }
        person.sees("ConnectWise public key: ");
        let hidden = !shows(&person);
        kill_process(Pid::from_child(&person.child), Signal::INT).unwrap();
        person.sees("Stopped");
        let shown = shows(&person);
        (hidden, shown, person.leaves())
    };
    let (hidden, shown, (code, seen)) = tokio::task::spawn_blocking(stopped).await.unwrap();
    assert_eq!((hidden, shown, code), (true, true, 130), "{seen}");
}
