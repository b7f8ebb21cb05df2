//! The bytes of every mail, made anew each time that somebody reads it.

use watchpost::desk::message::MessageId;
use watchpost::desk::time::Moment;

use crate::corpus;
use crate::plan::{Care, Fate, Plan, Twist};

/// A mail that was planned. Each is about the n-th report, or is that report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// As it is in the corpus.
    Itself,
    /// A person's answer to its reporter, as it lies among the sent mail.
    Answer,
    /// The same as it comes in the inbox, from another address of a member.
    Copy,
    /// What the reporter was asked for.
    More,
    /// Thanks, after the end.
    Thanks,
    /// Mail of the account that is none of ours.
    Private,
}

pub(super) const US: &str = "security@project.example";

/// A prefix of each mail is read.
const PREFIX: usize = 128 << 10;

/// The first piece of a mail, and how long all of it is.
pub(super) fn bytes(plan: Plan, what: What, n: u32) -> (Vec<u8>, u64) {
    let life = plan.life(n);
    let place = usize::try_from(n).unwrap();
    // Of a large mail no more is made than is read.
    let large = n % 20 == 13 || n % 400 == 200;
    let mail = if large { corpus::attachment(place, 2 * PREFIX) } else { corpus::mail(place) };
    let date = |at: i64| Moment::from_unix(at).rfc5322();
    let report = format!("<{}>", id(n));
    let answers = |at: i64, from: &str, to: &str, own: &str, more: &str, text: &str| {
        format!(
            "{more}From: {from}\nTo: {to}\nSubject: Re: your report\nDate: {}\nMessage-ID: <{own}>\n\
             In-Reply-To: {report}\nReferences: {report}\nMIME-Version: 1.0\n\n{text}\n",
            date(at)
        )
    };
    let proven = |domain: &str| {
        format!("Authentication-Results: mx.project.example; dkim=pass header.d={domain}\n")
    };
    let theirs = proven(mail.from.rsplit('@').next().unwrap());
    let text = match what {
        What::Itself => return itself(plan, n, mail.text),
        What::Answer => {
            answers(answered(plan, n), US, &mail.from, &format!("a{n}@project.example"), "", ANSWER)
        }
        What::Copy => {
            let more = proven("project.example") + &format!("Cc: {US}\n");
            let own = format!("a{n}@project.example");
            answers(answered(plan, n), "kim@project.example", &mail.from, &own, &more, ANSWER)
        }
        What::More | What::Thanks => {
            let (own, at) = match (what, life.care, life.thanks) {
                (What::More, Care::Asked { wrote, .. }, _) => (format!("more{n}"), wrote),
                (_, _, Some((at, _))) => (format!("thanks{n}"), at),
                other => panic!("nobody planned {other:?}"),
            };
            let own = format!("{own}@{}", mail.from.rsplit('@').next().unwrap());
            answers(at, &mail.from, US, &own, &theirs, "Here is what you asked for, and thank you.")
        }
        What::Private => format!(
            "From: {US}\nTo: cook@kitchen.example\nSubject: Lunch {n}\nDate: {}\n\
             Message-ID: <lunch{n}@project.example>\n\nThe usual, please.\n",
            date(life.arrived)
        ),
    };
    let size = text.len() as u64;
    (text.into_bytes(), size)
}

const ANSWER: &str = "Hello,\n\nwe could reproduce what you describe with the current release and \
    with the one before it. A mend is being written, and it will be in the next patch release. We \
    will tell you the day as soon as it is known, and would like to name you in the announcement.\n\n\
    Regards,\nKim";

/// When a person answers.
pub(super) fn answered(plan: Plan, n: u32) -> i64 {
    match plan.life(n).care {
        Care::Answered(at) | Care::Asked { answered: at, .. } => at,
        Care::Nothing => panic!("nobody answers {n}"),
    }
}

fn itself(plan: Plan, n: u32, text: Vec<u8>) -> (Vec<u8>, u64) {
    let life = plan.life(n);
    let size = text.len() as u64;
    let mut text = text;
    text.truncate(PREFIX);
    let text = String::from_utf8(text).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let (head, body) = rest.split_once("\n\n").unwrap();
    let head: Vec<String> = head
        .lines()
        .map(|line| match line.split_once(": ") {
            Some(("Date", _)) => format!("Date: {}", Moment::from_unix(life.arrived).rfc5322()),
            _ => line.to_owned(),
        })
        .collect();
    let head = head.join("\n");
    let first = match life.fate {
        Fate::Opens(Twist::Unproven) => "X-Seen: by nobody".to_owned(),
        Fate::Opens(Twist::Disowned) => first.replace("dkim=pass", "dmarc=fail; dkim=fail"),
        Fate::Opens(Twist::List) => format!("{first}\nList-Id: <talk.acorn.example>"),
        _ => first.to_owned(),
    };
    let body = match life.fate {
        Fate::Opens(Twist::Junk) => JUNK,
        _ => body,
    };
    (format!("{first}\n{head}\n\n{body}").into_bytes(), size)
}

const JUNK: &str = "Dear Sir,\n\nwe offer SEO and backlinks, guest posts and web design at the best \
    price, only 99 USD a month. Buy now and get a discount of 50 % on your first order. Our sales team \
    is happy to send you a quote and the price list.\n";

/// The Message-ID of the n-th mail.
pub(super) fn id(n: u32) -> String {
    let owed = if matches!(n % 20, 14..=19) { "" } else { corpus::OWED };
    format!("{owed}{n}@{}", host(n))
}

/// The domain of its author, and its author.
pub(super) fn host(n: u32) -> String {
    format!("host{}.example", author(n) % 500)
}

pub(super) fn reporter(n: u32) -> String {
    format!("r{n}@{}", host(n))
}

/// The number of the report whose author wrote the n-th mail.
fn author(n: u32) -> u32 {
    if matches!(n % 20, 14..=17) { n - 10 } else { n }
}

/// A report of the n-th mail's author comes back: the letter did not reach them.
pub(super) fn bounce(to: &str, letter: &MessageId, at: i64) -> Vec<u8> {
    format!(
        "Return-Path: <>\nAuthentication-Results: mx.project.example; dkim=none\n\
         From: mailer-daemon@{domain}\nTo: {US}\nSubject: Undelivered Mail Returned to Sender\n\
         Date: {date}\nMessage-ID: <dsn{at}.{local}@{domain}>\nAuto-Submitted: auto-replied\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nYour mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.{domain}\n\nFinal-Recipient: rfc822; {to}\nAction: failed\n\
         Status: 5.1.1\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {letter}\n\
         From: {US}\nTo: {to}\n\n--b--\n",
        local = to.split('@').next().unwrap(),
        domain = to.rsplit('@').next().unwrap(),
        date = Moment::from_unix(at).rfc5322(),
    )
    .into_bytes()
}

/// A machine answers our letter.
pub(super) fn away(from: &str, letter: &MessageId, at: i64) -> Vec<u8> {
    let domain = from.rsplit('@').next().unwrap();
    format!(
        "Authentication-Results: mx.project.example; dkim=pass header.d={domain}\nFrom: {from}\n\
         To: {US}\nSubject: Automatic reply: your report\nDate: {}\n\
         Message-ID: <away{at}.{}>\nIn-Reply-To: {letter}\nAuto-Submitted: auto-replied\n\n\
         I am away until Monday.\n",
        Moment::from_unix(at).rfc5322(),
        from,
    )
    .into_bytes()
}
