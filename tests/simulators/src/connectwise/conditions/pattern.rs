//! The patterns of `like`: `%` and `*` stand for any text, `[abc]` and `[a-f]` for one of these letters.

enum Piece {
    AnyText,
    AnyLetter,
    OneOf(Vec<(char, char)>),
}

/// Which characters are wildcards besides `*`.
#[derive(Clone, Copy)]
pub(super) struct Signs {
    /// `%` stands for any text.
    pub(super) percent: bool,
    /// `_` stands for any one character.
    pub(super) underscore: bool,
    /// `[ab]` stands for one of these letters.
    pub(super) brackets: bool,
}

/// Whether the whole of `text` fits `pattern`, capitals and all.
pub(super) fn fits(pattern: &str, text: &str, signs: Signs) -> bool {
    let pieces = pieces(pattern, signs);
    let letters: Vec<char> = text.chars().collect();
    let (mut piece, mut letter) = (0, 0);
    // Where to take up again with one letter more for the last `AnyText`.
    let mut retry: Option<(usize, usize)> = None;
    while letter < letters.len() {
        if let Some(Piece::AnyText) = pieces.get(piece) {
            retry = Some((piece + 1, letter));
            piece += 1;
        } else if pieces.get(piece).is_some_and(|piece| piece.takes(letters[letter])) {
            piece += 1;
            letter += 1;
        } else {
            let Some((after, from)) = retry else { return false };
            retry = Some((after, from + 1));
            (piece, letter) = (after, from + 1);
        }
    }
    pieces[piece..].iter().all(|piece| matches!(piece, Piece::AnyText))
}

impl Piece {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::AnyText | Self::AnyLetter => true,
            Self::OneOf(ranges) => ranges.iter().any(|&(low, high)| (low..=high).contains(&letter)),
        }
    }
}

fn pieces(pattern: &str, signs: Signs) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match (first, rest.split_once(']')) {
            ('*', _) => pieces.push(Piece::AnyText),
            ('%', _) if signs.percent => pieces.push(Piece::AnyText),
            ('_', _) if signs.underscore => pieces.push(Piece::AnyLetter),
            ('[', Some((inner, after))) if signs.brackets => {
                pieces.push(Piece::OneOf(ranges(inner)));
                rest = after;
            }
            (letter, _) => pieces.push(Piece::OneOf(vec![(letter, letter)])),
        }
    }
    pieces
}

fn ranges(inner: &str) -> Vec<(char, char)> {
    let letters: Vec<char> = inner.chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let is_range = letters.get(at + 1) == Some(&'-') && at + 2 < letters.len();
        let high = if is_range { at + 2 } else { at };
        ranges.push((letters[at], letters[high]));
        at = high + 1;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::Signs;

    fn fits(pattern: &str, text: &str) -> bool {
        super::fits(pattern, text, Signs { percent: true, underscore: false, brackets: true })
    }

    #[test]
    fn percent_and_star_stand_for_any_text_and_brackets_for_one_letter() {
        for (pattern, text) in [
            ("Sophos*", "Sophos_MTR"),
            ("%MTR%", "Sophos_MTR_Advanced"),
            ("*_adv", "x_adv_adv"),
            ("[a-c]1", "b1"),
            ("[xy]", "y"),
            ("*", ""),
            ("", ""),
            ("a[b", "a[b"),
        ] {
            assert!(fits(pattern, text), "{pattern} fits {text}");
        }
        for (pattern, text) in [
            ("Sophos", "Sophos_MTR"),
            ("%mtr%", "Sophos_MTR"),
            ("[a-c]", "d"),
            ("a*b", "a"),
            ("", "x"),
            ("a[b]", "a[b]"),
        ] {
            assert!(!fits(pattern, text), "{pattern} does not fit {text}");
        }
    }

    #[test]
    fn a_sign_that_does_not_count_is_a_letter() {
        let one = |pattern: &str, text: &str, signs| super::fits(pattern, text, signs);
        let all = Signs { percent: true, underscore: true, brackets: true };
        let none = Signs { percent: false, underscore: false, brackets: false };
        assert!(one("a_c", "abc", all) && one("a_c", "a_c", all) && !one("a_c", "ac", all));
        assert!(!one("a_c", "abc", none) && one("a%[b]_*", "a%[b]_xyz", none) && !one("a%", "ab", none));
    }
}
