//! Reporters with two open cases each go on with both of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::programs::{Ids, PROGRAMS, Program};
use crate::rig::{INBOX, PATIENCE};
use crate::world::{Fate, KIM, World};
use crate::writing::{Answered, Draft, Index};

/// What reports are called: by everybody the same, and each reporter's two alike.
const SUBJECTS: [[&str; 2]; 7] = [
    ["Path traversal in the static handler", "Path traversal in the static handler of 5.x"],
    ["Security vulnerability", "Security vulnerability (2)"],
    ["[security] Session fixation", "[security] Session fixation by cookie"],
    ["Denial of service: query parser", "Denial of service: query parser, arrays"],
    ["静态文件处理程序的路径遍历", "静态文件处理程序的路径遍历（第二个）"],
    ["Обход каталога в обработчике файлов", "Обход каталога в обработчике файлов: ссылки"],
    [
        "Re: Ünïcode – \u{201c}quotes\u{201d} & a subject that is very long so that every program folds it, encodes it or cuts it in the middle of a word",
        "Re: Ünïcode 🙂",
    ],
];

/// A person with a program.
struct Reporter {
    name: String,
    address: String,
    program: &'static Program,
}

/// A report and what followed.
struct Talk<'a> {
    by: &'a Reporter,
    /// Says nothing, and stands nowhere else.
    word: String,
    report: Draft,
    index: Index,
    number: String,
    letter: Answered,
}

impl Talk<'_> {
    fn mail(&self, what: &str) -> Draft {
        let id =
            format!("{what}.{}@{}", self.word, self.by.address.split('@').next_back().unwrap());
        let mut draft = Draft::from(&self.by.name, &self.by.address, &id).saying(&self.says(what));
        draft.index = Some(Index(self.index.0, 1));
        draft
    }

    /// Follow-ups hold anything: thanks, a link, a question, nothing, or as much as a report.
    fn says(&self, what: &str) -> String {
        let word = &self.word;
        match (usize::try_from(self.index.0).unwrap() + what.len()) % 7 {
            0 => "Thanks!".into(),
            1 => format!("https://paste.acorn.example/{word}"),
            2 => "Any news? When will this be fixed?".into(),
            3 => String::new(),
            4 => format!(
                "Following your security policy I add how {word} is attacked: in version 4.18 the \
                 header is parsed twice, so that a request of 2 MB ends the process.\n\
                 curl -H 'X: {word}' http://localhost:3000/ shows it each time."
            ),
            5 => format!("I am on vacation next week, please write to my colleague about {word}."),
            _ => format!("One thing more about {word}: version 4 does it as well."),
        }
    }

    /// The first report, as its author finds it among what was sent.
    fn first(&self) -> Answered {
        Answered {
            id: self.report.id.clone(),
            references: Vec::new(),
            subject: self.report.subject.clone(),
            from: self.by.address.clone(),
            at: INBOX.into(),
            text: self.report.text.clone(),
        }
    }
}

fn reporters() -> Vec<Reporter> {
    let with = |n: usize, program: &'static Program| {
        // One domain of three says nothing about its mail.
        let domain = ["acorn.example", "birch.example", "unauthenticated.example"][n % 3];
        let address = format!("r{n}@{domain}");
        Reporter { name: format!("Rhea{} R.", spelled(n)), address, program }
    };
    PROGRAMS.iter().enumerate().map(|(n, program)| with(n, program)).collect()
}

/// Numbers as letters, so that nothing else holds them by chance.
fn spelled(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    ['q', 'z', 'x', letter(n / 26), 'v', letter(n), 'q', 'j'].iter().collect()
}

