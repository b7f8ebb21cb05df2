//! People who try to get into a conversation of others, or to learn of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::programs::{Program, program};
use crate::rig::PATIENCE;
use crate::world::{KIM, World};
use crate::writing::{Answered, Draft, Index};

/// A victim's case, with a word of its own wherever words can stand.
struct Case {
    from: String,
    number: String,
    report: Answered,
    letter: Answered,
    words: Vec<String>,
}

const ANN: &str = "ann@acorn.example";
const EVE: &str = "eve@evil.example";

fn case(world: &World, from: &str, seed: &str, text: &str, conversation: u32) -> Case {
    let word = |place: &str| format!("zq{seed}{place}xv");
    let id = format!("report.{from}");
    let mut draft = Draft::from(&format!("Name {}", word("name")), from, &id)
        .titled(&format!("Overflow in {}", word("title")))
        .saying(&format!("{text} It is called {}.", word("body")));
    draft.file = Some(format!("{}.txt", word("file")));
    draft.index = Some(Index(conversation, 0));
    let outlook = program("Outlook on a desk");
    world.send(&draft, outlook);
    let letter = world.rig.wait_for_mails(from, 1, 3 * PATIENCE).remove(0);
    let letter = Answered::read(&letter);
    let number = letter.subject.rsplit_once('[').unwrap().1.trim_end_matches(']').to_owned();
    let words = ["name", "title", "body", "file"].map(word).to_vec();
    let report = Answered { text: String::new(), ..Answered::read(&draft.written(outlook)) };
    Case { from: from.into(), number, report, letter, words }
}

const OVERFLOW: &str = "In version 4.2 the parser of nested query strings calls itself once for each bracket, \
    and nothing counts how deep it is. Twenty thousand brackets in one request are enough to end the process of \
    the server, which answers nobody until it is started again. An attacker needs no account for that, since the \
    query is parsed before any handler is asked. I tried it with the plain server of the first page of your guide \
    and with curl, and the stack overflow is seen each time. A limit of some hundred brackets would do.";

fn fresh(from: &str, id: &str) -> Draft {
    Draft::from("Eve", from, id).titled("Re: hello").saying(
        "Please send me the whole history of this case, with all names and all files in it.",
    )
}

/// A mail that only names the ids that it is told to.
const PLAIN: &str = "webmail without ids";

struct Graft {
    what: &'static str,
    draft: Draft,
    program: &'static Program,
    /// It may stand in the case as this.
    may: &'static [&'static str],
}

fn grafts(ann: &Case) -> Vec<Graft> {
    let (mutt, outlook) = (program("mutt"), program("Outlook on a desk"));
    let bare = |seen: &Answered| Answered { subject: "x".into(), ..seen.clone() };
    let tag = format!("Re: your report [{}]", ann.number);
    let (left, host) = ann.letter.id.split_once('@').unwrap();
    let (name, mac) = left.rsplit_once('.').unwrap();
    let guessed = format!("{name}.{}@{host}", mac.chars().rev().collect::<String>());
    let in_name = |id: &str| Draft { from: ("Ann".into(), ANN.into()), ..fresh(ANN, id) };
    let row = |what, draft, program, may| Graft { what, draft, program, may };
    vec![
        row(
            "the id of the report",
            fresh(EVE, "g1@evil.example").answering(mutt, &bare(&ann.report)),
            mutt,
            &[],
        ),
        row("a guessed tag", fresh(EVE, "g2@evil.example").titled(&tag), program(PLAIN), &[]),
        row(
            "the conversation of Outlook",
            fresh(EVE, "g3@evil.example").index(Some(Index(7001, 2))),
            outlook,
            &[],
        ),
        row(
            "a made-up id",
            fresh(EVE, "g4@evil.example")
                .answering(mutt, &Answered { id: guessed, ..bare(&ann.letter) }),
            mutt,
            &[],
        ),
        row(
            "an answer address of another",
            fresh(EVE, "g5@evil.example").titled(&tag).field("Reply-To", ANN).field("Sender", ANN),
            program(PLAIN),
            &[],
        ),
        row("the id of the report in its own", fresh(EVE, &ann.report.id), mutt, &[]),
        row(
            "the reporter's name, disowned",
            in_name("g7@evil.example").answering(mutt, &ann.letter).envelope("x@forged.example"),
            mutt,
            &[],
        ),
        row(
            "the reporter's name and a tag, by nobody",
            in_name("g8@evil.example").titled(&tag).envelope("x@unauthenticated.example"),
            program(PLAIN),
            &[],
        ),
        row(
            "a command in the lead's name, disowned",
            Draft { from: ("Kim".into(), KIM.into()), ..in_name("g9@evil.example") }
                .answering(mutt, &ann.report)
                .saying("close\nresponded\nyes")
                .envelope("x@forged.example"),
            mutt,
            &["discussed"],
        ),
        row(
            "a command in the lead's name, by nobody",
            Draft { from: ("Kim".into(), KIM.into()), ..in_name("g10@evil.example") }
                .titled(&format!("{} close", ann.number))
                .answering(mutt, &ann.report)
                .saying("close\nresponded\nyes")
                .envelope("x@unauthenticated.example"),
            mutt,
            &["discussed"],
        ),
        row(
            "a letter that was passed on",
            fresh(EVE, "g11@evil.example").answering(mutt, &bare(&ann.letter)),
            mutt,
            &["joined"],
        ),
    ]
}

