//! What a save stores and what it refuses.

use local_stack::api::asking::{Answered, Asking};
use serde_json::{Value, json};
use shared::store::Subject;

use crate::customers_api::world::{SAVE, World, customer, errors, map_to, partner, switch, told, unmap};

#[tokio::test]
async fn a_sophos_customer_maps_to_exactly_one_company_and_one_agreement() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0)]).await;
    let row = world.row(1).await;
    let (company, agreement) = (world.companies[0], world.agreements[0]);
    assert_eq!((&row["mapping"]["companyId"], &row["mapping"]["agreementId"]), (&company.into(), &agreement.into()));
    let calls = world.psa_calls();
    let shown = world.row(1).await["mapping"].clone();
    assert_eq!((&shown["companyName"], &shown["agreementName"]), (&"Adler Bakery Ltd".into(), &"Security 0".into()));
    assert_eq!(shown["agreementType"], "Managed services", "names are kept with the save: {shown}");
    assert!(shown["billingCycle"].is_string() && shown["currency"].is_string(), "{shown}");
    assert_eq!(world.psa_calls(), calls);
    let saved = world.saved(&[world.map(1, 1, 1)]).await;
    assert_eq!(saved["changes"][0]["before"]["companyId"], company);
    assert_eq!(saved["changes"][0]["after"]["companyName"], "Brook Dental");
    let row = world.row(1).await;
    assert_eq!((&row["mapping"]["companyId"], &row["version"]), (&world.companies[1].into(), &2.into()));
    // The company that it left is free.
    world.saved(&[world.map(2, 0, 0)]).await;
}

#[tokio::test]
async fn a_child_agreement_names_its_parent() {
    let world = World::new().await;
    let parent = world.agreements[2];
    world.edit_agreement(world.agreements[0], &json!({"parentAgreement": {"id": parent}}));
    let saved = world.saved(&[world.map(1, 0, 0)]).await;
    let after = &saved["changes"][0]["after"];
    assert_eq!((&after["parentAgreementId"], &after["parentAgreement"]), (&parent.into(), &"Security 2".into()));
    assert_eq!(world.row(1).await["mapping"]["parentAgreement"], "Security 2");
}

#[tokio::test]
async fn a_company_already_taken_is_refused_naming_who_holds_it() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0)]).await;
    let refused = world.save(&[world.map(2, 0, 0)]).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "companyTaken"));
    assert_eq!(errors(&refused), [told("/rows/0/mapTo/companyId", "companyTaken")]);
    let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("Adler"), "{detail}");
    let refused = world.save(&[world.map(2, 0, 1), world.map(3, 0, 1)]).await;
    assert_eq!((refused.code(), errors(&refused).len()), ("companyTaken", 2), "two that want the same one");
    assert_eq!(world.row(2).await["version"], 0);
}

#[tokio::test]
async fn the_agreement_must_belong_to_the_company_and_be_active_checked_at_save() {
    let world = World::new().await;
    world.edit_agreement(
        world.agreements[2],
        &json!({"cancelledFlag": true, "dateCancelled": "2026-01-31T00:00:00Z", "reasonCancelled": "over"}),
    );
    let rows = [
        map_to(1, 0, world.companies[0], world.agreements[1]),
        world.map(2, 0, 2),
        map_to(3, 0, 99_999, world.agreements[1]),
    ];
    let refused = world.save(&rows).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "agreementUnusable"), "{:#}", refused.body);
    let expected = [0, 1, 2].map(|row| told(&format!("/rows/{row}/mapTo/agreementId"), "agreementUnusable"));
    assert_eq!(errors(&refused), expected);
    assert!(refused.body["errors"][1]["detail"].as_str().unwrap().contains("cancelled"));
    // One that was cancelled after it had been mapped cannot be switched on again, and can be switched off.
    world.saved(&[world.map(1, 0, 0)]).await;
    world.edit_agreement(
        world.agreements[0],
        &json!({"cancelledFlag": true, "dateCancelled": "2026-01-31T00:00:00Z", "reasonCancelled": "over"}),
    );
    world.saved(&[switch(1, 1, false)]).await;
    let refused = world.save(&[switch(1, 2, true)]).await;
    assert_eq!(refused.code(), "agreementUnusable");
}

