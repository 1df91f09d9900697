//! Texts for people, as long as people read: nothing that Sophos sends may fill the table.

/// The most characters of a name, a description, an order or a serial number that are kept. Sophos' own have fewer than
/// 150; what is cut ends in [`CUT`].
pub(super) const MOST_CHARS: usize = 300;

/// What shows that a text was longer.
const CUT: char = '…';

/// The text, cut and marked where it has more than [`MOST_CHARS`] characters, the mark included.
pub(super) fn capped(text: String) -> String {
    if text.chars().nth(MOST_CHARS).is_none() {
        return text;
    }
    text.chars().take(MOST_CHARS - 1).chain([CUT]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_and_says_so() {
        let long = "ä".repeat(MOST_CHARS);
        assert_eq!(capped(long.clone()), long);
        let cut = capped(long.clone() + "x");
        assert_eq!(cut.chars().count(), MOST_CHARS);
        assert!(cut.ends_with("ä…"), "{cut}");
    }
}
