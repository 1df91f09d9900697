//! The sentences of the vendor's page *Map and configure your products*, each with a test named after it.
//!
//! Every test goes where a partner goes: over HTTP, with a token, through the gateway with the deployed routes; and where the
//! sentence speaks of usage sync, a run of the real worker follows and what ConnectWise then holds is what counts. The
//! runs are started by a message on the queue.
//!
//! | what the page says | test |
//! |---|---|
//! | an MSP partner maps Sophos products to ConnectWise products and configures usage sync per product | [`configuring::a_partner_maps_sophos_products_to_connectwise_products_and_configures_usage_sync_per_product`] |
//! | … so that customers are billed for bundled services under the partner's own brand | [`configuring::customers_are_billed_for_bundled_services_under_the_partners_own_brand`] |
//! | … and accounting preferences | [`configuring::the_partners_own_accounting_preferences_are_kept`] |
//! | … and so that renamed products or services never break the sync: ConnectWise's | [`renaming::renamed_connectwise_products_never_break_the_sync`] |
//! | … and Sophos' | [`renaming::renamed_sophos_products_never_break_the_sync`] |
//! | the way in: *Settings and policies > PSA integration > ConnectWise details > Configure*, in Italian too | [`way_in::the_way_in_is_settings_and_policies_psa_integration_connectwise_details_configure`] |
//! | one row a Sophos product, with Sophos product, ConnectWise product, details and sync | [`rows::there_is_one_row_a_sophos_product_with_its_connectwise_product_its_details_and_its_sync_toggle`] |
//! | map to an existing product: from two characters on a list of existing products available for mapping is offered | [`existing::from_two_characters_on_a_list_of_the_existing_products_available_for_mapping_is_offered`] |
//! | … choose one, *Apply*, *Save* | [`existing::an_existing_product_that_was_chosen_is_mapped_by_save_and_the_next_run_bills_on_it`] |
//! | … or type a name in full | [`existing::a_full_name_that_matches_exactly_one_available_product_is_accepted_without_choosing_from_the_list`] |
//! | map to a new product: fill in the form; *Apply* creates it in the PSA | [`creating::add_product_to_psa_offers_a_form_and_apply_creates_the_product_in_the_psa`] |
//! | … then *Save* stores the mapping | [`creating::a_product_created_in_the_psa_is_not_mapped_until_save_stores_the_mapping`] |
//! | edit a ConnectWise product: the details icon opens *View ConnectWise product* | [`editing::the_details_of_a_connectwise_product_are_those_that_the_psa_holds`] |
//! | … *Edit product details in PSA*; change; *Apply* | [`editing::what_is_changed_in_edit_connectwise_product_arrives_in_the_psa`] |
//! | removing a mapped product switches that Sophos product's usage sync off, automatically | [`removing::removing_a_mapped_product_switches_that_sophos_products_usage_sync_off_automatically`] |
//! | sync of that product resumes only when a product is mapped again: not by the toggle | [`removing::the_sync_of_a_removed_product_does_not_resume_by_its_toggle`] |
//! | … not by usage | [`removing::the_sync_of_a_removed_product_does_not_resume_by_new_usage_or_a_new_usage_month`] |
//! | … but then it does | [`removing::the_sync_of_a_removed_product_resumes_when_a_product_is_mapped_again`], [`removing::the_sync_of_a_removed_product_resumes_on_another_connectwise_product_too`] |
//! | new usage data never creates default products by itself | [`new_usage::new_usage_data_never_creates_default_products_by_itself`] |
//! | … never maps them | [`new_usage::new_usage_data_never_maps_default_products_by_itself`] |
//! | … never syncs them | [`new_usage::new_usage_data_never_syncs_default_products_by_itself`] |
//! | … an unknown product shows up as unmapped and waits | [`new_usage::an_unknown_product_shows_up_as_unmapped_and_waits`] |
//! | toggles per product, stored with *Save* | [`toggles::toggles_per_product_are_stored_with_save`] |
//!
//! The browser tests check the same sentences on the page. *The way in* is the text that names the page.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod configuring;
mod creating;
mod editing;
mod existing;
mod new_usage;
mod removing;
mod renaming;
mod rows;
mod toggles;
mod way_in;
mod world;
