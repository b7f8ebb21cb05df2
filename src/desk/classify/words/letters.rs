//! How letters are built in many languages: where the sender's own words end.

/// Lines that end a letter, without accents; what follows them is a signature.
#[rustfmt::skip]
pub(in super::super) const CLOSINGS: &[&str] = &[
    "regards", "best regards", "kind regards", "warm regards", "best", "best wishes", "cheers",
    "sincerely", "yours sincerely", "yours faithfully", "yours truly", "respectfully", "thanks",
    "many thanks", "thank you", "thanks and regards", "thanks regards", "br", "rgds", "cordially",
    "with best regards", "with kind regards", "grusse", "gruss", "viele grusse", "liebe grusse",
    "beste grusse", "mit freundlichen grussen", "freundliche grusse", "mit besten grussen",
    "schone grusse", "mfg", "lg", "vg", "cordialement", "bien cordialement", "salutations",
    "sinceres salutations", "bien a vous", "saludos", "un saludo", "saludos cordiales",
    "cordialmente", "atentamente", "atenciosamente", "att", "abracos", "abraco", "cumprimentos",
    "com os melhores cumprimentos", "cordiali saluti", "distinti saluti", "saluti", "un saluto",
    "groeten", "groet", "met vriendelijke groet", "met vriendelijke groeten",
    "vriendelijke groet", "mvg", "pozdrawiam", "z powazaniem", "s pozdravem",
    "med vanliga halsningar", "med vanlig halsning", "vanliga halsningar", "mvh",
    "med vennlig hilsen", "vennlig hilsen", "hilsen", "med venlig hilsen", "venlig hilsen",
    "terveisin", "ystavallisin terveisin", "saygilarimla", "saygilar", "iyi calismalar",
    "hormat saya", "salam", "tran trong", "cu stima", "cu respect", "udvozlettel", "tisztelettel",
    "με εκτιμηση", "с уважением", "з повагою", "поздрави", "с уважение", "مع التحية", "تحياتي",
    "בברכה", "با احترام", "सादर", "ขอแสดงความนับถือ", "敬具", "此致", "此致敬礼", "祝好", "감사합니다", "드림",
    "올림",
];

/// Prefixes of subjects of replies, before a colon, in lower case.
#[rustfmt::skip]
pub(in super::super) const REPLIES: &[&str] = &[
    "re", "aw", "antw", "antwort", "sv", "vs", "rv", "res", "resp", "rif", "r", "odp", "ynt",
    "yanit", "bls", "balas", "ref", "vá", "válasz", "απ", "отв", "ответ", "на", "відп", "回复",
    "回覆", "回復", "答复", "答覆", "返信", "답장", "답변", "회신", "رد", "الرد", "השב", "תשובה", "पुनः", "ตอบ",
    "ตอบกลับ", "trả lời", "tl",
];

/// The name of the first field above a quoted mail, as mail readers write it, in lower case.
#[rustfmt::skip]
pub(in super::super) const ORIGINAL_AUTHOR: &[&str] = &[
    "from", "von", "de", "da", "van", "od", "från", "fra", "kimden", "от", "发件人", "寄件者", "差出人",
    "보낸 사람",
];

/// The name of the field that stands below it.
#[rustfmt::skip]
pub(in super::super) const ORIGINAL_DATE: &[&str] = &[
    "sent", "date", "gesendet", "datum", "envoyé", "enviado", "fecha", "data", "inviato",
    "verzonden", "wysłano", "skickat", "sendt", "gönderildi", "tarih", "отправлено", "дата",
    "发送时间", "日期", "寄件日期", "送信日時", "보낸 날짜", "to", "an",
];
