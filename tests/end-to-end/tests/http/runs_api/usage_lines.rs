//! Usage lines that say more than one thing: what Sophos sends twice, in pieces or of another month is not added up unseen.

use local_stack::demo::Size;
use serde_json::{Value, json};
use shared::ids::UuidV7;
use shared::ports::Ids;
use simulators::connectwise::Write;
use simulators::sophos::UsageRow;
use uuid::Uuid;

use crate::runs_api::world::{World, id_of, november};

const ALL: (&str, &str) = ("2025-11-01", "2025-11-30");
const FIRST: (&str, &str) = ("2025-11-01", "2025-11-14");
const THEN: (&str, &str) = ("2025-11-15", "2025-11-30");

/// A customer and a Sophos product whose lines a test writes itself.
struct Pair {
    world: World,
    customer: Uuid,
    code: String,
}

impl Pair {
    /// The pair was synced with 5 units, on an addition of its own.
    async fn synced() -> Self {
        Self::of(World::open().await).await
    }

    async fn of(world: World) -> Self {
        let first = world.stack.demo.usage_rows(november()).remove(0);
        let pair = Self { world, customer: first.account_id.unwrap(), code: first.product_code };
        pair.uses(vec![pair.line("O-1", "X", ALL, 5)]);
        let shown = pair.world.preview(&json!({})).await;
        pair.world.apply(&shown).await;
        pair
    }

    fn line(&self, order: &str, serial: &str, days: (&str, &str), units: i64) -> UsageRow {
        line((self.customer, &self.code), (order, serial), days, units)
    }

    /// Puts these lines in place of the pair's, among everybody else's.
    fn uses(&self, lines: Vec<UsageRow>) {
        let mut rows = self.world.stack.demo.usage_rows(november());
        rows.retain(|row| row.account_id != Some(self.customer) || row.product_code != self.code);
        rows.extend(lines);
        self.world.stack.demo.set_usage(&self.world.stack.sophos, november(), &rows);
    }

    /// The pair's line in a run.
    async fn ended(&self, run: &Value) -> Value {
        let filter = format!("&customer={}&product={}", self.customer, self.code);
        let lines = self.world.lines(run, &filter).await;
        let [line] = &lines[..] else { panic!("{lines:?}") };
        line.clone()
    }

    /// Syncs, and returns how the pair ended and what ConnectWise was told.
    async fn sync(&self) -> (Value, Vec<Value>) {
        let before = self.world.stack.psa.writes().len();
        let run = self.world.sync_now(&json!({})).await;
        let detail = self.world.get(&format!("/v1/sync/runs/{}", id_of(&run))).await.body;
        assert_eq!(detail["tiesOut"], true, "{detail}");
        let written = self.world.stack.psa.writes().split_off(before);
        // ConnectWise has quantities with decimals: 7.0.
        let quantity = |write: &Write| json!(write.after.as_ref().unwrap()["quantity"].as_f64().unwrap() as i64);
        (self.ended(&run).await, written.iter().map(quantity).collect())
    }

    async fn hold(&self) -> Value {
        let holds = self.world.get("/v1/sync/holds?pageSize=500").await.body["items"].clone();
        let [hold] = &holds.as_array().unwrap()[..] else { panic!("{holds}") };
        hold.clone()
    }

    async fn release(&self, hold: &Value, reading: Option<&str>) -> local_stack::api::asking::Answered {
        let mut decision = json!({
            "month": hold["month"], "customerId": hold["customerId"], "psaProductId": hold["psaProductId"],
            "version": hold["version"], "verdict": "release", "why": "Asked Sophos.",
        });
        if let Some(reading) = reading {
            decision["reading"] = reading.into();
        }
        self.world.post("/v1/sync/holds/decisions", &json!({ "decisions": [decision] })).await
    }

    async fn readings(&self) -> (Value, Value) {
        let row = self.world.mapping(&self.code).await;
        (row["readings"].clone(), row["version"].clone())
    }
}

