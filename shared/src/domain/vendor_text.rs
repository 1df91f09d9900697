//! Texts of vendors as they are kept: no longer than people read, and without characters that hide or reorder others.

use std::borrow::Cow;

/// The most characters of a name, a description, an order or a serial number that are kept. The vendors' own have fewer
/// than 150; what is cut ends in `CUT`.
pub const MOST_CHARS: usize = 300;
/// The most characters of a text of several lines, such as what an invoice prints; ConnectWise takes 6,000.
pub const MOST_CHARS_OF_LINES: usize = 10_000;

/// What shows that a text was longer.
const CUT: char = '…';

/// The text on one line, of at most [`MOST_CHARS`] characters. A line break and a tab become a space; other control
/// characters go, and so does what changes the direction of the text around it.
#[must_use]
pub fn one_line(text: &str) -> String {
    cut(text.chars().filter_map(|c| kept(if breaks(c) { ' ' } else { c })), MOST_CHARS)
}

/// The same with its line breaks and tabs, of at most [`MOST_CHARS_OF_LINES`] characters.
#[must_use]
pub fn lines(text: &str) -> String {
    cut(text.chars().filter_map(|c| if breaks(c) { Some(c) } else { kept(c) }), MOST_CHARS_OF_LINES)
}

/// The whole text with its line breaks and tabs, without other control characters and without what changes the direction of
/// the text around it: for what people type.
#[must_use]
pub fn without_controls(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| breaks(c) || kept(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| breaks(*c) || kept(*c).is_some()).collect())
}

fn breaks(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}')
}

fn kept(c: char) -> Option<char> {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    (!turns && !c.is_control()).then_some(c)
}

fn cut(text: impl Iterator<Item = char>, most: usize) -> String {
    // One more than is kept tells whether there is more; a text of any length is not held twice.
    let mut kept: String = text.take(most + 1).collect();
    if let Some((last, _)) = kept.char_indices().nth(most) {
        kept.truncate(last);
        kept.pop();
        kept.push(CUT);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_and_says_so() {
        let long = "ä".repeat(MOST_CHARS);
        assert_eq!(one_line(&long), long);
        let cut = one_line(&(long + "x"));
        assert_eq!(cut.chars().count(), MOST_CHARS);
        assert!(cut.ends_with("ä…"), "{cut}");
        assert_eq!(one_line(&"x".repeat(120_000)).chars().count(), MOST_CHARS);
        assert_eq!(lines(&"x".repeat(120_000)).chars().count(), MOST_CHARS_OF_LINES);
    }

    #[test]
    fn what_hides_or_turns_other_characters_goes_and_letters_of_any_script_stay() {
        assert_eq!(one_line("Amber\u{202e}lliuq\u{2066} Bak\u{0}ery\u{7f}\u{feff}"), "Amberlliuq Bakery");
        assert_eq!(one_line("two\r\nlines\tand a tab"), "two  lines and a tab");
        assert_eq!(lines("two\r\nlines\tand\u{1b}[31m red"), "two\r\nlines\tand[31m red");
        for name in ["Caffè Nerò", "日本", "בית", "👩‍🔧 & Sons", ""] {
            assert_eq!(one_line(name), name);
        }
    }
}