#[tokio::test]
async fn usage_sync_is_switched_on_per_customer() {
    let world = World::new().await;
    let refused = world.save(&[switch(1, 0, true)]).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "customerNotMapped"));
    world.saved(&[world.map(1, 0, 0), world.map(2, 0, 1)]).await;
    let calls = world.psa_calls();
    let off = world.saved(&[switch(1, 1, false)]).await;
    assert_eq!(world.psa_calls(), calls, "what is only switched off asks ConnectWise nothing");
    assert_eq!(off["notes"][0]["code"], "stillBilled");
    let syncs = [world.row(1).await, world.row(2).await].map(|row| row["mapping"]["sync"].clone());
    assert_eq!(syncs, [Value::Bool(false), Value::Bool(true)]);
    world.saved(&[switch(1, 2, true)]).await;
    assert_eq!(world.row(1).await["mapping"]["sync"], true);
}

#[tokio::test]
async fn only_msp_flex_customers_can_sync_usage() {
    let world = World::new().await;
    let mut on = world.map(4, 0, 0);
    on["sync"] = true.into();
    let refused = world.save(&[on]).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "usageSyncUnavailable"));
    assert_eq!(errors(&refused), [told("/rows/0/sync", "usageSyncUnavailable")]);
    let saved = world.saved(&[world.map(4, 0, 0)]).await;
    assert_eq!(
        (&saved["changes"][0]["after"]["sync"], &saved["notes"][0]["code"]),
        (&false.into(), &"syncLeftOff".into())
    );
    assert_eq!(world.save(&[switch(4, 1, true)]).await.code(), "usageSyncUnavailable");
}

#[tokio::test]
async fn customers_exchange_companies_in_one_save() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0), world.map(2, 0, 1)]).await;
    world.saved(&[world.map(1, 1, 1), world.map(2, 1, 0)]).await;
    let companies = [world.row(1).await, world.row(2).await].map(|row| row["mapping"]["companyId"].clone());
    assert_eq!(companies, [Value::from(world.companies[1]), Value::from(world.companies[0])]);
}

#[tokio::test]
async fn all_bad_rows_are_told_at_once_and_nothing_of_the_request_is_stored() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0)]).await;
    let rows = [
        world.map(2, 0, 1),
        switch(1, 7, false),
        world.map(3, 0, 0),
        map_to(9, 0, world.companies[2], world.agreements[2]),
        switch(4, 0, true),
        world.map(2, 0, 2),
    ];
    let refused = world.save(&rows).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"));
    let expected = [
        told("/rows/1/version", "versionMismatch"),
        told("/rows/2/mapTo/companyId", "companyTaken"),
        told("/rows/3/customerId", "invalid"),
        told("/rows/4/sync", "customerNotMapped"),
        told("/rows/5/customerId", "invalid"),
    ];
    assert_eq!(errors(&refused), expected);
    assert_eq!(refused.body["present"][0]["version"], 1);
    assert_eq!(world.row(2).await["version"], 0);
}

#[tokio::test]
async fn what_is_wrong_with_rows_and_what_to_know_of_them_was_english_to_an_italian_reader() {
    let world = World::new().await;
    let details = |refused: &Answered| {
        let each = refused.body["errors"].as_array().unwrap().iter();
        let each = each.map(|error| error["detail"].as_str().unwrap().to_owned());
        each.chain([refused.body["detail"].as_str().unwrap().to_owned()]).collect::<Vec<_>>()
    };
    let rows = [
        switch(1, 7, false),
        map_to(9, 0, world.companies[2], world.agreements[2]),
        switch(4, 0, true),
        switch(4, 0, true),
    ];
    let (english, italian) = (world.save_in("en", &rows).await, world.save_in("it", &rows).await);
    let (english, italian) = (details(&english), details(&italian));
    assert_eq!((english.len(), italian.len()), (5, 5));
    assert!(english.iter().zip(&italian).all(|(english, italian)| english != italian), "{italian:?}");
    assert_eq!(italian[4], "Non è stato salvato nulla: ci sono 4 errori.");
    let saved = world.save_in("it", &[world.map(4, 0, 0)]).await;
    let note = saved.body["notes"][0]["text"].as_str().unwrap();
    assert!(note.contains("con la sincronizzazione disattivata"), "{note}");
}

