//! The direct contract: other services of the same account start syncs and previews and look at runs, without HTTP.
//!
//! One event, one answer, both versioned; what goes wrong is an error with a type that a state machine can match
//! ([`FailureType`]). Whoever may invoke the function (IAM says who) may name any partner. It queues and reads: there are no
//! secrets here.

mod contract;
mod failure;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::domain::id::{PartnerId, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::run::{CustomerFilter, Run, RunScope};
use shared::http::{Language, TAKE_OVER_S, Text};
use shared::ports::{Clock, Ids, Queue};
use shared::start::{Asked, Asker, choose, start};
use shared::store::{Answer, Attempt, Begun, Store};
use shared::table::Table;

pub use self::contract::{
    GetRunInput, InvokeAnswer, InvokeEvent, InvokedRun, InvokedState, Operation, PreviewInput, StartSyncInput, VERSION,
    schema,
};
pub use self::failure::{Failure, FailureType};

/// The most characters of an idempotency key.
const MAX_KEY: usize = 255;
/// Who asks, as runs name it: IAM admitted it, and no name came with it.
const CALLER: &str = "direct invocation";

/// What the function needs of the world.
#[derive(Clone, Debug)]
pub struct World<T, Q, C, I> {
    /// Where runs are kept.
    pub store: Store<T>,
    /// What runs are asked for by.
    pub queue: Q,
    /// What time it is.
    pub clock: C,
    /// Where ids come from.
    pub ids: I,
}

impl<T: Table, Q: Queue, C: Clock, I: Ids> World<T, Q, C, I> {
    /// Does what an event asks for.
    ///
    /// # Errors
    /// [`Failure`], by its type.
    pub async fn handle(&self, event: Value) -> Result<InvokeAnswer, Failure> {
        // The version first: an event of another one may look like nothing that is known here.
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        if text("version") != Some(VERSION) {
            return Err(Failure::version(text("version")));
        }
        if text("operation").and_then(Operation::parse).is_none() {
            return Err(Failure::operation(text("operation")));
        }
        let event: InvokeEvent = read(event)?;
        let partner = PartnerId::parse(&event.partner_id).map_err(|error| Failure::input("partnerId", &error))?;
        let run = match event.operation {
            Operation::StartSync => {
                let input: StartSyncInput = read(event.input.clone())?;
                self.once(partner, &event, async || self.asked_sync(partner, &input).await).await?
            }
            Operation::Preview => {
                let input: PreviewInput = read(event.input.clone())?;
                self.once(partner, &event, async || self.asked_preview(partner, &input).await).await?
            }
            Operation::GetRun => {
                let input: GetRunInput = read(event.input)?;
                let id = RunId::parse(&input.run_id).map_err(|error| Failure::input("input.runId", &error))?;
                self.find(partner, &id).await?
            }
        };
        Ok(InvokeAnswer { version: VERSION.to_owned(), result: InvokedRun::of(&run) })
    }

    async fn find(&self, partner: PartnerId, id: &RunId) -> Result<Run, Failure> {
        let found = self.store.find_run(partner, id).await?;
        found.ok_or_else(|| Failure::new(FailureType::NotFound, format!("There is no run {id} of this partner.")))
    }

    async fn asked_sync(&self, partner: PartnerId, input: &StartSyncInput) -> Result<Asked, Failure> {
        let Some(preview) = &input.preview else {
            let customers = self.customers(partner, input.customers.as_deref()).await?;
            let scope = RunScope { customers, ..RunScope::default() };
            return Ok(Asked::Now { month: month(input.month.as_deref())?, scope });
        };
        if input.month.is_some() || input.customers.is_some() {
            let detail = "A preview says by itself for which month and whom it is; leave month and customers out.";
            return Err(Failure::input("input", &detail));
        }
        let preview = RunId::parse(preview).map_err(|error| Failure::input("input.preview", &error))?;
        Ok(Asked::Apply { preview, customers: None, adopts: false })
    }

