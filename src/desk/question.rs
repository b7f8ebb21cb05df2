//! Questions to the lead about doubtful mail in a personal inbox, and what they answer.

/// How "yes" and "no" begin, in the languages that people answer their own mail in.
const YES: &[&str] = &[
    "yes",
    "y",
    "yep",
    "yeah",
    "ja",
    "jo",
    "j",
    "oui",
    "si",
    "sí",
    "sì",
    "sim",
    "da",
    "да",
    "так",
    "tak",
    "ano",
    "áno",
    "igen",
    "evet",
    "kyllä",
    "joo",
    "ναι",
    "כן",
    "نعم",
    "हाँ",
    "हां",
    "ใช่",
    "vâng",
    "có",
    "ya",
    "是",
    "是的",
    "对",
    "對",
    "はい",
    "ええ",
    "네",
    "예",
    "report",
    "responded",
    "answered",
];
const NO: &[&str] = &[
    "no",
    "n",
    "nope",
    "nein",
    "nee",
    "nej",
    "nei",
    "non",
    "não",
    "nao",
    "нет",
    "ні",
    "nie",
    "ne",
    "nem",
    "hayır",
    "ei",
    "όχι",
    "לא",
    "لا",
    "नहीं",
    "ไม่",
    "ไม่ใช่",
    "không",
    "tidak",
    "bukan",
    "否",
    "不",
    "不是",
    "いいえ",
    "아니요",
    "아니오",
];

/// What may follow without a sign between.
const COURTESY: &[&str] =
    &["danke", "please", "thanks", "thank you", "bitte", "merci", "gracias", "obrigado", "спасибо"];

fn is_sign(c: char) -> bool {
    ".,;:!?。，、！？-–—".contains(c)
}

fn bare(text: &str) -> String {
    text.trim_end_matches(is_sign).to_lowercase()
}

/// Whether an answer says yes or no: by the first word of its first line that is not quoted. None
/// where it says neither; then it is no answer to the question.
pub(super) fn says(text: &str) -> Option<bool> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if line.starts_with('>') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || is_sign(c)).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_start();
    // "No idea, let me ask" is no answer: something has to part the word from the rest.
    if !rest.is_empty() && !rest.starts_with(is_sign) && !COURTESY.contains(&bare(rest).as_str()) {
        return None;
    }
    let word = word.trim_matches(['*', '"', '\'', '_']).to_lowercase();
    let among = |words: &[&str]| words.contains(&word.as_str());
    if among(YES) {
        Some(true)
    } else if among(NO) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_understood_in_many_languages_and_nothing_else_is() {
        for text in [
            "Yes",
            "yes, it is.\n\n> Is this a report?",
            "\nJa!",
            "Да, это он",
            "はい。",
            "是的，谢谢",
        ] {
            assert_eq!(says(text), Some(true), "{text}");
        }
        for text in ["No.", "nein danke", "нет", "いいえ", "不是", "*No*"] {
            assert_eq!(says(text), Some(false), "{text}");
        }
        for text in [
            "No idea, let me ask Lee first.",
            "Report looks like spam",
            "",
            "> yes",
            "I will look at it",
            "Yesterday I saw this",
            "Nobody knows",
        ] {
            assert_eq!(says(text), None, "{text}");
        }
    }
}