#[test]
fn who_has_no_part_in_a_conversation_gets_into_none_and_learns_of_none() {
    let world = World::open(|text| text);
    let mutt = program("mutt");
    let ann = case(&world, ANN, "ann", OVERFLOW, 7001);
    let bo = case(
        &world,
        "bo@birch.example",
        "bo",
        "In version 3.9 the session id stays the same after the login of a user, so that somebody \
         who knows it before is logged in afterwards.",
        7002,
    );
    // The same problem, found by another: told to the team, and to neither of the two.
    let cy = case(&world, "cy@cedar.example", "cy", OVERFLOW, 7003);
    let similar = world.story(&cy.number);
    assert!(similar.iter().any(|fact| fact["what"] == "similar"), "{similar:#?}");

    let grafts = grafts(&ann);
    for graft in &grafts {
        world.send(&graft.draft, graft.program);
    }
    // In the reporter's name by nobody, with the id of the report, it joins; its copies widen nothing.
    let widens = Draft::from("Ann", ANN, "g12@evil.example").answering(mutt, &ann.report);
    let widens =
        widens.saying("Please keep Mallory in the loop.").envelope("x@unauthenticated.example");
    let mut widens = widens;
    widens.cc.push("mallory@evil.example".into());
    world.send(&widens, mutt);
    // A true one does; and who came in so brings nobody else.
    let mut invites = Draft::from("Ann", ANN, "invite@acorn.example").answering(mutt, &ann.letter);
    invites.text = "Dee works on this with me.".into();
    invites.cc.push("dee@acorn.example".into());
    world.send(&invites, mutt);
    world.settle("a");
    let before = world.fates();
    for graft in &grafts {
        let fates = &before[&graft.draft.id];
        let own = graft.draft.id == ann.report.id;
        for fate in
            fates.iter().filter(|fate| [&ann, &bo, &cy].iter().any(|c| c.number == fate.case))
        {
            let known = own && fate.what == "opened";
            let allowed = known || graft.may.contains(&fate.what.as_str());
            assert!(allowed && fate.case == ann.number, "{}: {fates:?}", graft.what);
            assert!(fate.what != "joined" || fate.how == "guest", "{}: {fates:?}", graft.what);
        }
        assert!(!own || fates.len() == 2, "{}: {fates:?}", graft.what);
    }
    for (from, id, joins) in [
        ("mallory@evil.example", "m1@evil.example", false),
        ("dee@acorn.example", "d1@acorn.example", true),
    ] {
        let mut draft = fresh(from, id).answering(mutt, &ann.report);
        draft.cc.push("fay@acorn.example".into());
        world.send(&draft, mutt);
        world.settle(id.split('@').next().unwrap());
        let joined = world.fates()[id].iter().any(|fate| fate.case == ann.number);
        assert_eq!(joined, joins, "{from}: {:?}", world.fates()[id]);
    }
    world.send(&fresh("fay@acorn.example", "f1@acorn.example").answering(mutt, &ann.report), mutt);
    world.settle("f");
    let fay = world.fates()["f1@acorn.example"].clone();
    assert!(fay.iter().all(|fate| fate.case != ann.number), "{fay:?}");

    for victim in [&ann, &bo, &cy] {
        let row = world.case_of(&victim.from);
        assert_eq!(
            (&row["case"], &row["state"]),
            (&victim.number.clone().into(), &"acknowledged".into())
        );
    }
    let mut planted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for victim in [&ann, &bo, &cy] {
        for word in &victim.words {
            planted.entry(word.clone()).or_default().insert(victim.from.clone());
        }
    }
    // What people of the conversation sent to each other themselves.
    for word in &ann.words {
        planted.entry(word.clone()).or_default().extend(
            ["dee@acorn.example", "mallory@evil.example", "fay@acorn.example"].map(str::to_owned),
        );
    }
    world.nothing_leaked(&planted);
}
