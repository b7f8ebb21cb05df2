//! What a maintainer does with a program of their own: which of it answers the reporter.

use crate::programs::{Program, program};
use crate::rig::{INBOX, PATIENCE, wait_until};
use crate::world::{KIM, KIM_AT_HOME, LEE, World};
use crate::writing::{Answered, Draft};

const WORDS: &str = "Thank you for the report. I can reproduce it with version 4.18, and see where the \
                     check is skipped. A fix needs some days; I will write again on Friday.";

/// What one reporter sent, and what they got.
struct Report {
    from: String,
    sent: Answered,
    letter: Vec<u8>,
}

fn report(world: &World, name: &str) -> Report {
    let from = format!("{name}@acorn.example");
    let draft = Draft::from(name, &from, &format!("report.{name}@acorn.example"))
        .titled(&format!("Session fixation, {name}"))
        .saying(&format!(
            "In version 3.1 the session id of {name} stays the same after the login, so that \
             somebody who knows it before is logged in afterwards."
        ));
    world.send(&draft, program("mutt"));
    let letter = world.rig.wait_for_mails(&from, 1, 3 * PATIENCE).remove(0);
    Report { from, sent: Answered::read(&draft.written(program("mutt"))), letter }
}

/// A reply of somebody to the report, to its reporter.
fn reply(by: &str, report: &Report, with: &Program) -> Draft {
    let id = format!("reply.{}.{}", report.sent.id.split('@').next().unwrap(), by);
    Draft::from("Kim", by, &id).answering(with, &report.sent).saying(WORDS).to(&[&report.from], &[])
}

fn answered(world: &World, report: &Report) -> bool {
    world.case_of(&report.from)["answered"].is_string()
}

#[test]
fn each_way_in_which_a_maintainer_answers_stops_the_clock() {
    // Where not every mail is ours, these still are.
    let world = World::open(|text| text.replace("kind = \"dedicated\"", "kind = \"mixed\""));
    let (mutt, iphone) = (program("mutt"), program("iPhone"));
    let outlook = program("Outlook on a desk");
    let old = program("Exchange, old");

    let sent = report(&world, "sent");
    world.keep(&reply(KIM, &sent, program("Gmail on the web")).written(outlook));
    let copied = report(&world, "copied");
    let copy = reply(KIM, &copied, outlook);
    world.send(&copy.to(&[&copied.from], &[INBOX]), outlook);
    let phone = report(&world, "phone");
    let on_the_way = reply(KIM_AT_HOME, &phone, iphone).saying("Thanks, I see it. More on Friday.");
    world.send(&on_the_way.to(&[&phone.from], &[INBOX]), iphone);
    let shared = report(&world, "shared");
    world.keep(&reply(INBOX, &shared, mutt).written(mutt));
    let list = report(&world, "shared-copied");
    world.send(&reply(INBOX, &list, mutt).to(&[&list.from], &[INBOX]), mutt);
    let fresh = report(&world, "fresh");
    let unnamed = Draft::from("Kim", KIM, "fresh@project.example").titled("Your findings");
    world.keep(&unnamed.saying(WORDS).to(&[&fresh.from], &[]).written(mutt));
    let hidden = report(&world, "hidden");
    world.send_to(&reply(KIM, &hidden, mutt), mutt, &[&hidden.from, INBOX]);
    let unseen = report(&world, "unseen");
    let unnamed = Draft::from("Kim", KIM_AT_HOME, "unseen@home.example").titled("About it");
    let unnamed = unnamed.saying(WORDS).to(&[&unseen.from], &[]);
    world.send_to(&unnamed, iphone, &[&unseen.from, INBOX]);
    let idless = report(&world, "idless");
    world.send(&reply(KIM, &idless, old).to(&[&idless.from], &[INBOX]), old);
    let deputy = report(&world, "deputy");
    world.send(&reply(LEE, &deputy, iphone).to(&[&deputy.from], &[INBOX, KIM]), iphone);
    let quoting = report(&world, "quoting");
    let letter = Answered::read(&quoting.letter);
    let to_our_letter = reply(KIM, &quoting, outlook).answering(outlook, &letter);
    world.keep(&to_our_letter.written(outlook));

    for report in
        [sent, copied, phone, shared, list, fresh, hidden, unseen, idless, deputy, quoting]
    {
        let seen = wait_until(PATIENCE, || answered(&world, &report));
        assert!(seen, "{} is not answered\n{}", report.from, world.daemon.log());
    }
}

/// Absence notes that no field marks.
const ABSENCES: [(&str, &str); 5] = [
    (
        "Automatische Antwort: Session fixation",
        "Vielen Dank für Ihre Nachricht. Ich bin bis zum 7. September nicht im Büro und habe keinen \
         Zugriff auf meine E-Mails. In dringenden Fällen wenden Sie sich bitte an Lee.",
    ),
    (
        "Réponse automatique : Session fixation",
        "Bonjour, je suis absent du bureau jusqu'au 7 septembre et je n'ai pas accès à mes messages. \
         En cas d'urgence, merci de contacter Lee.",
    ),
    (
        "Respuesta automática: Session fixation",
        "Hola, estaré fuera de la oficina hasta el 7 de septiembre y no tendré acceso al correo. Para \
         asuntos urgentes, por favor contacte con Lee.",
    ),
    (
        "自动回复: Session fixation",
        "您好，我正在休假，9月7日之前无法回复邮件。如有急事，请联系 Lee。",
    ),
    (
        "Автоматический ответ: Session fixation",
        "Здравствуйте! Я в отпуске до 7 сентября и не читаю почту. По срочным вопросам пишите Lee.",
    ),
];

