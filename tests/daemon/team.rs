//! People who answer with their own mail programs, on real servers.

use std::time::Duration;

use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

const KIM: &str = "kim@project.example";
const ANN: &str = "ann@acorn.example";

/// The configuration of the rig, with Kim in the lead.
fn staffed(rig: &Rig) -> String {
    let people =
        format!("[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\", \"kim@home.example\"]\n");
    rig.config_text().replace("[[inbox]]", &format!("{people}[team]\nlead = \"kim\"\n[[inbox]]"))
}

fn told(config: &std::path::Path, what: &str) -> bool {
    cases(config).iter().any(|case| case.contains(what))
}

#[test]
fn a_member_is_told_of_a_report_and_answers_it_from_another_address_with_the_inbox_in_cc() {
    let rig = Rig::start();
    let config = rig.write_config(&staffed(&rig));
    let _daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(ANN), &[INBOX], report(ANN, "one").as_bytes());
    let notices = rig.wait_for_mails(KIM, 1, PATIENCE);
    let [notice] = notices.as_slice() else { panic!("{} notices", notices.len()) };
    let text = String::from_utf8_lossy(notice);
    assert_eq!(field(notice, "Auto-Submitted"), "auto-generated");
    assert!(text.contains(ANN) && !text.contains("session id"), "{text}");
    let answer = format!(
        "From: Kim <kim@home.example>\nTo: {ANN}\nCc: {INBOX}\nSubject: Re: Session fixation one\n\
         Message-ID: <answer@home.example>\nIn-Reply-To: <one@{ANN}>\n\n\
         Thank you, this is real. We will fix it by Friday.\n"
    );
    rig.deliver(Some("kim@home.example"), &[ANN, INBOX], answer.as_bytes());
    assert!(
        wait_until(PATIENCE, || told(&config, "\"state\":\"answered\"")),
        "{:?}",
        cases(&config)
    );
}

#[test]
fn a_letter_is_kept_with_the_sent_mail_once_and_is_nobodys_answer() {
    let rig = Rig::start();
    let text = staffed(&rig).replace("poll =", "copies = true\npoll =");
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(ANN), &[INBOX], report(ANN, "one").as_bytes());
    let letter = rig.wait_for_mails(ANN, 1, PATIENCE).remove(0);
    let kept = || {
        rig.mails(INBOX, "Sent").iter().map(|mail| field(mail, "Message-ID")).collect::<Vec<_>>()
    };
    // A provider that keeps letters by itself has some seconds to do so.
    assert!(wait_until(Duration::from_secs(40), || !kept().is_empty()), "{}", daemon.log());
    assert!(daemon.terminate().success());
    let _daemon = Daemon::start(&rig, &config);
    assert!(wait_until(PATIENCE, || told(&config, "\"state\":\"acknowledged\"")));
    assert_eq!(kept(), [field(&letter, "Message-ID")]);
}

/// Kim's own inbox, which the policy names.
fn personal(rig: &Rig) -> std::path::PathBuf {
    let text =
        staffed(rig).replace(INBOX, KIM).replace("kind = \"dedicated\"", "kind = \"personal\"");
    rig.write_config(&text)
}

