//! Texts that may be searched for, and the order of what is found.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row(u32, &'static str, &'static str);

impl Named for Row {
    fn names(&self) -> [&str; 2] {
        [self.1, self.2]
    }

    fn number(&self) -> u32 {
        self.0
    }
}

fn text(typed: &str) -> SearchText {
    SearchText::parse(typed).unwrap()
}

fn found(typed: &str, rows: &[Row]) -> Vec<(u32, Rank)> {
    let found = Found::of(text(typed), rows.to_vec(), true, 50);
    found.hits.iter().map(|hit| (hit.row.0, hit.rank)).collect()
}

#[test]
fn two_characters_are_counted_as_they_are_seen_and_without_the_spaces_around_them() {
    for short in ["", " ", "a", "  a  ", "é", "e\u{301}", "\u{200b}\u{200b}\u{200b}", "日", "\u{1f600}", "Æ", "ﬁ"]
    {
        assert_eq!(SearchText::parse(short), Err(SearchTextError::TooShort), "{short:?}");
    }
    for enough in ["ab", "é1", " XD ", "日本", "C+", "24", "\u{5d0}\u{5d1}"] {
        assert_eq!(SearchText::parse(enough).unwrap().as_str(), enough.trim());
    }
}

#[test]
fn a_text_that_no_condition_can_hold_is_refused_by_its_reason() {
    let refused = |typed: &str| SearchText::parse(typed).unwrap_err();
    assert_eq!(refused("AC\\DC"), Unquotable::Backslash.into());
    assert_eq!(refused("5'11\""), Unquotable::BothQuotes.into());
    for control in ["a\0b", "a\nb", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b", "a\u{7f}b"] {
        assert_eq!(refused(control), Unquotable::Control.into(), "{control:?}");
    }
    assert_eq!(refused(&"x".repeat(76)), SearchTextError::TooLong);
    assert_eq!(refused(&"日".repeat(67)), SearchTextError::TooLong);
    assert_eq!(refused(&"x".repeat(10_000)), SearchTextError::TooLong);
    assert_eq!((quote_for("24\" screen"), quote_for("O'Neill")), (Ok('\''), Ok('"')));
}

#[test]
fn what_is_found_comes_exact_then_by_prefix_then_by_word_then_by_any_part() {
    let rows = [
        Row(1, "My_Sophos", "nothing"),
        Row(2, "Microsophos", "nothing"),
        Row(3, "Sophos_Intercept_X", "Intercept X"),
        Row(4, "other", "SOPHOS"),
        Row(5, "zzz", "aaa"),
        Row(6, "Sophos_Central", "Central"),
    ];
    let ranks = [(4, Rank::Exact), (6, Rank::Prefix), (3, Rank::Prefix), (1, Rank::Word), (2, Rank::Substring)];
    assert_eq!(found("sophos", &rows), ranks);
}

#[test]
fn capitals_and_diacritics_do_not_count_however_they_were_typed() {
    let rows = [Row(1, "Café Crème", ""), Row(2, "STRASSE", ""), Row(3, "Cafe\u{301}", "")];
    assert_eq!(found("CAFE", &rows), [(3, Rank::Exact), (1, Rank::Prefix)]);
    assert_eq!(found("creme", &rows), [(1, Rank::Word)]);
    assert_eq!(found("straße", &rows), [(2, Rank::Exact)]);
}

#[test]
fn what_does_not_contain_the_text_is_left_out_whatever_the_server_took_it_for() {
    let rows = [Row(1, "100% cover", ""), Row(2, "1000 cover", ""), Row(3, "[ab]", ""), Row(4, "a", "")];
    assert_eq!(found("00%", &rows), [(1, Rank::Substring)]);
    assert_eq!(found("[ab]", &rows), [(3, Rank::Exact)]);
}

#[test]
fn only_one_record_is_taken_for_the_one_that_was_meant() {
    let one = Found::of(text("sophos"), [Row(1, "Sophos", "sophos"), Row(2, "Sophos X", "")], true, 50);
    assert_eq!(one.only_exact(), Some(&Row(1, "Sophos", "sophos")));
    let two = Found::of(text("sophos"), [Row(1, "Sophos", ""), Row(2, "", "SOPHOS")], true, 50);
    assert_eq!(two.only_exact(), None);
    let none = Found::of(text("sophos"), [Row(2, "Sophos X", "")], true, 50);
    assert_eq!(none.only_exact(), None);
}

#[test]
fn a_longer_text_is_answered_from_what_is_known_where_that_is_all_there_is() {
    let rows = [Row(1, "Sophos", ""), Row(2, "Sophos X", ""), Row(3, "Soprano", "")];
    let known = Found::of(text("so"), rows.clone(), true, 50);
    let longer = known.narrowed(&text("SOPH"), 50).unwrap();
    assert_eq!(longer, Found::of(text("SOPH"), rows.clone(), true, 50));
    assert_eq!(known.narrowed(&text("sa"), 50), None);
    let cut = Found::of(text("so"), rows, true, 2);
    assert_eq!((cut.complete, cut.hits.len(), cut.narrowed(&text("sop"), 50)), (false, 2, None));
    assert_eq!(Found::of(text("cafe"), [Row(1, "cafe", "")], true, 9).narrowed(&text("café"), 9), None);
}

proptest! {
    #[test]
    fn the_order_does_not_depend_on_the_order_in_which_rows_came(
        names in proptest::collection::vec(("[aAáb_ ]{0,5}", "[aAáb_ ]{0,5}"), 0..12),
        turn in 0usize..12,
    ) {
        #[derive(Clone, Debug, PartialEq)]
        struct Owned(u32, String, String);
        impl Named for Owned {
            fn names(&self) -> [&str; 2] {
                [&self.1, &self.2]
            }
            fn number(&self) -> u32 {
                self.0
            }
        }
        let rows: Vec<Owned> = (1..).zip(names).map(|(id, (first, second))| Owned(id, first, second)).collect();
        let mut turned = rows.clone();
        turned.rotate_left(turn.min(rows.len()));
        prop_assert_eq!(Found::of(text("ab"), rows, true, 50).hits, Found::of(text("ab"), turned, true, 50).hits);
    }

    #[test]
    fn no_text_makes_the_search_panic(typed in "\\PC{0,90}", name in "\\PC{0,90}") {
        if let Ok(text) = SearchText::parse(&typed) {
            prop_assert!(rank(&text, text.as_str()) == Some(Rank::Exact));
            prop_assert!(rank(&text, &name) <= Some(Rank::Substring));
        }
        let once = fold(&name);
        prop_assert_eq!(fold(&once), once);
    }
}
