//! Alerts: raised once, saved over what was read, listed newest first; and what a partner wants of them.

use shared::domain::alert::{Alert, AlertAbout, AlertId, AlertSettings, Channel, Delivery, MessageText};
use shared::domain::follow_up::FollowUp;
use shared::domain::id::PartnerId;
use shared::ports::Sealed;
use shared::store::{Author, Change, Due, DueFor, SavedAlertSettings, Store, Subject, Versioned};
use shared::table::Table;

use super::on_both_tables;
use super::run::commit;
use super::values::{after, now, partner};

on_both_tables!(
    an_alert_stands_once_and_makes_its_partner_due,
    a_commit_raises_an_alert_with_its_look,
    of_two_who_save_an_alert_over_the_same_one_saves,
    alerts_come_newest_first_and_page_by_page,
    of_two_who_save_alert_settings_over_the_same_one_saves_and_is_in_the_audit,
    alerts_of_partners_whose_ids_start_alike_are_apart,
    a_look_moves_only_from_its_own_time,
);

pub(crate) fn alert(n: i64) -> Alert {
    let id = AlertId::parse(&format!("test-{n}")).unwrap();
    Alert::new(id, after(n), AlertAbout::Test { by: "Ann".to_owned() })
}

async fn looks(store: &Store<impl Table>, of: PartnerId) -> Vec<(DueFor, jiff::Timestamp)> {
    let mut looks = Vec::new();
    for shard in 0..16 {
        let due: Vec<Due> = store.list_due(shard, after(1_000_000), 100).await.unwrap();
        looks.extend(due.into_iter().filter(|due| due.partner == of).map(|due| (due.due_for, due.next_run_at)));
    }
    looks
}

async fn an_alert_stands_once_and_makes_its_partner_due(store: Store<impl Table>) {
    let me = partner(1);
    assert_eq!(store.raise_alert(me, &alert(1)).await, Ok(true));
    assert_eq!(looks(&store, me).await, [(DueFor::FollowUp(FollowUp::DeliverAlerts), after(1))]);
    store.schedule_follow_up(me, FollowUp::DeliverAlerts, None).await.unwrap();
    assert_eq!(store.raise_alert(me, &alert(1)).await, Ok(false));
    assert_eq!(looks(&store, me).await, [], "nothing is new");
    let later = Alert { raised_at: after(9), ..alert(1) };
    assert_eq!(store.raise_alert(me, &later).await, Ok(false), "its id is the same, whatever its time");
    assert_eq!(store.find_alert(me, &alert(1)).await, Ok(Some(alert(1))));
    assert_eq!(store.find_alert(me, &later).await, Ok(None));
    assert_eq!(store.list_alerts(me, None, 10).await.unwrap().alerts, [alert(1)]);
}

async fn a_commit_raises_an_alert_with_its_look(store: Store<impl Table>) {
    let me = partner(1);
    commit(&store, me, vec![Change::RaiseAlert(Box::new(alert(5)))]).await.unwrap();
    assert_eq!(store.list_alerts(me, None, 10).await.unwrap().alerts, [alert(5)]);
    assert_eq!(looks(&store, me).await, [(DueFor::FollowUp(FollowUp::DeliverAlerts), after(5))]);
}

async fn of_two_who_save_an_alert_over_the_same_one_saves(store: Store<impl Table>) {
    let me = partner(1);
    store.raise_alert(me, &alert(1)).await.unwrap();
    let mut begun = alert(1);
    begun.message = Some(MessageText { subject: "a".into(), text: "b".into(), body: "{}".into() });
    begun.deliveries = vec![Delivery::to(Channel::Webhook, now())];
    assert_eq!(store.save_alert(me, &begun).await, Ok(true));
    assert_eq!(store.save_alert(me, &begun).await, Ok(false), "it was read before the first save");
    let stored = Alert { version: 1, ..begun };
    assert_eq!(store.list_alerts(me, None, 10).await.unwrap().alerts, std::slice::from_ref(&stored));
    assert_eq!(store.save_alert(me, &stored).await, Ok(true));
    assert_eq!(store.save_alert(me, &alert(2)).await, Ok(false), "it was never raised");
}

async fn alerts_come_newest_first_and_page_by_page(store: Store<impl Table>) {
    let me = partner(1);
    for n in [3, 1, 2, 5, 4] {
        store.raise_alert(me, &alert(n)).await.unwrap();
    }
    let (mut found, mut next, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.list_alerts(me, next.as_deref(), 2).await.unwrap();
        assert!(page.alerts.len() <= 2);
        found.extend(page.alerts);
        pages += 1;
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(found, [5, 4, 3, 2, 1].map(alert));
    assert_eq!(pages, 3);
    assert_eq!(store.list_alerts(me, None, 5).await.unwrap().next, None, "a full last page has none behind it");
}

async fn of_two_who_save_alert_settings_over_the_same_one_saves_and_is_in_the_audit(store: Store<impl Table>) {
    let me = partner(1);
    let author = Author { who: "Ann".to_owned(), at: now(), note: None };
    let read = store.find_alert_settings(me).await.unwrap();
    assert_eq!(read, Versioned { value: None, version: 0 });
    let settings = AlertSettings { mail: vec!["a@example.com".into()], ..AlertSettings::default() };
    let saved = SavedAlertSettings { settings, webhook: Some(Sealed("sealed".into())) };
    assert_eq!(store.save_alert_settings(me, &author, &read, &saved).await, Ok(true));
    assert_eq!(store.save_alert_settings(me, &author, &read, &saved).await, Ok(false));
    assert_eq!(store.find_alert_settings(me).await, Ok(Versioned { value: Some(saved), version: 1 }));
    let edits = store.list_edits(me, Some(&Subject::Alerts), None, 10).await.unwrap().edits;
    assert_eq!(edits.len(), 1);
    let text = serde_json::to_string(&edits).unwrap();
    assert!(text.contains("a@example.com") && !text.contains("sealed"), "{text}");
}

async fn alerts_of_partners_whose_ids_start_alike_are_apart(store: Store<impl Table>) {
    store.raise_alert(partner(1), &alert(1)).await.unwrap();
    assert_eq!(store.list_alerts(partner(0x11), None, 10).await.unwrap().alerts, []);
    assert_eq!(store.save_alert(partner(0x11), &alert(1)).await, Ok(false));
    assert_eq!(looks(&store, partner(0x11)).await, []);
}

async fn a_look_moves_only_from_its_own_time(store: Store<impl Table>) {
    let me = partner(1);
    store.move_follow_up(me, FollowUp::DeliverAlerts, after(1), after(9)).await.unwrap();
    assert_eq!(looks(&store, me).await, [], "none is set");
    store.schedule_follow_up(me, FollowUp::DeliverAlerts, Some(after(1))).await.unwrap();
    store.move_follow_up(me, FollowUp::DeliverAlerts, after(2), after(9)).await.unwrap();
    assert_eq!(looks(&store, me).await, [(DueFor::FollowUp(FollowUp::DeliverAlerts), after(1))]);
    store.move_follow_up(me, FollowUp::DeliverAlerts, after(1), after(9)).await.unwrap();
    assert_eq!(looks(&store, me).await, [(DueFor::FollowUp(FollowUp::DeliverAlerts), after(9))]);
}