#[tokio::test]
async fn a_row_changed_by_someone_else_is_refused_with_what_it_is_now() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0)]).await;
    world.saved(&[world.map(1, 1, 1)]).await;
    for stale in [world.map(1, 1, 2), switch(1, 1, false), unmap(1, 1), world.map(1, 0, 2)] {
        let refused = world.save(&[stale]).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"));
        let present = &refused.body["present"][0];
        assert_eq!((&present["version"], &present["mapping"]["companyId"]), (&2.into(), &world.companies[1].into()));
    }
}

#[tokio::test]
async fn a_switch_of_a_customer_unmapped_by_someone_else_was_told_as_not_mapped_instead_of_changed() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0)]).await;
    world.saved(&[unmap(1, 1)]).await;
    let refused = world.save(&[switch(1, 1, true)]).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"));
}

#[tokio::test]
async fn validate_only_returns_the_difference_and_stores_nothing() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0)]).await;
    let rows = json!([world.map(1, 1, 1), world.map(2, 0, 0), switch(3, 0, false)]);
    let told = world.post(SAVE, &json!({"rows": rows, "validateOnly": true})).await;
    assert_eq!((told.status.as_u16(), &told.body["saved"]), (200, &false.into()));
    let changes = told.body["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "what is as it is wanted is no difference");
    assert_eq!(changes[0]["before"]["companyId"], world.companies[0]);
    assert_eq!(changes[0]["after"]["companyId"], world.companies[1]);
    assert_eq!(changes[1].get("before"), None);
    assert_eq!((&world.row(1).await["version"], &world.row(2).await["version"]), (&1.into(), &0.into()));
}

#[tokio::test]
async fn mapping_warns_when_an_agreement_bills_other_than_monthly() {
    let world = World::new().await;
    let yearly = json!({"billingCycle": {"id": 7, "name": "Annual"}});
    let agreement = world.psa.add_agreement(world.companies[0], world.kind, "Yearly", yearly).unwrap();
    let mut confirmed = map_to(1, 0, world.companies[0], agreement);
    confirmed["mapTo"]["confirmCycle"] = true.into();
    let saved = world.saved(&[confirmed, world.map(2, 0, 1)]).await;
    let notes = saved["notes"].as_array().unwrap().iter();
    let monthly: Vec<&Value> = notes.filter(|note| note["code"] == "notMonthly").collect();
    assert_eq!(
        (monthly.len(), &monthly[0]["customerId"]),
        (1, &customer(1).to_string().into()),
        "{:#}",
        saved["notes"]
    );
    assert!(monthly[0]["text"].as_str().unwrap().contains("Annual"));
}

#[tokio::test]
async fn an_agreement_that_bills_yearly_was_mapped_though_nobody_knew_that_one_day_of_the_year_counts() {
    let world = World::new().await;
    let yearly = json!({"billingCycle": {"id": 7, "name": "Annual"}, "nextInvoiceDate": "2027-03-01T00:00:00Z"});
    let agreement = world.psa.add_agreement(world.companies[0], world.kind, "Yearly", yearly).unwrap();
    let unconfirmed = map_to(1, 0, world.companies[0], agreement);
    let refused = world.save(std::slice::from_ref(&unconfirmed)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "cycleNotConfirmed"), "{}", refused.body);
    assert_eq!(errors(&refused), [("/rows/0/mapTo/confirmCycle".to_owned(), "cycleNotConfirmed".to_owned())]);
    let asked = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(asked.contains("2027-03-01") && asked.contains("Annual"), "{asked}");
    let mut confirmed = unconfirmed;
    confirmed["mapTo"]["confirmCycle"] = true.into();
    let saved = world.saved(&[confirmed]).await;
    assert_eq!(saved["changes"][0]["after"]["billingMonths"], 12);
    let version = saved["changes"][0]["version"].as_u64().unwrap();
    world.saved(&[switch(1, version, false)]).await;
    world.saved(&[switch(1, version + 1, true)]).await;
}

