//! The words by which absence notes name days, in the languages that letters are written in. Beginnings
//! of words where a language bends them; in small letters.

/// The months, with their short forms, and as Russian bends them in dates.
pub(super) const MONTHS: [&[&str]; 12] = [
    &[
        "january",
        "jan",
        "januar",
        "jänner",
        "janvier",
        "janv",
        "enero",
        "ene",
        "janeiro",
        "января",
        "янв",
    ],
    &[
        "february",
        "feb",
        "februar",
        "février",
        "fevrier",
        "févr",
        "febrero",
        "fevereiro",
        "fev",
        "февраля",
        "фев",
    ],
    &["march", "mar", "märz", "maerz", "mars", "marzo", "março", "marco", "марта", "мар"],
    &["april", "apr", "avril", "avr", "abril", "abr", "апреля", "апр"],
    &["may", "mai", "mayo", "maio", "мая"],
    &["june", "jun", "juni", "juin", "junio", "junho", "июня"],
    &["july", "jul", "juli", "juillet", "juil", "julio", "julho", "июля"],
    &["august", "aug", "août", "aout", "agosto", "августа", "авг"],
    &[
        "september",
        "sep",
        "sept",
        "septembre",
        "septiembre",
        "setiembre",
        "setembro",
        "сентября",
        "сен",
    ],
    &["october", "oct", "oktober", "okt", "octobre", "octubre", "outubro", "октября", "окт"],
    &["november", "nov", "novembre", "noviembre", "novembro", "ноября", "ноя"],
    &[
        "december",
        "dec",
        "dezember",
        "dez",
        "décembre",
        "decembre",
        "déc",
        "diciembre",
        "dic",
        "dezembro",
        "декабря",
        "дек",
    ],
];

/// The days of the week from Monday on, by how their names begin.
pub(super) const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "montag", "lundi", "lunes", "segunda-feira", "понедельник"],
    &["tuesday", "dienstag", "mardi", "martes", "terça-feira", "вторник"],
    &[
        "wednesday",
        "mittwoch",
        "mercredi",
        "miércoles",
        "miercoles",
        "quarta-feira",
        "среда",
        "среду",
        "среды",
    ],
    &["thursday", "donnerstag", "jeudi", "jueves", "quinta-feira", "четверг"],
    &["friday", "freitag", "vendredi", "viernes", "sexta-feira", "пятниц"],
    &["saturday", "samstag", "sonnabend", "samedi", "sábado", "sabado", "суббот"],
    &["sunday", "sonntag", "dimanche", "domingo", "воскресень"],
];

/// The same in Japanese, before 曜, and in Chinese, after 周 and its like.
pub(super) const JAPANESE_WEEKDAYS: &str = "月火水木金土日";
pub(super) const CHINESE_WEEKDAYS: &str = "一二三四五六日";

/// Words that say that somebody comes back, by how they begin; whole words where a `$` ends them.
pub(super) const BACK: &[&str] = &[
    "back$",
    "return",
    "resum",
    "again$",
    "zurück",
    "zurueck",
    "wieder",
    "rückkehr",
    "retour",
    "revien",
    "reviend",
    "rentr",
    "repren",
    "regres",
    "vuelv",
    "volver",
    "vuelta",
    "reincorp",
    "retorn",
    "volt",
    "верн",
    "возвр",
    "снова",
    "выйд",
];

/// Words before a day up to which, or after which, somebody is away or there.
pub(super) const UNTIL: &[&str] = &[
    "until",
    "till$",
    "til$",
    "through$",
    "thru$",
    "after$",
    "bis$",
    "nach$",
    "jusqu",
    "après$",
    "apres$",
    "hasta$",
    "después$",
    "despues$",
    "até$",
    "ate$",
    "após$",
    "depois$",
    "до$",
    "после$",
];

/// What stands directly before the end of a range.
pub(super) const TO: &[&str] = &["to$", "au$", "al$", "a$", "à$", "ao$", "по$"];

/// What stands directly before its beginning.
pub(super) const FROM: &[&str] = &[
    "from$",
    "since$",
    "starting$",
    "beginning$",
    "between$",
    "vom$",
    "von$",
    "ab$",
    "seit$",
    "du$",
    "depuis$",
    "partir$",
    "desde$",
    "del$",
    "de$",
    "entre$",
    "с$",
    "со$",
];

/// What may stand between such a word and the day.
pub(super) const FILLERS: &[&str] = &[
    "the$",
    "on$",
    "of$",
    "end$",
    "including$",
    "inclusive$",
    "zum$",
    "dem$",
    "den$",
    "der$",
    "am$",
    "einschließlich$",
    "inklusive$",
    "le$",
    "el$",
    "día$",
    "dia$",
    "o$",
    "no$",
    "week$",
    "next$",
    "nächsten$",
    "kommenden$",
    "qu$",
];

/// What follows a number of the day: `4th`, `1er`, `1º`.
pub(super) const ORDINALS: &[&str] = &["st$", "nd$", "rd$", "th$", "er$", "º$", "ª$"];

/// What stands between the day, the month and the year: `4 de enero de 2027`, `4th of January`.
pub(super) const OF: &[&str] = &["of$", "de$", "del$"];

/// The same where words are not parted: what follows a day on which somebody comes back.
pub(super) const WIDE_BACK: &[&str] = &[
    "戻", "返信", "復帰", "出社", "出勤", "通常", "再開", "回来", "回來", "返回", "回到", "恢复",
    "恢復", "上班", "返岗",
];
/// What follows a day up to which somebody is away.
pub(super) const WIDE_UNTIL: &[&str] =
    &["まで", "迄", "以降", "前", "以前", "之前", "为止", "為止", "后", "後"];
/// What stands before it.
pub(super) const WIDE_TO: &[&str] = &["至", "到", "截止", "~", "～", "〜"];

/// Whether a word is among those of a list.
pub(super) fn among(list: &[&str], word: &str) -> bool {
    list.iter().any(|one| match one.strip_suffix('$') {
        Some(whole) => word == whole,
        None => word.starts_with(one),
    })
}
