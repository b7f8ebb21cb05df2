//! The habits of mail programs, as a table.

/// Which ids of the conversation an answer names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// In-Reply-To, and References whole.
    All,
    /// In-Reply-To only.
    Answered,
    /// In-Reply-To, and of References the last one.
    Last,
    /// References whole, no In-Reply-To.
    References,
    /// None at all.
    None,
}

/// What the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Plain,
    Flowed,
    /// Plain text and HTML.
    Alternative,
    Html,
}

/// How the mail that is answered is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    /// `>` under a line that names its author.
    Marked(&'static str),
    /// A block of its header fields, then its text as it is.
    Block(&'static str, [&'static str; 4]),
    Nothing,
}

/// How one program writes.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// The field in which it names itself.
    pub(crate) agent: (&'static str, &'static str),
    pub(crate) answer: &'static str,
    pub(crate) forward: &'static str,
    pub(crate) ids: Ids,
    /// It writes Thread-Index and Thread-Topic.
    pub(crate) index: bool,
    pub(crate) body: Body,
    pub(crate) quote: Quote,
    pub(crate) signature: &'static str,
}

const ENGLISH: [&str; 4] = ["From", "Sent", "To", "Subject"];
const OUTLOOK: Quote = Quote::Block("", ENGLISH);
const ORIGINAL: Quote = Quote::Block("-----Original Message-----", ENGLISH);
const WROTE: Quote = Quote::Marked("On Tue, Sep 1, 2026 at 6:11 PM @ wrote:");
const MAILER: &str = "X-Mailer";
const AGENT: &str = "User-Agent";

#[expect(clippy::too_many_arguments, reason = "a row of the table below")]
const fn row(
    name: &'static str,
    agent: (&'static str, &'static str),
    (answer, forward): (&'static str, &'static str),
    ids: Ids,
    index: bool,
    body: Body,
    quote: Quote,
    signature: &'static str,
) -> Program {
    Program { name, agent, answer, forward, ids, index, body, quote, signature }
}

const RE: (&str, &str) = ("Re: ", "Fwd: ");
const LOUD: (&str, &str) = ("RE: ", "FW: ");

