//! ConnectWise: no idempotency, no conditions, answers that get lost after they took effect, effects that come late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::psa::{Addition, Agreement, Company, NewAddition, PsaProduct};
use shared::error::PsaError;
use shared::ports::{Page, Psa};

use super::fate::Effects;
use super::ground::{Ground, locked};

/// An addition, and what an onlooker knows of it that no client does.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) agreement: AgreementId,
    pub(super) addition: Addition,
    /// The request that created it; none where a person did.
    pub(super) request: Option<u64>,
    /// Which of all edits gave it its quantity; none where a write of ours did.
    pub(super) edit: Option<u64>,
    /// Whether a person ended it.
    pub(super) ended: bool,
}

/// A write that takes effect at its time.
#[derive(Clone, Debug)]
enum Effect {
    Create { request: u64, agreement: AgreementId, new: NewAddition, quantity: Decimal, twin: bool },
    Set { agreement: AgreementId, addition: AdditionId, quantity: Decimal },
}

/// Everything that ConnectWise has.
#[derive(Default)]
pub(super) struct Books {
    pub(super) agreements: Vec<Agreement>,
    pub(super) products: Vec<PsaProduct>,
    pub(super) additions: BTreeMap<AdditionId, Seen>,
    on_its_way: BTreeMap<(u64, u64), Effect>,
    numbers: u64,
    /// Requests to create that took effect, each once.
    pub(super) created: BTreeMap<(AgreementId, PsaProductId), Vec<u64>>,
    /// Requests to set a quantity that took effect.
    pub(super) set: BTreeMap<AgreementId, u32>,
    /// Creations that ConnectWise took twice.
    pub(super) doubled: Vec<(AgreementId, PsaProductId)>,
    /// Agreements on which ConnectWise created an addition with another quantity than was asked for: where the worker that
    /// asked died before it knew, nobody can tell that addition from a person's.
    pub(super) altered: BTreeSet<AgreementId>,
    /// When an invocation last saw an agreement's additions, and how many edits there were by then.
    listed: BTreeMap<(u64, AgreementId), (u64, u64)>,
    /// How often a person has set a quantity: of two things in one millisecond it tells which came first.
    edits: u64,
    /// What went wrong while it went wrong.
    pub(super) wrongs: Vec<String>,
    pub(super) writes_sent: u64,
}

impl Books {
    /// Lets everything take effect that is due by then.
    pub(super) fn settle(&mut self, now_ms: u64, ground: &Ground) {
        while let Some(first) = self.on_its_way.first_entry() {
            if first.key().0 > now_ms {
                return;
            }
            let effect = first.remove();
            self.take(effect, ground);
        }
    }

    /// Whether something is still on its way.
    pub(super) fn is_moving(&self) -> bool {
        !self.on_its_way.is_empty()
    }

    fn later(&mut self, at_ms: u64, effect: Effect) {
        self.numbers += 1;
        self.on_its_way.insert((at_ms, self.numbers), effect);
    }

    fn take(&mut self, effect: Effect, ground: &Ground) {
        match effect {
            Effect::Create { request, agreement, new, quantity, twin } => {
                let id = self.add(agreement, new.product, quantity, Some(new.effective), Some(request));
                let requests = self.created.entry((agreement, new.product)).or_default();
                if !requests.contains(&request) {
                    requests.push(request);
                }
                if quantity != new.quantity {
                    self.altered.insert(agreement);
                }
                if twin {
                    self.doubled.push((agreement, new.product));
                }
                ground.note("created", &[u64::from(id.get()), units(quantity)]);
            }
            Effect::Set { agreement, addition, quantity } => {
                if let Some(seen) = self.additions.get_mut(&addition) {
                    seen.addition.quantity = quantity;
                    seen.edit = None;
                    *self.set.entry(agreement).or_default() += 1;
                    ground.note("set", &[u64::from(addition.get()), units(quantity)]);
                }
            }
        }
    }