    async fn asked_preview(&self, partner: PartnerId, input: &PreviewInput) -> Result<Asked, Failure> {
        let customers = self.customers(partner, input.customers.as_deref()).await?;
        let scope = RunScope { customers, ignores_switches: input.ignore_switches, ..RunScope::default() };
        Ok(Asked::Preview { month: month(input.month.as_deref())?, scope })
    }

    async fn customers(&self, partner: PartnerId, customers: Option<&[String]>) -> Result<CustomerFilter, Failure> {
        let chosen = choose(&self.store, partner, customers).await?;
        chosen.map_err(|error| Failure::input("input.customers", &Text::from(&error).in_language(Language::English)))
    }

    /// Starts a run unless the same event has started one: then gives that one, as it is now.
    async fn once(
        &self,
        partner: PartnerId,
        event: &InvokeEvent,
        asked: impl AsyncFnOnce() -> Result<Asked, Failure>,
    ) -> Result<Run, Failure> {
        let attempt = self.attempt(event)?;
        match self.store.begin_attempt(partner, &attempt).await? {
            Begun::Fresh => {}
            Begun::Done(answer) => {
                let id = RunId::parse(&answer.body).map_err(|error| Failure::internal(&error))?;
                return self.find(partner, &id).await;
            }
            Begun::InProgress(_) => {
                let detail = "The same event is being worked on. Send it again in a few seconds; it is not done twice.";
                return Err(Failure::new(FailureType::InProgress, detail));
            }
            Begun::OtherRequest => {
                let detail = "This idempotency key was used for another event. Use a new key for a new event.";
                return Err(Failure::new(FailureType::IdempotencyKeyReused, detail));
            }
        }
        let started = async || -> Result<Run, Failure> {
            let asker = Asker { partner, name: CALLER.to_owned(), key: attempt.key.clone() };
            let run = start(&self.store, &self.queue, &self.clock, &asker, &asked().await?).await?;
            let answer = Answer { status: 202, location: None, etag: None, body: run.id.to_string() };
            // Were this lost, the event's repetition would still find the run by its key.
            self.store.finish_attempt(partner, &attempt, &answer).await?;
            Ok(run)
        };
        match started().await {
            Ok(run) => Ok(run),
            Err(failure) => {
                let given_back = self.store.give_attempt_back(partner, &attempt, failure.may_have_taken_effect()).await;
                if let Err(error) = given_back {
                    tracing::warn!(%error, "an idempotency key was not given back; it is free in a minute");
                }
                Err(failure)
            }
        }
    }

    fn attempt(&self, event: &InvokeEvent) -> Result<Attempt, Failure> {
        let key = event.idempotency_key.as_deref().unwrap_or_default();
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = format!(
                "Send a new text for each event, and the same text with each repetition of it: 1 to {MAX_KEY} visible \
                 ASCII characters, without spaces."
            );
            return Err(Failure::input("idempotencyKey", &detail));
        }
        let at = self.clock.now();
        let until = at.checked_add(SignedDuration::from_secs(i64::from(TAKE_OVER_S))).unwrap_or(Timestamp::MAX);
        // Apart from the keys of the HTTP API: the same text there is another request.
        let of_key = hash(&["sync-invoke", key]);
        let of_event = hash(&[event.operation.word(), &event.input.to_string()]);
        Ok(Attempt { key: of_key, request: of_event, claim: self.ids.unique(), at, until })
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    if !value.is_object() {
        return Err(Failure::new(FailureType::InvalidInput, "Expected an object."));
    }
    serde_json::from_value(value).map_err(|error| Failure::new(FailureType::InvalidInput, format!("{error}.")))
}

fn month(text: Option<&str>) -> Result<Option<UsageMonth>, Failure> {
    text.map(UsageMonth::parse).transpose().map_err(|error| Failure::input("input.month", &error))
}

fn hash(parts: &[&str]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