fn reports(world: &World, people: &[Reporter]) -> Vec<(usize, Draft, String, Index)> {
    let mut sent = Vec::new();
    for (n, by) in people.iter().enumerate() {
        for (second, subject) in SUBJECTS[n % SUBJECTS.len()].into_iter().enumerate() {
            let word = spelled(100 + 2 * n + second);
            let id = format!("report.{word}@{}", by.address);
            let index = Index(u32::try_from(1000 + 2 * n + second).unwrap(), 0);
            let mut report =
                Draft::from(&by.name, &by.address, &id).titled(subject).saying(&format!(
                    "In version {n}.{second} the check of {word} is skipped if the request has \
                     two slashes, so that an attacker reads files outside of the root.\n\
                     curl http://localhost:3000//..%2f{word} shows it."
                ));
            report.index = Some(index);
            report.file = (n % 5 == 0).then(|| format!("{word}.txt"));
            world.send(&report, by.program);
            sent.push((n, report, word, index));
        }
    }
    sent
}

/// Each report with the letter that answers it.
fn talks<'a>(world: &World, people: &'a [Reporter]) -> Vec<Talk<'a>> {
    let sent = reports(world, people);
    for by in people {
        world.rig.wait_for_mails(&by.address, 2, 3 * PATIENCE);
    }
    let fates = world.fates();
    let talk = |(n, report, word, index): (usize, Draft, String, Index)| {
        let by = &people[n];
        let fate = fates[&report.id].first().unwrap();
        let letters = world.rig.mails(&by.address, "INBOX");
        let tag = format!("[{}]", fate.case);
        let mut letters = letters.iter().map(|mail| Answered::read(mail));
        let letter = letters.find(|letter| letter.subject.contains(&tag)).unwrap();
        assert_eq!(fate.what, "opened", "{word}");
        Talk { by, word, report, index, number: fate.case.clone(), letter }
    };
    sent.into_iter().map(talk).collect()
}

/// Kim answers the report, with a copy to the inbox.
fn answer(world: &World, talk: &Talk<'_>) -> Answered {
    let program = &PROGRAMS[9];
    let id = format!("kim.{}@project.example", talk.word);
    let draft = Draft::from("Kim", KIM, &id)
        .answering(program, &talk.first())
        .saying("Thank you, this is real. A fix needs some days; we will write on Friday.")
        .to(&[&talk.by.address], &[INBOX]);
    world.send(&draft, program);
    Answered::read(&draft.written(program))
}

/// What a mail of a conversation can be, beside a plain answer.
fn special(world: &World, talk: &Talk<'_>, n: usize) -> Option<Draft> {
    let program = talk.by.program;
    let named = program.ids != Ids::None;
    let mail = |what: &str| talk.mail(what);
    let draft = match n % 6 {
        0 if named => mail("renamed").answering(program, &talk.letter).titled("A way around it"),
        0 if program.index => mail("renamed").answering(program, &talk.first()).titled("News"),
        // A relay put another id in the place of ours; the reporter's own stands in References.
        1 if matches!(program.ids, Ids::All | Ids::References) => {
            let id = format!("0100018f4c1e-{}@email.relay.example", talk.word);
            let seen = Answered { id, ..talk.letter.clone() };
            mail("relayed").answering(program, &seen)
        }
        2 => mail("forwarded").forwarding(program, &talk.letter),
        3 => {
            let again = Draft { id: mail("again").id, ..talk.report.clone() };
            Draft { file: None, ..again }
        }
        // The same mail by way of a list that marks the subject, and by an alias.
        4 => {
            let draft = mail("twice").answering(program, &talk.letter);
            let listed = draft.clone().titled(&format!("[sec] {}", draft.subject));
            let listed = listed.field("List-Id", "<sec.lists.example>").field("Precedence", "list");
            world.send(&listed.envelope("sec-bounces@lists.example"), program);
            world.send(&draft.clone().field("X-Original-To", "alias@project.example"), program);
            draft
        }
        _ => return None,
    };
    Some(draft)
}

