//! How dates are written. Each form can stand behind "on" and behind "by" in the letters of its
//! language. No-break spaces (U+00A0) hold together what a typesetter would not divide.

use crate::desk::time::Calendar;

pub(super) fn spanish(at: Calendar) -> String {
    let weekday = weekday(at, "lunes martes miércoles jueves viernes sábado domingo");
    let month = month(
        at,
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    );
    let clock = if at.hour == 1 { "a la" } else { "a las" };
    format!("{weekday} {} de {month} de {} {clock} {} UTC", at.day, at.year, time(at))
}

pub(super) fn french(at: Calendar) -> String {
    let weekday = weekday(at, "lundi mardi mercredi jeudi vendredi samedi dimanche");
    let month = month(
        at,
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    );
    let first = if at.day == 1 { "er" } else { "" };
    let time = format!("{}\u{a0}h\u{a0}{:02}", at.hour, at.minute);
    format!("{weekday} {}{first} {month} {} à {time} UTC", at.day, at.year)
}

pub(super) fn german(at: Calendar) -> String {
    let weekday = weekday(at, "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag");
    let month = month(
        at,
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    );
    format!("{weekday}, {}.\u{a0}{month} {}, {} Uhr UTC", at.day, at.year, time(at))
}

/// The weekday stands behind: it would change the word before it by its gender.
pub(super) fn portuguese(at: Calendar) -> String {
    let weekday = weekday(
        at,
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    );
    let month = month(
        at,
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    );
    let first = if at.day == 1 { "º" } else { "" };
    let clock = if at.hour == 1 { "à" } else { "às" };
    format!("{}{first} de {month} de {} ({weekday}), {clock} {} UTC", at.day, at.year, time(at))
}

/// The weekday stands behind: it would change by its case.
pub(super) fn russian(at: Calendar) -> String {
    let weekday = weekday(at, "понедельник вторник среда четверг пятница суббота воскресенье");
    let month = month(
        at,
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    );
    format!("{}\u{a0}{month} {}\u{a0}г. ({weekday}), {} UTC", at.day, at.year, time(at))
}

pub(super) fn chinese(at: Calendar) -> String {
    let weekday = weekday(at, "一 二 三 四 五 六 日");
    format!("{}年{}月{}日（星期{weekday}）{} UTC", at.year, at.month, at.day, time(at))
}

pub(super) fn japanese(at: Calendar) -> String {
    let weekday = weekday(at, "月 火 水 木 金 土 日");
    format!("{}年{}月{}日（{weekday}）{} UTC", at.year, at.month, at.day, time(at))
}

fn weekday(at: Calendar, names: &'static str) -> &'static str {
    names.split(' ').nth(usize::from(at.weekday)).unwrap_or_default()
}

fn month(at: Calendar, names: &'static str) -> &'static str {
    names.split(' ').nth(usize::from(at.month).saturating_sub(1)).unwrap_or_default()
}

fn time(at: Calendar) -> String {
    format!("{:02}:{:02}", at.hour, at.minute)
}
