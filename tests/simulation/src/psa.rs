//! ConnectWise: no idempotency, no conditions, answers that get lost after they took effect, effects that come late.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::psa::{Addition, Agreement, Company, NewAddition, PsaProduct};
use shared::error::PsaError;
use shared::ports::{Listing, Page, Psa};

use super::books::{Books, Effect, Twin, units};
use super::environment::{Environment, locked};
use super::fate::Effects;

/// ConnectWise as one invocation's client sees it.
#[derive(Clone)]
pub(super) struct ConnectWise {
    pub(super) environment: Environment,
    pub(super) books: Arc<Mutex<Books>>,
    pub(super) effects: Effects,
    pub(super) invocation: u64,
    /// The longest that the client waits for an answer, in milliseconds.
    pub(super) request_ms: u64,
    /// The longest that an effect can take from the request on, in milliseconds.
    pub(super) settle_ms: u64,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// When it takes effect, in milliseconds from now; none where it does not.
    effect_ms: Option<u64>,
    answer_ms: u64,
    answer: Answer,
    /// Whether it takes effect once more, so much later.
    again_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Right,
    Lost,
    Refused,
    Throttled(Option<u64>),
    NotSent,
    /// The answer is the record as ConnectWise has it, and that is not what was asked for.
    Other,
}

impl ConnectWise {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        let mut books = locked(&self.books);
        books.settle(self.environment.now_ms(), &self.environment);
        books
    }

    async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// The delays of a read: before it takes effect, and before its answer arrives.
    async fn read(&self) -> Result<(u64, u64), PsaError> {
        let fault_profile = self.environment.fault_profile();
        let slow = self.environment.happens(fault_profile.slow_psa);
        let most = if slow { self.request_ms } else { 300 };
        let answer_ms = self.environment.between(20, most);
        let there_ms = self.environment.below(answer_ms);
        self.wait(fault_profile.turn_ms + there_ms).await;
        if self.environment.happens(fault_profile.psa_unread) {
            self.wait(answer_ms - there_ms).await;
            return Err(match self.environment.happens(500) {
                true => PsaError::Throttled { retry_after: None },
                false => PsaError::Unanswered { why: "a storm".into() },
            });
        }
        Ok((fault_profile.turn_ms + there_ms / 2, answer_ms - there_ms))
    }

    fn way(&self) -> Way {
        let (environment, fault_profile) = (&self.environment, self.environment.fault_profile());
        let most = if environment.happens(fault_profile.slow_psa) { self.request_ms - 1_000 } else { 250 };
        let answer_ms = environment.between(10, most);
        let effect_ms = environment.below(answer_ms);
        let way = |effect_ms, answer| Way { effect_ms, answer_ms, answer, again_ms: None };
        let lost_ms = || environment.one_of(&[50, 400, 5_000, self.request_ms]);
        if environment.happens(fault_profile.lost_after) {
            return Way { answer_ms: answer_ms.max(lost_ms()), ..way(Some(effect_ms), Answer::Lost) };
        }
        if environment.happens(fault_profile.lost_before) {
            return Way { answer_ms: lost_ms(), ..way(None, Answer::Lost) };
        }
        if environment.happens(fault_profile.late) {
            let least = self.settle_ms / 20;
            let late_ms =
                if environment.happens(400) { self.settle_ms } else { environment.between(least, self.settle_ms) };
            return Way { answer_ms: lost_ms(), ..way(Some(late_ms), Answer::Lost) };
        }
        if environment.happens(fault_profile.refused) {
            return way(None, Answer::Refused);
        }
        if environment.happens(fault_profile.throttled) {
            let retry_after = environment.happens(600).then(|| environment.between(1, 40));
            return way(None, if environment.happens(200) { Answer::NotSent } else { Answer::Throttled(retry_after) });
        }
        if environment.happens(fault_profile.wrong_answer) {
            return way(Some(effect_ms), Answer::Other);
        }
        if environment.happens(fault_profile.doubled) {
            let answer = if environment.happens(700) { Answer::Lost } else { Answer::Right };
            let again_ms = Some(environment.between(effect_ms, self.settle_ms));
            return Way { again_ms, ..way(Some(effect_ms), answer) };
        }
        way(Some(effect_ms), Answer::Right)
    }

    /// The error for a lost answer.
    fn error(&self, answer: Answer) -> Option<PsaError> {
        match answer {
            Answer::Right | Answer::Other => None,
            Answer::Lost => Some(PsaError::Unanswered { why: "a storm".into() }),
            Answer::Refused => {
                let (code, message) = ("InvalidObject".into(), "a storm".into());
                Some(PsaError::Refused { code, message, fields: Vec::new() })
            }
            Answer::Throttled(after) => Some(PsaError::Throttled { retry_after: after.map(Duration::from_secs) }),
            Answer::NotSent => Some(PsaError::NotSent { why: "a storm".into() }),
        }
    }
}

impl Psa for ConnectWise {
    async fn list_companies(&self, _after: Option<&str>) -> Result<Page<Company>, PsaError> {
        Ok(Page { rows: Vec::new(), unreadable: Vec::new(), next: None })
    }