fn line(
    (customer, code): (Uuid, &str),
    (order, serial): (&str, &str),
    (first, last): (&str, &str),
    units: i64,
) -> UsageRow {
    let row = UsageRow::new(customer, code, units);
    let row = UsageRow { order_number: order.into(), serial_number: serial.into(), ..row };
    row.with("billingStartDate", format!("\"{first}\"")).with("billingEndDate", format!("\"{last}\""))
}

fn offered(hold: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let offers = hold["readings"].as_array().unwrap().iter();
    offers
        .map(|offer| (text(&offer["reading"]), text(&offer["release"]["does"]), text(&offer["release"]["to"])))
        .collect()
}

fn offer(reading: &str, does: &str, to: &str) -> (String, String, String) {
    (reading.into(), does.into(), to.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_sophos_sent_twice_is_not_added_up_to_10_and_is_asked_about_once() {
    let pair = Pair::synced().await;
    pair.uses(vec![pair.line("O-1", "X", ALL, 5); 2]);
    let (ended, written) = pair.sync().await;
    assert_eq!((&ended["outcome"], &ended["reason"]), (&"held".into(), &"duplicateUsage".into()), "{ended}");
    assert_eq!((&ended["units"], &ended["usageLines"], written), (&10.into(), &2.into(), vec![]));
    let hold = pair.hold().await;
    assert_eq!(offered(&hold), [offer("countOnce", "keep", "5"), offer("addUp", "update", "10")], "{hold}");
    assert!(hold["release"].is_null() && hold["what"].as_str().unwrap().contains("order O-1"), "{hold}");

    let refused = pair.release(&hold, None).await;
    assert_eq!(refused.code(), "notReleasable", "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/decisions/0/reading");
    let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("countOnce (5), addUp (10)"), "{detail}");
    assert_eq!(pair.release(&hold, Some("lastPeriod")).await.code(), "notReleasable");

    let released = pair.release(&hold, Some("countOnce")).await;
    assert_eq!(released.status, 200, "{}", released.body);
    assert_eq!(released.body["holds"][0]["decision"]["reading"], "countOnce");
    let (readings, version) = pair.readings().await;
    assert_eq!(readings["duplicateUsage"], "countOnce");
    let (ended, written) = pair.sync().await;
    assert_eq!((&ended["outcome"], written), (&"unchanged".into(), vec![]), "{ended}");
    assert_eq!(pair.world.get("/v1/sync/holds").await.body["items"], json!([]));

    // The same of another quantity is not asked again, until somebody takes the answer back.
    pair.uses(vec![pair.line("O-1", "X", ALL, 7); 2]);
    let (ended, written) = pair.sync().await;
    assert_eq!((&ended["outcome"], written), (&"updated".into(), vec![json!(7)]), "{ended}");
    assert_eq!(pair.sync().await.1, Vec::<Value>::new(), "a second run writes nothing");
    let row = json!({ "code": pair.code, "version": version, "readings": {} });
    pair.world.save_mapping(&row).await;
    assert_eq!(pair.readings().await.0["duplicateUsage"], "ask");
    assert_eq!(pair.sync().await.0["reason"], "duplicateUsage");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_renewed_in_mid_month_is_not_added_up_unseen() {
    let pair = Pair::synced().await;
    pair.uses(vec![pair.line("O-1", "X", FIRST, 5), pair.line("O-2", "X", THEN, 6)]);
    let (ended, written) = pair.sync().await;
    assert_eq!((&ended["reason"], written), (&"consecutivePeriods".into(), vec![]), "{ended}");
    let hold = pair.hold().await;
    let expected =
        [offer("addUp", "update", "11"), offer("largestOnOneDay", "update", "6"), offer("lastPeriod", "update", "6")];
    assert_eq!(offered(&hold), expected);
    assert_eq!(pair.release(&hold, Some("lastPeriod")).await.status, 200);
    assert_eq!(pair.sync().await.1, [json!(6)]);
    assert_eq!(pair.sync().await.1, Vec::<Value>::new());
    assert_eq!(pair.readings().await.0["consecutivePeriods"], "lastPeriod");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lines_say_of_their_days_decides_whether_they_are_added_up() {
    let pair = Pair::synced().await;
    let two = |first, then| vec![pair.line("O-1", "X", first, 5), pair.line("O-2", "X", then, 1)];
    let december = ("2025-12-01", "2025-12-31");
    for (what, lines, reason) in [
        ("the next month's period alone", vec![pair.line("O-1", "X", december, 6)], "otherPeriod"),
        ("this month's and the next one's", two(ALL, december), "otherPeriod"),
        (
            "two quantities of one line",
            vec![pair.line("O-1", "X", ALL, 5), pair.line("O-1", "X", ALL, 6)],
            "duplicateUsage",
        ),
        ("days off by one", two(FIRST, ("2025-11-14", "2025-11-29")), "consecutivePeriods"),
    ] {
        pair.uses(lines);
        let (ended, written) = pair.sync().await;
        assert_eq!((&ended["reason"], written), (&reason.into(), vec![]), "{what}: {ended}");
    }
    for (what, lines) in [
        ("one period", two(ALL, ALL)),
        ("one period, off by one day", two(ALL, ("2025-10-31", "2025-12-01"))),
        ("an impossible date", two(FIRST, ("2021-01-31", "2021-04-31"))),
        ("a copy of 0", [two(ALL, ALL), vec![pair.line("O-1", "X", ALL, 0)]].concat()),
    ] {
        pair.uses(lines);
        let (ended, _) = pair.sync().await;
        assert_eq!(ended["billed"]["quantity"], "6", "{what}: {ended}");
        assert!(ended["reason"].is_null(), "{what}: {ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_order_number_only_lines_that_are_the_same_in_every_member_are_one() {
    let pair = Pair::synced().await;
    let bare = || pair.line("", "", ALL, 3).without("orderNumber").without("orderLineItemNumber");
    pair.uses(vec![bare(), bare()]);
    assert_eq!(pair.sync().await.0["reason"], "duplicateUsage");
    pair.uses(vec![bare(), bare().with("assignedAccountIdentifier", "\"b\"")]);
    let (ended, written) = pair.sync().await;
    assert_eq!((&ended["outcome"], written), (&"updated".into(), vec![json!(6)]), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_customer_and_a_large_one_are_both_asked_about() {
    let pair = Pair::of(World::of(Size { seed: 31, customers: 20, products: 6 }).await).await;
    let rows = pair.world.stack.demo.usage_rows(november());
    let other = rows.iter().find(|row| row.product_code == pair.code && row.account_id != Some(pair.customer)).unwrap();
    let other = other.account_id.unwrap();
    let mut rows: Vec<UsageRow> = rows
        .into_iter()
        .filter(|row| row.product_code != pair.code || ![Some(pair.customer), Some(other)].contains(&row.account_id))
        .collect();
    rows.extend(vec![pair.line("O-1", "X", ALL, 3); 2]);
    rows.extend(vec![line((other, &pair.code), ("O-2", "Y"), ALL, 40); 2]);
    pair.world.stack.demo.set_usage(&pair.world.stack.sophos, november(), &rows);
    let before = pair.world.stack.psa.writes().len();
    let run = pair.world.sync_now(&json!({})).await;
    let held = pair.world.lines(&run, "&reason=duplicateUsage").await;
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!(pair.world.stack.psa.writes().len(), before);
    let holds = pair.world.get("/v1/sync/holds?pageSize=500").await.body["items"].clone();
    assert!(holds.as_array().unwrap().iter().all(|hold| offered(hold).len() == 2), "{holds}");
    assert!(run["questions"].is_null(), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_comes_twice_as_a_whole_is_one_question_and_its_answer_a_setting() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    let rows = world.stack.demo.usage_rows(november());
    world.stack.demo.set_usage(&world.stack.sophos, november(), &[rows.clone(), rows].concat());
    let before = world.stack.psa.writes().len();
    let run = world.sync_now(&json!({})).await;
    let pairs = run["counts"]["held"].as_u64().unwrap();
    assert!(pairs > 1 && run["counts"]["updated"] == 0, "{run}");
    let question = &run["questions"][0];
    assert_eq!((&question["about"], &question["pairs"]), (&"duplicateUsage".into(), &pairs.into()), "{question}");
    assert_eq!(question["lines"], question["ofLines"], "{question}");
    assert_eq!(world.get("/v1/sync/holds").await.body["items"], json!([]), "not one decision for each");
    let held = world.lines(&run, "&reason=duplicateUsage").await;
    assert!(held.iter().all(|line| line["advice"].as_str().unwrap().contains("Readings of usage lines")), "{held:?}");
    assert_eq!(world.stack.psa.writes().len(), before);

    let read = world.get("/v1/sync/settings").await;
    let mut settings = read.body["settings"].clone();
    assert_eq!(settings["usagePeriods"]["duplicateUsage"], "ask");
    settings["usagePeriods"] = json!({ "duplicateUsage": "countOnce" });
    let saved = world.put("/v1/sync/settings", read.header("etag"), &settings).await;
    assert_eq!((saved.status.as_u16(), &saved.body["settings"]["usagePeriods"]["otherPeriod"]), (200, &"ask".into()));
    let run = world.sync_now(&json!({})).await;
    assert_eq!((&run["counts"]["unchanged"], &run["questions"]), (&pairs.into(), &Value::Null), "{run}");
    assert_eq!(world.stack.psa.writes().len(), before);
    let wrong = json!({ "duplicateUsage": "lastPeriod" });
    settings["usagePeriods"] = wrong;
    assert_eq!(world.put("/v1/sync/settings", "*", &settings).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_why_a_quantity_is_what_it_is_sees_every_line_with_its_days() {
    let pair = Pair::synced().await;
    let odd = pair.line("O-9", "=1+1", ("2021-01-31", "2021-04-31"), 1).with("orderedQuantity", "70");
    pair.uses(vec![pair.line("O-1", "X", FIRST, 5), odd]);
    let run = pair.world.sync_now(&json!({})).await;
    let path = format!("/v1/sync/runs/{}/usage-lines", id_of(&run));
    let query = format!("?customer={}&product={}", pair.customer, pair.code);
    let rows = pair.world.get(&format!("{path}{query}")).await.body["items"].clone();
    let of = |n: usize| {
        ["order", "serial", "billingStart", "billingEnd", "actual", "ordered"].map(|name| rows[n][name].clone())
    };
    assert_eq!(of(0), ["O-1", "X", "2025-11-01", "2025-11-14", "5", ""].map(Value::from));
    assert_eq!(of(1), ["O-9", "=1+1", "2021-01-31", "2021-04-31", "1", "70"].map(Value::from));
    assert_eq!((&rows[0]["hasPeriod"], &rows[1]["hasPeriod"]), (&true.into(), &false.into()));
    let sheet = pair.world.get(&format!("{path}.csv{query}")).await;
    assert_eq!(sheet.status, 200, "{}", sheet.body);
    let lines: Vec<&str> = sheet.body.as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains(",billingStart,billingEnd,units,actual,ordered,"), "{lines:?}");
    assert!(lines[1].contains(",2025-11-01,2025-11-14,5,5,,") && lines[2].contains(",'=1+1,"), "{lines:?}");
}

impl World {
    async fn mapping(&self, code: &str) -> Value {
        let rows = self.get_mappings().await;
        rows["items"].as_array().unwrap().iter().find(|row| row["code"] == code).unwrap().clone()
    }

    async fn save_mapping(&self, row: &Value) {
        let saved = self.post_mappings(&UuidV7.unique(), &json!({ "rows": [row] })).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
    }
}
