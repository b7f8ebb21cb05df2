//! Out-of-office mail of members, as programs send it.

use std::fs;
use std::path::Path;

use crate::archive::{CONFIG, Desk};

const LANGUAGES: [&str; 9] = ["de", "en", "es", "fr", "it", "ja", "pt", "ru", "zh"];

#[test]
fn each_member_is_away_until_the_day_that_their_note_names_in_their_language() {
    let member = |name: &&str| {
        format!(
            "[[member]]\nname = \"{name}\"\naddresses = [\"{name}@project.example\"]\n\
             zone = \"Europe/Berlin\"\n"
        )
    };
    let members: String = LANGUAGES.iter().map(member).collect();
    let names = format!("members = {LANGUAGES:?}\nlead =");
    let config = CONFIG.replace("[team]", &format!("{members}[team]")).replace("lead =", &names);
    let desk = Desk::of(&config);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/absences-of-members");
    for name in LANGUAGES {
        let mail = fs::read(folder.join(format!("{name}.eml"))).unwrap();
        desk.write(&format!("mail/{name}.eml"), mail);
    }
    let (rows, _) = desk.all_told(&["--mail", "mail"]);
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let (action, why) = (row["action"].as_str().unwrap(), row["why"].as_str().unwrap());
            format!("{action}: {why}")
        })
        .collect();
    let away = |name: &&str| {
        // The Italian note names no day.
        let until = if *name == "it" { "2026-09-25 08:51" } else { "2026-10-04 22:00" };
        format!("away: {name} is away until {until} UTC")
    };
    assert_eq!(told, LANGUAGES.iter().map(away).collect::<Vec<_>>());
}