#[test]
fn whatever_program_a_reporter_writes_with_each_mail_finds_its_case_and_none_a_wrong_one() {
    let world = World::open(|text| text);
    let people = reporters();
    let talks = talks(&world, &people);
    let mut sent: BTreeMap<String, (&Talk<'_>, &str)> = BTreeMap::new();
    for (n, talk) in talks.iter().enumerate() {
        let program = talk.by.program;
        let to_us = talk.mail("letter").answering(program, &talk.letter);
        let older = talk.mail("older").answering(program, &talk.first());
        for (what, draft) in [
            ("letter", Some(to_us)),
            ("older", Some(older)),
            ("special", special(&world, talk, n / 2 + n)),
        ] {
            let Some(draft) = draft else { continue };
            world.send(&draft, program);
            sent.insert(draft.id.clone(), (talk, what));
        }
    }
    world.settle("a");
    let answers: Vec<Answered> = talks.iter().map(|talk| answer(&world, talk)).collect();
    world.settle("b");
    for (talk, answer) in talks.iter().zip(&answers) {
        let draft = talk.mail("person").answering(talk.by.program, answer);
        let draft = draft.to(&[KIM], &[INBOX]);
        world.send(&draft, talk.by.program);
        sent.insert(draft.id.clone(), (talk, "person"));
    }
    world.settle("c");

    let fates = world.fates();
    let (mut right, mut lost) = (0, Vec::new());
    for (id, (talk, what)) in &sent {
        let found = fates.get(id).cloned().unwrap_or_default();
        let wrong: Vec<&Fate> =
            found.iter().filter(|fate| fate.what == "joined" && fate.case != talk.number).collect();
        assert!(wrong.is_empty(), "{} of {} joined {wrong:?}", what, talk.by.program.name);
        if found.iter().any(|fate| fate.what == "joined" && fate.case == talk.number) {
            right += 1;
        } else {
            lost.push(format!("{what} of {}: {found:?}", talk.by.program.name));
        }
    }
    let ties: BTreeMap<String, usize> =
        fates.values().flatten().fold(BTreeMap::new(), |mut ties, fate| {
            *ties.entry(format!("{} {}", fate.what, fate.how)).or_default() += 1;
            ties
        });
    eprintln!("{right} of {} follow-ups joined their case: {ties:?}", sent.len());
    assert!(sent.len() >= 150, "{}", sent.len());
    assert!(right * 100 >= sent.len() * 98, "{} are lost: {lost:#?}", lost.len());
    for (talk, answer) in talks.iter().zip(&answers) {
        let fate = fates[&answer.id].iter().map(|fate| (fate.case.as_str(), fate.what.as_str()));
        assert_eq!(fate.collect::<Vec<_>>(), [(talk.number.as_str(), "answered")]);
    }
    let mut planted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for talk in &talks {
        let name = talk.by.name.split(' ').next().unwrap().to_lowercase();
        for word in [talk.word.clone(), name] {
            planted.entry(word).or_default().insert(talk.by.address.clone());
        }
    }
    world.nothing_leaked(&planted);
}

#[test]
fn an_answer_to_a_letter_that_a_relay_gave_another_id_finds_its_case_by_the_address() {
    let world = World::open(|text| text.replace("kind = \"dedicated\"", "subaddressing = true"));
    let people = reporters();
    let talks = talks(&world, &people);
    for (n, talk) in talks.iter().enumerate() {
        let id = format!("0100018f4c1e-{n}@email.relay.example");
        let seen = Answered { id, references: Vec::new(), ..talk.letter.clone() };
        let draft = talk.mail("relayed").answering(talk.by.program, &seen).titled("Something else");
        world.send(&Draft { index: None, ..draft }.to(&[&talk.letter.at], &[]), talk.by.program);
    }
    world.settle("a");
    let fates = world.fates();
    for talk in &talks {
        let fates: Vec<&Fate> = fates[&talk.mail("relayed").id].iter().collect();
        let told: Vec<_> = fates.iter().map(|f| (f.case.as_str(), f.how.as_str())).collect();
        assert_eq!(told, [(talk.number.as_str(), "our_address")], "{}", talk.by.program.name);
    }
}
