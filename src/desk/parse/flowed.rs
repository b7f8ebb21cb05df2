//! `format=flowed` (RFC 3676): lines that were only broken to fit are joined again.

/// Unfolds flowed text. With `delsp` the blank that marks a soft break is removed with it, as
/// scripts without blanks between words need it (RFC 3676 section 4.5).
pub(super) fn unfold(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let body = line.get(depth..).unwrap_or_default();
        let body = body.strip_prefix(' ').unwrap_or(body);
        if open != Some(depth) {
            if open.is_some() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                out.push(' ');
            }
        }
        // The signature delimiter is never flowed (section 4.3).
        let soft = body.ends_with(' ') && body != "-- ";
        let kept = if soft && delsp { body.strip_suffix(' ').unwrap_or(body) } else { body };
        out.push_str(kept);
        open = soft.then_some(depth);
        if !soft {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unfold;

    #[test]
    fn soft_breaks_are_joined_and_hard_ones_kept() {
        assert_eq!(unfold("one \ntwo\nthree\n", false), "one two\nthree\n");
        assert_eq!(unfold("漏洞在 \n这里\n", true), "漏洞在这里\n");
    }

    #[test]
    fn quotes_join_only_at_their_own_depth_and_signatures_never() {
        assert_eq!(unfold("> a \n> b\n>> c \nd\n-- \nme\n", false), "> a b\n>> c \nd\n-- \nme\n");
    }

    #[test]
    fn stuffed_blanks_are_taken_out() {
        assert_eq!(unfold(" >not a quote\n From me\n", false), ">not a quote\nFrom me\n");
    }
}