#[test]
fn in_a_personal_inbox_only_reports_are_answered_and_a_doubtful_mail_is_asked_about() {
    let rig = Rig::start();
    let config = personal(&rig);
    let daemon = Daemon::start(&rig, &config);
    let aunt = "aunt@family.example";
    let dinner = format!(
        "From: <{aunt}>\nTo: {KIM}\nSubject: Sunday PLANTED\nMessage-ID: <s@{aunt}>\n\n\
         Are you coming to dinner on Sunday? Bring the children, they can swim. Love, aunt PLANTED\n"
    );
    rig.deliver(Some(aunt), &[KIM], dinner.as_bytes());
    let sure = format!(
        "From: <{ANN}>\nTo: {KIM}\nSubject: Security vulnerability in Express: path traversal\n\
         Message-ID: <sure@{ANN}>\n\n\
         Following your security policy I report a path traversal vulnerability in Express 4.18.2.\n\
         GET /static/..%5c..%5cetc/passwd returns the file. An attacker reads any file of the server.\n"
    );
    rig.deliver(Some(ANN), &[KIM], sure.as_bytes());
    let bo = "bo@acorn.example";
    let doubtful = format!(
        "From: <{bo}>\nTo: {KIM}\nSubject: possible vulnerability\nMessage-ID: <doubt@{bo}>\n\n\
         Hi, I think I found an injection vulnerability in one of your libraries. Interested?\n"
    );
    rig.deliver(Some(bo), &[KIM], doubtful.as_bytes());
    rig.wait_for_mails(ANN, 1, PATIENCE);
    let question = || {
        rig.mails(KIM, "INBOX")
            .into_iter()
            .find(|mail| field(mail, "Subject").starts_with("Is this a report"))
    };
    assert!(wait_until(PATIENCE, || question().is_some()), "{}", daemon.log());
    assert_eq!(cases(&config).len(), 1, "{:?}", cases(&config));
    let id = field(&question().unwrap(), "Message-ID");
    let yes = format!(
        "From: <{KIM}>\r\nTo: <{KIM}>\r\nSubject: Re: Is this a report?\r\nMessage-ID: <yes@{KIM}>\r\n\
         In-Reply-To: {id}\r\n\r\nYes\r\n"
    );
    let mut kim = rig.imap(KIM);
    kim.write(&format!("k APPEND Sent {{{}+}}\r\n{yes}\r\n", yes.len()));
    rig.wait_for_mails(bo, 1, PATIENCE);
    assert_eq!(cases(&config).len(), 2);
    assert!(rig.mails(aunt, "INBOX").is_empty());
    kim.command("SELECT INBOX");
    // Mails that are delivered at once may lie there in any order.
    let found = kim.command(&format!("UID SEARCH FROM \"{aunt}\""));
    let uid = found.lines().find_map(|line| line.strip_prefix("* SEARCH ")).unwrap().trim();
    let flags = kim.command(&format!("UID FETCH {uid} (FLAGS)"));
    assert!(flags.contains("FETCH"), "the aunt's mail is there: {found} {flags}");
    assert!(!flags.contains("$Watchpost"), "the aunt's mail is left alone: {flags}");
    drop(daemon);
    let found = std::process::Command::new("grep")
        .args(["-r", "-l", "-a", "-e", "PLANTED", "-e", "aunt@"])
        .arg(rig.dir().join("state"))
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn in_a_personal_inbox_a_delivery_report_about_a_letter_of_ours_is_read() {
    let rig = Rig::start();
    let config = personal(&rig);
    let daemon = Daemon::start(&rig, &config);
    let gone = "bounced@acorn.example";
    let sure = format!(
        "From: <{gone}>\nTo: {KIM}\nSubject: Security vulnerability in Express: path traversal\n\
         Message-ID: <sure@{gone}>\n\n\
         Following your security policy I report a path traversal vulnerability in Express 4.18.2.\n\
         GET /static/..%5c..%5cetc/passwd returns the file. An attacker reads any file of the server.\n"
    );
    rig.deliver(Some(gone), &[KIM], sure.as_bytes());
    let returned = || {
        let mails = rig.mails(KIM, "INBOX");
        mails.iter().any(|mail| field(mail, "Return-Path") == "<>")
    };
    assert!(wait_until(PATIENCE, returned), "{}", daemon.log());
    let unreached = || told(&config, "\"state\":\"unreached\"");
    assert!(wait_until(PATIENCE, unreached), "{:?}\n{}", cases(&config), daemon.log());
}

#[test]
fn who_is_away_is_so_after_a_restart_and_who_takes_a_case_is_reminded() {
    const LEE: &str = "lee@project.example";
    const SAM: &str = "sam@project.example";
    let rig = Rig::start();
    let people = format!(
        "[[member]]\nname = \"lee\"\naddresses = [\"{LEE}\"]\n\
         [[member]]\nname = \"sam\"\naddresses = [\"{SAM}\"]\n\
         [team]\nmembers = [\"sam\"]\ndeputies = [\"lee\"]\nlead"
    );
    let promised = "[promises]\nresponse_reminders = [\"15s\", \"25s\"]\n[[inbox]]";
    let text = staffed(&rig).replace("[team]\nlead", &people).replace("[[inbox]]", promised);
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(ANN), &[INBOX], report(ANN, "one").as_bytes());
    let notice = field(&rig.wait_for_mails(KIM, 1, PATIENCE).remove(0), "Message-ID");
    // It is not proven whose it is, but nobody else has that notice.
    let note = format!(
        "From: {KIM}\nTo: {INBOX}\nSubject: Automatic reply\nMessage-ID: <away@kim>\n\
         Auto-Submitted: auto-replied\nIn-Reply-To: {notice}\n\nI am out of the office.\n"
    );
    rig.deliver(Some(KIM), &[INBOX], note.as_bytes());
    let away = || daemon.log().contains("a member is away by their own note");
    assert!(wait_until(PATIENCE, away), "{}", daemon.log());
    assert!(daemon.terminate().success());
    let _daemon = Daemon::start(&rig, &config);
    let reminded = |who: &str| {
        let mails = rig.mails(who, "INBOX");
        mails.iter().filter(|mail| field(mail, "X-Watchpost").starts_with("reminder")).count()
    };
    assert!(wait_until(2 * PATIENCE, || reminded(LEE) == 1), "Lee stands in for Kim");
    let done = ["do", "EXP-2026-0001", "take", "sam", "--config", config.to_str().unwrap()];
    assert!(watchpost(&done).status.success());
    assert!(told(&config, "\"handler\":\"sam\""), "{:?}", cases(&config));
    assert!(wait_until(2 * PATIENCE, || reminded(SAM) == 1), "{:?}", cases(&config));
    assert_eq!((reminded(KIM), reminded(LEE)), (0, 1));
}