    async fn list_agreements(&self, _after: Option<&str>) -> Result<Page<Agreement>, PsaError> {
        let (_, back) = self.read().await?;
        let rows = self.books().agreements.clone();
        self.wait(back).await;
        Ok(Page { rows, unreadable: Vec::new(), next: None })
    }

    async fn list_products(&self, ids: &[PsaProductId]) -> Result<Vec<PsaProduct>, PsaError> {
        let (_, back) = self.read().await?;
        let rows = self.books().products.iter().filter(|product| ids.contains(&product.id)).cloned().collect();
        self.wait(back).await;
        Ok(rows)
    }

    async fn ask_for_additions(&self, agreement: AgreementId) -> Result<Listing, PsaError> {
        let (waited_ms, back) = self.read().await?;
        let additions = self.books().list(self.invocation, agreement, self.environment.now_ms());
        self.wait(back).await;
        Ok(Listing { additions, waited: Duration::from_millis(waited_ms) })
    }

    async fn create_addition(&self, agreement: AgreementId, addition: &NewAddition) -> Result<Addition, PsaError> {
        let way = self.way();
        let now = self.environment.now_ms();
        let request = {
            let mut books = self.books();
            books.writes_sent += 1;
            books.numbers += 1;
            let request = books.numbers;
            self.environment.note("POST", &[self.invocation, u64::from(agreement.get()), units(addition.quantity)]);
            self.environment.say(|| format!("{way:?}"));
            let more = if matches!(way.answer, Answer::Other) { Decimal::ONE } else { Decimal::ZERO };
            let quantity = addition.quantity + more;
            let knew = books.listed.get(&(self.invocation, agreement)).map_or(0, |listed| listed.additions);
            let effect = |twin| Effect::Create { request, knew, agreement, new: addition.clone(), quantity, twin };
            if let Some(ms) = way.effect_ms {
                books.later(now + ms, effect(None));
            }
            if let Some(ms) = way.again_ms {
                let twin = if matches!(way.answer, Answer::Right) { Twin::OfAnswered } else { Twin::OfLost };
                books.later(now + ms, effect(Some(twin)));
            }
            request
        };
        self.effects.count();
        self.wait(way.answer_ms).await;
        if let Some(error) = self.error(way.answer) {
            return Err(error);
        }
        let books = self.books();
        let found = books.of(agreement).find(|seen| seen.request == Some(request));
        found.map(|seen| seen.addition.clone()).ok_or(PsaError::NotFound)
    }

    async fn set_cancelled_date(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        day: Date,
    ) -> Result<Addition, PsaError> {
        let way = self.way();
        let now = self.environment.now_ms();
        {
            let mut books = self.books();
            books.writes_sent += 1;
            self.environment.note("PATCH", &[self.invocation, u64::from(agreement.get()), u64::from(addition.get())]);
            if let (Some(ms), Answer::Right | Answer::Lost) = (way.effect_ms, way.answer) {
                books.later(now + ms, Effect::Cancel { addition, day });
            }
        }
        self.effects.count();
        self.wait(way.answer_ms).await;
        if let Some(error) = self.error(way.answer) {
            return Err(error);
        }
        self.books().additions.get(&addition).map(|seen| seen.addition.clone()).ok_or(PsaError::NotFound)
    }

    async fn set_quantity(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
    ) -> Result<Addition, PsaError> {
        let way = self.way();
        let now = self.environment.now_ms();
        {
            let mut books = self.books();
            books.writes_sent += 1;
            self.environment.note("PATCH", &[self.invocation, u64::from(addition.get()), units(quantity)]);
            self.environment.say(|| format!("{way:?}"));
            books.watch_for_edits(self.invocation, agreement, (addition, quantity), now);
            if let (Some(ms), Answer::Right | Answer::Lost) = (way.effect_ms, way.answer) {
                books.later(now + ms, Effect::Set { agreement, addition, quantity });
            }
        }
        self.effects.count();
        self.wait(way.answer_ms).await;
        if let Some(error) = self.error(way.answer) {
            return Err(error);
        }
        let books = self.books();
        books.additions.get(&addition).map(|seen| seen.addition.clone()).ok_or(PsaError::NotFound)
    }

    async fn reserve_permit(&self) -> Result<(), PsaError> {
        let (environment, fault_profile) = (&self.environment, self.environment.fault_profile());
        if fault_profile.turn_ms > 0 {
            self.wait(fault_profile.turn_ms).await;
        }
        if !environment.happens(fault_profile.kept_waiting) {
            return Ok(());
        }
        self.wait(environment.one_of(&[5, 200, 4_000, self.request_ms])).await;
        let retry_after = Duration::from_secs(environment.between(1, 60));
        match environment.below(6) {
            0 => Err(PsaError::Throttled { retry_after: Some(retry_after) }),
            1 => Err(PsaError::Away { retry_after }),
            _ => Ok(()),
        }
    }

    fn calls(&self) -> u64 {
        0
    }
}
