//! The patterns of `like`: `%` and `*` stand for any text, `[abc]` and `[a-f]` for one of these letters.

enum Piece {
    AnyText,
    OneOf(Vec<(char, char)>),
}

/// Whether the whole of `text` fits `pattern`; capitals do not count.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let pieces = pieces(&pattern.to_lowercase());
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let (mut piece, mut letter) = (0, 0);
    // Where to take up again with one letter more for the last `AnyText`.
    let mut retry: Option<(usize, usize)> = None;
    while letter < letters.len() {
        match pieces.get(piece) {
            Some(Piece::AnyText) => {
                retry = Some((piece + 1, letter));
                piece += 1;
            }
            Some(Piece::OneOf(ranges)) if ranges.iter().any(|&(low, high)| (low..=high).contains(&letters[letter])) => {
                piece += 1;
                letter += 1;
            }
            Some(Piece::OneOf(_)) | None => {
                let Some((after, from)) = retry else { return false };
                retry = Some((after, from + 1));
                (piece, letter) = (after, from + 1);
            }
        }
    }
    pieces[piece..].iter().all(|piece| matches!(piece, Piece::AnyText))
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match (first, rest.split_once(']')) {
            ('%' | '*', _) => pieces.push(Piece::AnyText),
            ('[', Some((inner, after))) => {
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
    use super::fits;

    #[test]
    fn percent_and_star_stand_for_any_text_and_brackets_for_one_letter() {
        for (pattern, text) in [
            ("sophos*", "Sophos_MTR"),
            ("%mtr%", "Sophos_MTR_Advanced"),
            ("*_adv", "x_adv_adv"),
            ("[a-c]1", "B1"),
            ("[xy]", "y"),
            ("*", ""),
            ("", ""),
            ("a[b", "a[b"),
        ] {
            assert!(fits(pattern, text), "{pattern} fits {text}");
        }
        for (pattern, text) in [("sophos", "Sophos_MTR"), ("[a-c]", "d"), ("a*b", "a"), ("", "x"), ("a[b]", "a[b]")] {
            assert!(!fits(pattern, text), "{pattern} does not fit {text}");
        }
    }
}