/// A calendar's answer, a receipt, or a mail system's, as programs send them.
fn machine(kind: &str, from: &str, report: &Report, to: &[&str]) -> String {
    let head = format!(
        "From: Kim <{from}>\nTo: {}\nSubject: Accepted: Re: Session fixation\n\
         Message-ID: <machine.{}>\nIn-Reply-To: <{}>\nReferences: <{}>\nMIME-Version: 1.0\n",
        to.join(", "),
        report.sent.id,
        report.sent.id,
        report.sent.id
    );
    let body = match kind {
        "calendar" => {
            "Content-Type: text/calendar; method=REPLY; charset=utf-8\n\nBEGIN:VCALENDAR\n\
             METHOD:REPLY\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260901T120000Z\nEND:VEVENT\nEND:VCALENDAR\n"
        }
        "invitation" => {
            "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
             Kim has accepted this invitation.\n--b\n\
             Content-Type: text/calendar; method=REPLY; charset=utf-8\n\nBEGIN:VCALENDAR\n\
             METHOD:REPLY\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260901T120000Z\nEND:VEVENT\nEND:VCALENDAR\n--b--\n"
        }
        "receipt" => {
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nYour message was read on Tuesday.\n--b\n\
             Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;kim@project.example\n\
             Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n"
        }
        _ => {
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nYour message could not be delivered.\n--b\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns;mx.project.example\n\n\
             Final-Recipient: rfc822;ann@acorn.example\nAction: failed\nStatus: 5.1.1\n--b--\n"
        }
    };
    head + body
}

#[test]
fn no_machine_and_no_talk_among_colleagues_stops_the_clock() {
    let world = World::open(|text| text);
    let mutt = program("mutt");
    let mut waiting = Vec::new();
    let away = "I am out of the office until Monday, September 7, with no access to my mail. In \
                urgent cases please write to lee@project.example.";

    let marked = report(&world, "marked");
    let note = reply(KIM, &marked, mutt).saying(away).field("Auto-Submitted", "auto-replied");
    world.send(&note.clone().to(&[&marked.from], &[INBOX]), mutt);
    world.keep(&Draft { id: "marked.sent@project.example".into(), ..note }.written(mutt));
    waiting.push(marked);
    let plain = report(&world, "plain");
    let note = reply(KIM, &plain, mutt).saying(away).titled("Out of office: Re: Session fixation");
    world.send(&note.clone().to(&[&plain.from], &[INBOX]), mutt);
    world.keep(&Draft { id: "plain.sent@project.example".into(), ..note }.written(mutt));
    waiting.push(plain);
    for (n, (title, note)) in ABSENCES.into_iter().enumerate() {
        let one = report(&world, &format!("absent{n}"));
        let note = reply(KIM, &one, mutt).saying(note).titled(title);
        world.send(&note.clone().to(&[&one.from], &[INBOX]), mutt);
        let kept = Draft { id: format!("absent{n}.sent@project.example"), ..note };
        world.keep(&kept.written(mutt));
        waiting.push(one);
    }
    for kind in ["calendar", "invitation", "receipt", "bounce"] {
        let one = report(&world, &format!("met-a-{kind}"));
        let mail = machine(kind, KIM, &one, &[&one.from, INBOX]);
        world.rig.deliver(Some(KIM), &[&one.from, INBOX], mail.as_bytes());
        world.keep(mail.replace("<machine", "<kept").as_bytes());
        waiting.push(one);
    }
    let own = report(&world, "own");
    world.keep(&own.letter);
    let text = String::from_utf8(own.letter.clone()).unwrap();
    let ours = text.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap();
    let replaced = text.replacen(ours, "Message-ID: <0100018f-1@email.relay.example>", 1);
    world.keep(replaced.as_bytes());
    waiting.push(own);
    let talk = report(&world, "talk");
    world.send(&reply(KIM, &talk, mutt).to(&[LEE], &[INBOX]), mutt);
    world.keep(
        &Draft { id: "talk.sent@project.example".into(), ..reply(KIM, &talk, mutt) }
            .to(&[LEE], &[])
            .written(mutt),
    );
    let passed_on = Draft::from("Kim", KIM, "fwd@project.example").forwarding(mutt, &talk.sent);
    world.keep(&passed_on.saying("Can you look?").to(&[LEE], &[]).written(mutt));
    waiting.push(talk);
    let forged = report(&world, "forged");
    let claims = reply(KIM, &forged, mutt).to(&[&forged.from], &[INBOX]);
    world.send(&claims.clone().envelope("x@forged.example"), mutt);
    let claims = Draft { id: "claims@project.example".into(), ..claims };
    world.send(&claims.envelope("x@unauthenticated.example"), mutt);
    waiting.push(forged);

    // The last mail in Sent is an answer: when it is seen, so was all before it.
    let last = report(&world, "last");
    world.keep(&reply(KIM, &last, mutt).written(mutt));
    assert!(wait_until(PATIENCE, || answered(&world, &last)), "{}", world.daemon.log());
    world.settle("a");
    for one in waiting {
        let case = world.case_of(&one.from);
        let story = world.story(case["case"].as_str().unwrap());
        assert!(case["answered"].is_null(), "{}: {story:#?}", one.from);
    }
}