    /// Adds a line to an agreement.
    pub(super) fn add(
        &mut self,
        agreement: AgreementId,
        product: PsaProductId,
        quantity: Decimal,
        effective: Option<Date>,
        request: Option<u64>,
    ) -> AdditionId {
        let id = addition_id(self.additions.len() as u64 + 1);
        let addition = Addition {
            id,
            product,
            quantity,
            less_included: Decimal::ZERO,
            unit_price: Some(Decimal::TEN),
            bill_customer: "Billable".into(),
            effective,
            cancelled: None,
        };
        self.additions.insert(id, Seen { agreement, addition, request, edit: None, ended: false });
        id
    }

    /// The additions of an agreement.
    pub(super) fn of(&self, agreement: AgreementId) -> impl Iterator<Item = &Seen> {
        self.additions.values().filter(move |seen| seen.agreement == agreement)
    }
}

pub(super) fn addition_id(number: u64) -> AdditionId {
    let number = i64::try_from(number).unwrap_or(1);
    AdditionId::try_from(number.max(1)).unwrap_or_else(|_| addition_id(1))
}

pub(super) fn units(quantity: Decimal) -> u64 {
    u64::try_from(quantity).unwrap_or(0)
}

/// Nobody writes on a list that is older: two minutes and what a commit and a request may take.
const LOOKED_LATELY_MS: u64 = 130_000;

