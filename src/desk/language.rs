//! The languages that letters are written in. A new one is a line in `languages!`, a folder
//! `letters/<code>` and the way it writes a date: the compiler asks for each of them.

mod date;

use super::time::Moment;

/// The texts that ship in a language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts {
    pub(super) acknowledgement: &'static str,
    pub(super) ask_resend: &'static str,
    pub(super) combined: &'static str,
    pub(super) minimal: &'static str,
    pub(super) missed: &'static str,
    pub(super) waiting: &'static str,
    pub(super) asked_again: &'static str,
    pub(super) last_note: &'static str,
    pub(super) found: &'static str,
}

macro_rules! languages {
    ($($variant:ident $code:literal,)+) => {
        /// A language that letters are written in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Language {
            $(#[doc = concat!("`", $code, "`.")] $variant,)+
        }

        impl Language {
            /// Every language, in the order in which they are listed.
            pub const ALL: &[Language] = &[$(Language::$variant,)+];

            /// Its code (ISO 639-1), in the configuration and as the name of its folder.
            pub fn code(self) -> &'static str {
                match self { $(Language::$variant => $code,)+ }
            }

            /// Its name in English.
            pub fn name(self) -> &'static str {
                match self { $(Language::$variant => stringify!($variant),)+ }
            }

            /// The letters that ship in it.
            pub(super) fn texts(self) -> Texts {
                match self {
                    $(Language::$variant => Texts {
                        acknowledgement: include_str!(concat!("letters/", $code, "/acknowledgement.txt")),
                        ask_resend: include_str!(concat!("letters/", $code, "/ask_resend.txt")),
                        combined: include_str!(concat!("letters/", $code, "/combined.txt")),
                        minimal: include_str!(concat!("letters/", $code, "/minimal.txt")),
                        missed: include_str!(concat!("letters/", $code, "/missed.txt")),
                        waiting: include_str!(concat!("letters/", $code, "/waiting.txt")),
                        asked_again: include_str!(concat!("letters/", $code, "/asked_again.txt")),
                        last_note: include_str!(concat!("letters/", $code, "/last_note.txt")),
                        found: include_str!(concat!("letters/", $code, "/found.txt")),
                    },)+
                }
            }
        }
    };
}

languages! {
    English "en",
    Spanish "es",
    French "fr",
    German "de",
    Portuguese "pt",
    Russian "ru",
    Chinese "zh",
    Japanese "ja",
}

impl Language {
    /// The language of a code, where letters are written in it.
    pub fn of_code(code: &str) -> Option<Language> {
        Language::ALL.iter().copied().find(|language| language.code() == code)
    }

    /// A moment as a letter in this language writes it, in UTC: `mardi 1er septembre 2026 à 17 h 11 UTC`.
    pub fn date(self, moment: Moment) -> String {
        let at = moment.calendar();
        match self {
            Language::English => moment.in_words(),
            Language::Spanish => date::spanish(at),
            Language::French => date::french(at),
            Language::German => date::german(at),
            Language::Portuguese => date::portuguese(at),
            Language::Russian => date::russian(at),
            Language::Chinese => date::chinese(at),
            Language::Japanese => date::japanese(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_each_language_writes_it() {
        let first = Moment::parse_rfc3339("2026-09-01T17:11:00Z").unwrap();
        let early = Moment::parse_rfc3339("2027-03-14T01:05:00Z").unwrap();
        for (language, one, other) in [
            (
                Language::English,
                "Tuesday 1 September 2026, 17:11 UTC",
                "Sunday 14 March 2027, 01:05 UTC",
            ),
            (
                Language::Spanish,
                "martes 1 de septiembre de 2026 a las 17:11 UTC",
                "domingo 14 de marzo de 2027 a la 01:05 UTC",
            ),
            (
                Language::French,
                "mardi 1er septembre 2026 à 17\u{a0}h\u{a0}11 UTC",
                "dimanche 14 mars 2027 à 1\u{a0}h\u{a0}05 UTC",
            ),
            (
                Language::German,
                "Dienstag, 1.\u{a0}September 2026, 17:11 Uhr UTC",
                "Sonntag, 14.\u{a0}März 2027, 01:05 Uhr UTC",
            ),
            (
                Language::Portuguese,
                "1º de setembro de 2026 (terça-feira), às 17:11 UTC",
                "14 de março de 2027 (domingo), à 01:05 UTC",
            ),
            (
                Language::Russian,
                "1\u{a0}сентября 2026\u{a0}г. (вторник), 17:11 UTC",
                "14\u{a0}марта 2027\u{a0}г. (воскресенье), 01:05 UTC",
            ),
            (
                Language::Chinese,
                "2026年9月1日（星期二）17:11 UTC",
                "2027年3月14日（星期日）01:05 UTC",
            ),
            (Language::Japanese, "2026年9月1日（火）17:11 UTC", "2027年3月14日（日）01:05 UTC"),
        ] {
            assert_eq!((language.date(first), language.date(early)), (one.into(), other.into()));
        }
    }

    #[test]
    fn every_day_and_month_has_a_name_of_its_own() {
        for language in Language::ALL {
            let day = |n: i64| language.date(Moment::from_unix(1_800_000_000 + n * 86_400));
            let mut names: Vec<String> = (0..365)
                .flat_map(|n| {
                    day(n)
                        .split(|c: char| !c.is_alphabetic())
                        .map(str::to_owned)
                        .collect::<Vec<String>>()
                })
                .collect();
            names.sort_unstable();
            names.dedup();
            let numbered = matches!(language, Language::Chinese | Language::Japanese);
            assert!(names.len() >= if numbered { 7 } else { 19 }, "{}", language.name());
        }
    }

    #[test]
    fn every_language_is_known_by_its_code() {
        for language in Language::ALL {
            assert_eq!(Language::of_code(language.code()), Some(*language));
        }
        assert_eq!(Language::of_code("tlh"), None);
    }
}
