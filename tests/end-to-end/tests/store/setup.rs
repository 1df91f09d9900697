//! Connections and settings with their versions: of two who save over the same one saves, and the audit says who.

use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::ports::Sealed;
use shared::store::{
    LastTest, SavedBy, SavedConnections, ShownConnectWise, ShownConnections, ShownSophos, Store, Subject, Versioned,
};
use shared::table::Table;

use super::on_both_tables;
use super::values::{author, now, partner};

on_both_tables!(
    of_two_who_save_connections_over_the_same_one_saves,
    a_half_is_edited_where_it_was_saved_and_not_where_it_was_tested,
    of_two_who_save_settings_over_the_same_one_saves,
    what_was_planted_is_saved_over_as_what_was_never_saved,
    setups_of_partners_whose_ids_start_alike_are_apart,
);

fn settings(writes: bool) -> Settings {
    Settings {
        time_zone: TimeZoneName::parse("Europe/Rome").unwrap(),
        frequency: Frequency::Nightly,
        writes,
        guards: Guards::default(),
    }
}

fn saved(version: u64) -> SavedBy {
    SavedBy { who: "ann".into(), at: now(), version }
}

fn tested(works: bool) -> LastTest {
    LastTest { at: now(), works, verdict: "works".into() }
}

fn shown(connectwise: Option<u64>, sophos: Option<u64>) -> ShownConnections {
    ShownConnections {
        connectwise: connectwise.map(|version| ShownConnectWise {
            site: "na.myconnectwise.net".into(),
            company: "acme".into(),
            database: "ab".repeat(32),
            public_key_end: "wxyz".into(),
            client_id_end: String::new(),
            saved: saved(version),
            tested: tested(true),
        }),
        sophos: sophos.map(|version| ShownSophos {
            client_id_end: "0123".into(),
            saved: saved(version),
            tested: tested(true),
        }),
    }
}

fn connections(text: &str, shown: ShownConnections) -> SavedConnections {
    SavedConnections { sealed: Sealed(text.to_owned()), shown }
}

async fn of_two_who_save_connections_over_the_same_one_saves(store: Store<impl Table>) {
    let me = partner(1);
    let read = store.find_connections(me).await.unwrap();
    assert_eq!(read, Versioned { value: None, version: 0 });
    let [one, other] = ["one", "other"].map(|text| connections(text, shown(Some(1), None)));
    assert_eq!(store.save_connections(me, &author(0), &read, &one).await, Ok(true));
    assert_eq!(store.save_connections(me, &author(0), &read, &other).await, Ok(false));
    let read = store.find_connections(me).await.unwrap();
    assert_eq!(read, Versioned { value: Some(one.clone()), version: 1 });
    assert_eq!(store.find_credentials(me).await, Ok(Some(one.sealed)), "the worker opens what was saved");
    assert_eq!(store.save_connections(me, &author(0), &read, &other).await, Ok(true));
    assert_eq!(store.find_connections(me).await.unwrap().version, 2);
    assert_eq!(store.list_edits(me, None, None, 10).await.unwrap().edits.len(), 1, "a refused save leaves no edit");
}

async fn a_half_is_edited_where_it_was_saved_and_not_where_it_was_tested(store: Store<impl Table>) {
    let me = partner(1);
    let mut text = 0;
    let mut versions = Vec::new();
    let mut failed = shown(Some(1), Some(2));
    failed.sophos.as_mut().unwrap().tested = tested(false);
    for state in [shown(Some(1), None), shown(Some(1), Some(2)), failed, shown(None, Some(2))] {
        let read = store.find_connections(me).await.unwrap();
        text += 1;
        let next = connections(&text.to_string(), state);
        assert_eq!(store.save_connections(me, &author(0), &read, &next).await, Ok(true));
        versions.push(store.find_connections(me).await.unwrap().version);
    }
    assert_eq!(versions, [1, 2, 3, 4]);
    let edits = store.list_edits(me, None, None, 10).await.unwrap().edits;
    let mut told: Vec<_> = edits.iter().map(|e| (e.subject.clone(), e.before.is_some(), e.after.is_some())).collect();
    told.sort();
    let expected = [
        (Subject::ConnectWiseConnection, false, true),
        (Subject::ConnectWiseConnection, true, false),
        (Subject::SophosConnection, false, true),
    ];
    assert_eq!(told, expected);
}

async fn of_two_who_save_settings_over_the_same_one_saves(store: Store<impl Table>) {
    let me = partner(1);
    let read = store.find_versioned_settings(me).await.unwrap();
    assert_eq!(read, Versioned { value: None, version: 0 });
    assert_eq!(store.save_settings(me, &author(0), &read, &settings(false)).await, Ok(true));
    assert_eq!(store.save_settings(me, &author(0), &read, &settings(true)).await, Ok(false));
    let read = store.find_versioned_settings(me).await.unwrap();
    assert_eq!(read, Versioned { value: Some(settings(false)), version: 1 });
    assert_eq!(store.find_settings(me).await, Ok(Some(settings(false))));
    assert_eq!(store.save_settings(me, &author(0), &read, &settings(true)).await, Ok(true));
    let edits = store.list_edits(me, Some(&Subject::Settings), None, 10).await.unwrap().edits;
    let writes: Vec<_> = edits.iter().map(|edit| edit.after.as_ref().unwrap()["writes"].clone()).collect();
    assert_eq!(writes.len(), 2);
    assert!(writes.contains(&true.into()) && writes.contains(&false.into()));
}

async fn what_was_planted_is_saved_over_as_what_was_never_saved(store: Store<impl Table>) {
    let me = partner(1);
    store.put_credentials(me, &Sealed("planted".into())).await.unwrap();
    store.put_settings(me, &settings(true)).await.unwrap();
    let read = store.find_connections(me).await.unwrap();
    assert_eq!(read, Versioned { value: Some(connections("planted", ShownConnections::default())), version: 0 });
    let next = connections("saved", shown(Some(1), None));
    assert_eq!(store.save_connections(me, &author(0), &read, &next).await, Ok(true));
    let read = store.find_versioned_settings(me).await.unwrap();
    assert_eq!(read, Versioned { value: Some(settings(true)), version: 0 });
    assert_eq!(store.save_settings(me, &author(0), &read, &settings(false)).await, Ok(true));
    assert_eq!(store.find_versioned_settings(me).await.unwrap().version, 1);
}

async fn setups_of_partners_whose_ids_start_alike_are_apart(store: Store<impl Table>) {
    let nothing = store.find_connections(partner(1)).await.unwrap();
    let saved = connections("mine", shown(Some(1), None));
    store.save_connections(partner(1), &author(0), &nothing, &saved).await.unwrap();
    let unset = store.find_versioned_settings(partner(1)).await.unwrap();
    store.save_settings(partner(1), &author(0), &unset, &settings(true)).await.unwrap();
    assert_eq!(store.find_connections(partner(0x11)).await.unwrap(), nothing);
    assert_eq!(store.find_versioned_settings(partner(0x11)).await.unwrap(), unset);
}