#[tokio::test]
async fn an_agreement_that_bills_one_single_time_was_mapped() {
    let world = World::new().await;
    let once = json!({"billingCycle": {"id": 8, "name": "One time"}});
    let agreement = world.psa.add_agreement(world.companies[0], world.kind, "Setup", once).unwrap();
    let mut row = map_to(1, 0, world.companies[0], agreement);
    row["mapTo"]["confirmCycle"] = true.into();
    let refused = world.save(&[row]).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "agreementUnusable"), "{}", refused.body);
}

#[tokio::test]
async fn mapping_names_the_other_active_agreements_of_the_company() {
    let world = World::new().await;
    world.psa.add_agreement(world.companies[0], world.kind, "Old MSA", json!({})).unwrap();
    let over = world.psa.add_agreement(world.companies[0], world.kind, "Over", json!({})).unwrap();
    let cancelled = json!({"cancelledFlag": true});
    world.psa.edit(simulators::connectwise::Collection::Agreements, 0, over, &cancelled).unwrap();
    let saved = world.saved(&[world.map(1, 0, 0), world.map(2, 0, 1)]).await;
    let notes = saved["notes"].as_array().unwrap().iter();
    let others: Vec<&Value> = notes.filter(|note| note["code"] == "otherAgreements").collect();
    assert_eq!((others.len(), &others[0]["customerId"]), (1, &customer(1).to_string().into()), "{:#}", saved["notes"]);
    let text = others[0]["text"].as_str().unwrap();
    assert!(text.contains("Old MSA") && !text.contains("Over"), "{text}");
}

#[tokio::test]
async fn an_edit_says_who_before_and_after() {
    let world = World::new().await;
    let body = json!({"rows": [world.map(1, 0, 0)], "note": "asked by phone"});
    assert_eq!(world.post(SAVE, &body).await.status, 200);
    world.saved(&[unmap(1, 1)]).await;
    let page = world.store.list_edits(partner(), Some(&Subject::Customer(customer(1))), None, 10).await.unwrap();
    let [removed, mapped] = page.edits.as_slice() else { panic!("{page:?}") };
    assert_eq!((mapped.who.as_str(), mapped.note.as_deref()), ("9f31", Some("asked by phone")));
    assert_eq!(
        (mapped.before.as_ref(), &mapped.after.as_ref().unwrap()["company"]),
        (None, &world.companies[0].into())
    );
    assert_eq!((removed.before.as_ref(), removed.after.as_ref()), (mapped.after.as_ref(), None));
    assert_eq!(world.row(1).await.get("mapping"), None);
}

#[tokio::test]
async fn a_repeated_save_is_answered_alike_and_done_once() {
    let world = World::new().await;
    let body = json!({"rows": [world.map(1, 0, 0)]});
    let asking = Asking::new(partner(), "psa/write");
    let ask = || asking.ask(&world.app, SAVE, &[("idempotency-key", "k-1")], Some(&body));
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status.as_u16(), &first.body), (200, &again.body));
    assert_eq!((again.header("idempotency-replayed"), &world.row(1).await["version"]), ("true", &1.into()));
    // A repetition with a new key finds its rows already saved.
    let other = world.save(&[world.map(1, 0, 0)]).await;
    assert_eq!((other.status.as_u16(), &other.body["changes"]), (200, &json!([])));
    let without = asking.ask(&world.app, SAVE, &[], Some(&body)).await;
    assert_eq!(without.code(), "idempotencyKeyMissing");
    let reader = Asking::new(partner(), "psa/read");
    assert_eq!(reader.ask(&world.app, SAVE, &[("idempotency-key", "k-2")], Some(&body)).await.code(), "scopeMissing");
}

#[tokio::test]
async fn more_than_30_rows_none_and_rows_that_say_nothing_are_refused() {
    let world = World::new().await;
    let many: Vec<Value> = (0..31).map(|n| unmap(n, 0)).collect();
    for rows in [many.as_slice(), &[]] {
        assert_eq!(errors(&world.save(rows).await), [told("/rows", "invalid")]);
    }
    let nothing = json!({"customerId": customer(1).to_string(), "version": 0});
    let mut both = world.map(1, 0, 0);
    both["unmap"] = true.into();
    let refused = world.save(&[nothing, both]).await;
    assert_eq!(errors(&refused), [told("/rows/0", "invalid"), told("/rows/1", "invalid")]);
}
