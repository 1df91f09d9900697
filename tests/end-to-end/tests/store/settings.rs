//! Settings and sealed credentials.

use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::ports::Sealed;
use shared::store::Store;
use shared::table::Table;

use super::on_both_tables;
use super::values::partner;

on_both_tables!(
    nothing_is_found_before_it_was_saved,
    what_was_saved_last_is_found_again,
    partners_whose_ids_start_alike_never_see_one_another,
);

fn settings(frequency: Frequency) -> Settings {
    Settings {
        time_zone: TimeZoneName::parse("Europe/Rome").unwrap(),
        frequency,
        writes: true,
        guards: Guards::default(),
    }
}

async fn nothing_is_found_before_it_was_saved(store: Store<impl Table>) {
    assert_eq!(store.find_settings(partner(1)).await, Ok(None));
    assert_eq!(store.find_credentials(partner(1)).await, Ok(None));
}

async fn what_was_saved_last_is_found_again(store: Store<impl Table>) {
    for frequency in [Frequency::SophosInvoice, Frequency::Nightly] {
        store.put_settings(partner(1), &settings(frequency)).await.unwrap();
        assert_eq!(store.find_settings(partner(1)).await, Ok(Some(settings(frequency))));
    }
    for text in ["sealed", "sealed anew"] {
        let sealed = Sealed(text.to_owned());
        store.put_credentials(partner(1), &sealed).await.unwrap();
        assert_eq!(store.find_credentials(partner(1)).await, Ok(Some(sealed)));
    }
}

async fn partners_whose_ids_start_alike_never_see_one_another(store: Store<impl Table>) {
    store.put_settings(partner(1), &settings(Frequency::Nightly)).await.unwrap();
    store.put_credentials(partner(1), &Sealed("mine".to_owned())).await.unwrap();
    assert_eq!(store.find_settings(partner(0x11)).await, Ok(None));
    assert_eq!(store.find_credentials(partner(0x11)).await, Ok(None));
}