/// ConnectWise as one invocation's client sees it.
#[derive(Clone)]
pub(super) struct ConnectWise {
    pub(super) ground: Ground,
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
    /// When the answer is there.
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
        books.settle(self.ground.now_ms(), &self.ground);
        books
    }

    async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// A read's way: when it is there, and when its answer is back.
    async fn read(&self) -> Result<u64, PsaError> {
        let storm = self.ground.storm();
        let slow = self.ground.happens(storm.slow_psa);
        let most = if slow { self.request_ms } else { 300 };
        let answer_ms = self.ground.between(20, most);
        let there_ms = self.ground.below(answer_ms);
        self.wait(there_ms).await;
        if self.ground.happens(storm.psa_unread) {
            self.wait(answer_ms - there_ms).await;
            return Err(match self.ground.happens(500) {
                true => PsaError::Throttled { retry_after: None },
                false => PsaError::Unanswered { why: "a storm".into() },
            });
        }
        Ok(answer_ms - there_ms)
    }

    fn way(&self) -> Way {
        let (ground, storm) = (&self.ground, self.ground.storm());
        let most = if ground.happens(storm.slow_psa) { self.request_ms - 1_000 } else { 250 };
        let answer_ms = ground.between(10, most);
        let effect_ms = ground.below(answer_ms);
        let way = |effect_ms, answer| Way { effect_ms, answer_ms, answer, again_ms: None };
        let lost_ms = || ground.one_of(&[50, 400, 5_000, self.request_ms]);
        if ground.happens(storm.lost_after) {
            return Way { answer_ms: answer_ms.max(lost_ms()), ..way(Some(effect_ms), Answer::Lost) };
        }
        if ground.happens(storm.lost_before) {
            return Way { answer_ms: lost_ms(), ..way(None, Answer::Lost) };
        }
        if ground.happens(storm.late) {
            let least = self.settle_ms / 20;
            let late_ms = if ground.happens(400) { self.settle_ms } else { ground.between(least, self.settle_ms) };
            return Way { answer_ms: lost_ms(), ..way(Some(late_ms), Answer::Lost) };
        }
        if ground.happens(storm.refused) {
            return way(None, Answer::Refused);
        }
        if ground.happens(storm.throttled) {
            let retry_after = ground.happens(600).then(|| ground.between(1, 40));
            return way(None, if ground.happens(200) { Answer::NotSent } else { Answer::Throttled(retry_after) });
        }
        if ground.happens(storm.wrong_answer) {
            return way(Some(effect_ms), Answer::Other);
        }
        if ground.happens(storm.doubled) {
            let answer = if ground.happens(700) { Answer::Lost } else { Answer::Right };
            let again_ms = Some(ground.between(effect_ms, self.settle_ms));
            return Way { again_ms, ..way(Some(effect_ms), answer) };
        }
        way(Some(effect_ms), Answer::Right)
    }

    /// The answer that is no record.
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
        let back = self.read().await?;
        let rows = self.books().agreements.clone();
        self.wait(back).await;
        Ok(Page { rows, unreadable: Vec::new(), next: None })
    }

    async fn list_products(&self, ids: &[PsaProductId]) -> Result<Vec<PsaProduct>, PsaError> {
        let back = self.read().await?;
        let rows = self.books().products.iter().filter(|product| ids.contains(&product.id)).cloned().collect();
        self.wait(back).await;
        Ok(rows)
    }

    async fn list_additions(&self, agreement: AgreementId) -> Result<Vec<Addition>, PsaError> {
        let back = self.read().await?;
        let rows = {
            let mut books = self.books();
            let seen = (self.ground.now_ms(), books.edits);
            books.listed.insert((self.invocation, agreement), seen);
            books.of(agreement).map(|seen| seen.addition.clone()).collect()
        };
        self.wait(back).await;
        Ok(rows)
    }

    async fn create_addition(&self, agreement: AgreementId, addition: &NewAddition) -> Result<Addition, PsaError> {
        let way = self.way();
        let now = self.ground.now_ms();
        let request = {
            let mut books = self.books();
            books.writes_sent += 1;
            books.numbers += 1;
            let request = books.numbers;
            self.ground.note("POST", &[self.invocation, u64::from(agreement.get()), units(addition.quantity)]);
            self.ground.say(|| format!("{way:?}"));
            let more = if matches!(way.answer, Answer::Other) { Decimal::ONE } else { Decimal::ZERO };
            let quantity = addition.quantity + more;
            let effect = |twin| Effect::Create { request, agreement, new: addition.clone(), quantity, twin };
            if let Some(ms) = way.effect_ms {
                books.later(now + ms, effect(false));
            }
            if let Some(ms) = way.again_ms {
                books.later(now + ms, effect(true));
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

    async fn set_quantity(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
    ) -> Result<Addition, PsaError> {
        let way = self.way();
        let now = self.ground.now_ms();
        {
            let mut books = self.books();
            books.writes_sent += 1;
            self.ground.note("PATCH", &[self.invocation, u64::from(addition.get()), units(quantity)]);
            self.ground.say(|| format!("{way:?}"));
            books.watch_for_edits(self.invocation, agreement, addition, now);
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

    async fn take_turn(&self) -> Result<(), PsaError> {
        let (ground, storm) = (&self.ground, self.ground.storm());
        if !ground.happens(storm.kept_waiting) {
            return Ok(());
        }
        self.wait(ground.one_of(&[5, 200, 4_000, self.request_ms])).await;
        let retry_after = Duration::from_secs(ground.between(1, 60));
        match ground.below(6) {
            0 => Err(PsaError::Throttled { retry_after: Some(retry_after) }),
            1 => Err(PsaError::Away { retry_after }),
            _ => Ok(()),
        }
    }

    fn calls(&self) -> u64 {
        0
    }
}

impl Books {
    /// A person sets the quantity of the addition at this place among all of them.
    pub(super) fn edit(&mut self, chosen: usize, to: Decimal) -> Option<AgreementId> {
        let edits = self.edits + 1;
        let seen = self.additions.values_mut().nth(chosen)?;
        seen.addition.quantity = to;
        seen.edit = Some(edits);
        self.edits = edits;
        Some(seen.agreement)
    }

    /// A person's quantity may be overwritten only by who could not know of it, and has looked lately.
    fn watch_for_edits(&mut self, invocation: u64, agreement: AgreementId, addition: AdditionId, now_ms: u64) {
        let edit = self.additions.get(&addition).and_then(|seen| seen.edit);
        let listed = self.listed.get(&(invocation, agreement)).copied();
        let (Some(edit), Some((listed, edits))) = (edit, listed) else { return };
        if edits >= edit {
            self.wrongs.push(format!("addition {addition}: a hand edit is overwritten by who has seen it"));
        }
        if now_ms - listed > LOOKED_LATELY_MS {
            let ago = (now_ms - listed) / 1_000;
            self.wrongs.push(format!("addition {addition}: a hand edit is overwritten on a list {ago} s old"));
        }
    }
}