#[rustfmt::skip]
pub(crate) const PROGRAMS: &[Program] = &[
    row("Gmail on the web",    (MAILER, ""), RE, Ids::All, false, Body::Alternative, WROTE, ""),
    row("Gmail, loud",         (MAILER, ""), RE, Ids::All, false, Body::Html, WROTE, ""),
    row("Outlook on a desk",   (MAILER, "Microsoft Outlook 16.0"), LOUD, Ids::All, true, Body::Alternative, OUTLOOK, "Kind regards"),
    row("Outlook, no references", (MAILER, "Microsoft Outlook 16.0"), LOUD, Ids::Answered, true, Body::Html, OUTLOOK, ""),
    row("Exchange, old",       ("X-MimeOLE", "Produced By Microsoft Exchange V6.5"), LOUD, Ids::None, true, Body::Plain, ORIGINAL, ""),
    row("Exchange, German",    ("X-MimeOLE", "Produced By Microsoft Exchange V6.5"), ("AW: ", "WG: "), Ids::None, true, Body::Html, Quote::Block("", ["Von", "Gesendet", "An", "Betreff"]), "Mit freundlichen Grüßen"),
    row("Apple Mail",          (MAILER, "Apple Mail (2.3774.400.31)"), RE, Ids::All, false, Body::Plain, Quote::Marked("> On 1. Sep 2026, at 18:11, @ wrote:"), ""),
    row("iPhone",              (MAILER, "iPhone Mail (21G93)"), RE, Ids::All, false, Body::Alternative, Quote::Marked("On 1 Sep 2026, at 18:11, @ wrote:"), "Sent from my iPhone"),
    row("Thunderbird",         (AGENT, "Mozilla Thunderbird"), RE, Ids::All, false, Body::Flowed, Quote::Marked("On 9/1/26 18:11, @ wrote:"), "-- \nA signature"),
    row("mutt",                (AGENT, "Mutt/2.2.12"), RE, Ids::All, false, Body::Plain, Quote::Marked("On Tue, Sep 01, 2026 at 06:11:00PM +0200, @ wrote:"), ""),
    row("K-9",                 (AGENT, "K-9 Mail for Android"), RE, Ids::All, false, Body::Plain, Quote::Marked("On 1 September 2026 18:11:00 CEST, @ wrote:"), "Sent from my Android device with K-9 Mail. Please excuse my brevity."),
    row("Samsung",             (MAILER, ""), RE, Ids::All, false, Body::Html, Quote::Block("-------- Original message --------", ["From", "Date", "To", "Subject"]), "Sent from my Galaxy"),
    row("Yahoo",               (MAILER, "WebService/1.1.22501 YMailNorrin"), RE, Ids::All, false, Body::Alternative, Quote::Marked("On Tuesday, September 1, 2026 at 06:11:00 PM GMT+2, @ wrote:"), "Sent from Yahoo Mail on Android"),
    row("Proton",              ("X-Pm-Message-ID", "d41d8cd98f00b204"), RE, Ids::All, false, Body::Plain, Quote::Marked("On Tuesday, September 1st, 2026 at 18:11, @ wrote:"), "Sent with Proton Mail secure email."),
    row("Fastmail",            (AGENT, "Cyrus-JMAP/3.11.0"), RE, Ids::All, false, Body::Plain, Quote::Marked("On Tue, 1 Sep 2026, at 18:11, @ wrote:"), ""),
    row("Outlook, German",     (MAILER, "Microsoft Outlook 16.0"), ("AW: ", "WG: "), Ids::All, true, Body::Alternative, Quote::Block("", ["Von", "Gesendet", "An", "Betreff"]), "Mit freundlichen Grüßen"),
    row("Outlook, Swedish",    (MAILER, "Microsoft Outlook 16.0"), ("SV: ", "VB: "), Ids::Answered, true, Body::Html, Quote::Block("", ["Från", "Skickat", "Till", "Ämne"]), "Vänliga hälsningar"),
    row("QQ, Chinese",         (MAILER, "QQMail 2.x"), ("回复：", "转发："), Ids::References, false, Body::Html, Quote::Block("------------------ 原始邮件 ------------------", ["发件人", "发送时间", "收件人", "主题"]), ""),
    row("NetEase, no ids",     (MAILER, "Coremail Webmail Server"), ("回复:", "转发:"), Ids::None, false, Body::Alternative, Quote::Nothing, ""),
    row("Becky, Japanese",     (MAILER, "Becky! ver. 2.81"), LOUD, Ids::All, false, Body::Plain, Quote::Marked("@ さんは書きました:"), ""),
    row("Onet, Polish",        (MAILER, "onet.poczta"), ("Odp: ", "PD: "), Ids::Answered, false, Body::Html, Quote::Nothing, ""),
    row("The Bat!",            (MAILER, "The Bat! Version 10.5"), ("Re[2]: ", "Fwd: "), Ids::Last, false, Body::Plain, Quote::Marked("@ wrote:"), ""),
    row("Mail.ru, Russian",    (MAILER, "Mail.Ru Mailer 1.0"), ("Отв: ", "Пересл: "), Ids::All, false, Body::Alternative, Quote::Marked("Вторник, 1 сентября 2026, 18:11 +03:00 от @:"), ""),
    row("webmail without ids", (MAILER, "Some Webmail 1.0"), RE, Ids::None, false, Body::Plain, Quote::Nothing, ""),
    row("a short memory",      (MAILER, "Short 2.0"), RE, Ids::Last, false, Body::Plain, Quote::Nothing, ""),
    row("a ticket system",     (MAILER, "Tickets 5"), RE, Ids::References, false, Body::Plain, Quote::Nothing, ""),
];

/// The program of this name.
pub(crate) fn program(name: &str) -> &'static Program {
    PROGRAMS.iter().find(|program| program.name == name).unwrap()
}
