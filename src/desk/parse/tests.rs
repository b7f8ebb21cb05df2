use super::*;
use crate::desk::message::Encryption;

fn read(mail: &str) -> Message {
    parse(mail.replace('\n', "\r\n").as_bytes(), true)
}

#[test]
fn a_mail_without_any_header_is_text() {
    let message = parse(b"the parser crashes on NUL", true);
    assert_eq!(message.text, "the parser crashes on NUL");
    assert!(message.defects.contains(&Defect::NoHeader));
    assert_eq!(parse(b"", true).text, "");
}

#[test]
fn every_id_counts_and_the_first_and_last_of_many() {
    let many: Vec<String> = (0..90).map(|n| format!("<{n}@a.example>")).collect();
    let many = many.join("\n ");
    let message = read(&format!(
        "Message-ID: <1@x.example> <2@x.example>\nMessage-ID: 3@x.example\nReferences: {many}\n\nx"
    ));
    assert_eq!(message.ids.len(), 3);
    assert!(message.defects.contains(&Defect::SeveralMessageIds));
    assert_eq!(message.references.len(), limits::IDS);
    assert_eq!(message.references.first(), MessageId::parse("0@a.example").as_ref());
    assert_eq!(message.references.get(10), MessageId::parse("50@a.example").as_ref());
    assert_eq!(message.references.last(), MessageId::parse("89@a.example").as_ref());
}

#[test]
fn two_authors_are_no_author() {
    for header in [
        "From: a@x.example\nFrom: b@y.example\n",
        "From: a@x.example, b@y.example\n",
        "From: a@x.example\nFrom: garbage\n",
        // An address that no letter can go to is somebody's too: perhaps the one that our server checked.
        "From: \"a\"@x.example, b@y.example\n",
        "From: a@[192.0.2.1], b@y.example\n",
        "From: b@y.example, a@x.example.\n",
        "From: a@localhost, B <b@y.example>\n",
    ] {
        let message = read(&format!("{header}\nx"));
        assert!(message.defects.contains(&Defect::SeveralFrom), "{header}");
        assert_eq!(message.author(), None);
    }
    for header in ["From: Oak, Ann <a@x.example>\n", "From: \"b@y.example\" <a@x.example>\n"] {
        let message = read(&format!("{header}\nx"));
        assert_eq!(message.author().unwrap().address.to_string(), "a@x.example", "{header}");
    }
}

#[test]
fn only_the_topmost_return_path_and_received_field_are_ours() {
    let message = read(
        "Return-Path: <a@x.example>\nReceived: by mx; Tue, 01 Sep 2026 18:11:00 +0100\n\
         Return-Path: <>\nReceived: by other; Tue, 01 Sep 2020 18:11:00 +0100\n\nx",
    );
    assert_eq!(message.return_path, Address::parse("a@x.example").map(ReturnPath::Address));
    assert_eq!(message.received.map(Moment::rfc3339).as_deref(), Some("2026-09-01T17:11:00Z"));
}

#[test]
fn the_plain_form_is_read_unless_it_only_points_to_the_other() {
    let mail = |plain: &str| {
        format!(
            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n{plain}\n--b\n\
             Content-Type: text/html\n\n<p>The redirect goes to any host that is given in the query.\n--b--\n"
        )
    };
    assert_eq!(
        read(&mail("The redirect goes to any host (query).")).text.trim(),
        "The redirect goes to any host (query)."
    );
    assert!(read(&mail("Use an HTML reader.")).text.starts_with("The redirect"));
    assert!(read(&mail("")).attachments.is_empty());
}

#[test]
fn a_named_text_is_an_attachment_unless_it_is_the_first() {
    let message = read(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; name=body.txt\n\nhello\n\
         --b\nContent-Type: text/x-patch; name=\"a/../fix.patch\"\nContent-Disposition: inline\n\n- a\n--b\n\nbye\n--b--\n",
    );
    assert_eq!(message.text, "hello\nbye");
    let names: Vec<&str> = message.attachments.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["fix.patch"]);
}

#[test]
fn a_beginning_and_an_end_with_a_hole_between_give_the_text_behind_the_hole() {
    let message = parse(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\n\
          Content-Transfer-Encoding: base64\r\n\r\nAAAAAAAA\r\nAAAA\r\n--b\r\n\r\nthe text\r\n--b--\r\n",
        false,
    );
    assert_eq!(message.text, "the text");
    assert_eq!(message.attachments.first().map(|a| a.size), Some(9));
    assert_eq!(message.defects, [Defect::NoFrom, Defect::NoMessageId, Defect::Partial]);
}

#[test]
fn more_is_wanted_only_where_the_text_was_not_found_or_hardly_begun() {
    let long = "The parser reads past its buffer when a header is folded. ".repeat(20);
    let head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
    let zip = "Content-Type: application/zip\r\n\r\nAAAA";
    for (prefix, more) in [
        (format!("{head}{zip}"), true),
        (format!("{head}\r\n{long}\r\n--b\r\n{zip}"), false),
        (format!("{head}\r\nSee the file.\r\n--b\r\n{zip}"), false),
        (format!("{head}\r\nSee the fi"), true),
        (format!("Subject: x\r\n\r\n{long}"), false),
        ("Subject: x\r\n".to_owned(), true),
    ] {
        assert_eq!(needs_more(prefix.as_bytes()), more, "{prefix:.80}");
    }
}

#[test]
fn signed_is_not_encrypted() {
    let armour = "-----BEGIN PGP MESSAGE-----\n\nhF4D\n-----END PGP MESSAGE-----\n";
    for (header, body, expected) in [
        (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
            "AAAA",
            Some(Encryption::Smime),
        ),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data", "AAAA", None),
        ("Content-Type: application/x-pkcs7-mime; name=smime.p7m", "AAAA", Some(Encryption::Smime)),
        ("Content-Type: text/plain", armour, Some(Encryption::PgpInline)),
        (
            "Content-Type: text/html",
            "<pre>-----BEGIN PGP MESSAGE-----",
            Some(Encryption::PgpInline),
        ),
        ("Content-Type: text/plain", "-----BEGIN PGP SIGNED MESSAGE-----", None),
        (
            "Content-Type: multipart/mixed; boundary=b",
            "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\nx\n--b--",
            Some(Encryption::PgpMime),
        ),
    ] {
        assert_eq!(read(&format!("{header}\n\n{body}")).encrypted, expected, "{header}");
    }
}

#[test]
fn a_bounce_without_any_form_tells_whom_it_is_about() {
    let message = read(
        "Return-Path: <>\nFrom: Mail Delivery <MAILER-DAEMON@gone.example>\nTo: security@project.example\nSubject: failed\n\n\
         Sorry, I could not deliver your mail to ewa@gone.example.\n\n> Message-ID: <ack1@project.example>\n",
    );
    let report = message.report.unwrap();
    assert_eq!(report.kind, "free-form");
    assert_eq!(report.recipients, [Address::parse("ewa@gone.example").unwrap()]);
    assert_eq!(report.about, [MessageId::parse("ack1@project.example").unwrap()]);
}

#[test]
fn a_warning_without_any_form_says_that_the_mail_is_late() {
    let of_exim = "A message that you sent has not yet been delivered to one or more of its\n\
                   recipients after more than 24 hours on the queue on gone.example.\n\n\
                   No action is required on your part. Delivery attempts will continue for\n\
                   some time, and this warning may be repeated at intervals.";
    let of_sendmail = "**      THIS IS A WARNING MESSAGE ONLY      **\n\
                       **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n\
                       Message could not be delivered for 4 hours";
    let given_up = "A message that you sent could not be delivered to one or more of its recipients.\n\
                    This is a permanent error. Delivery attempts have ended.";
    for (text, actions) in
        [(of_exim, vec!["delayed"]), (of_sendmail, vec!["delayed"]), (given_up, vec![])]
    {
        let message = read(&format!(
            "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@gone.example>\n\
             To: security@project.example\nSubject: Warning: message delayed\n\n{text}\n"
        ));
        assert_eq!(message.report.unwrap().actions, actions, "{text}");
    }
}

#[test]
fn a_person_who_attaches_a_delivery_report_is_a_person() {
    let message = read(
        "From: ann@acorn.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nYour bounces leak the queue id.\n\
         --b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n",
    );
    assert_eq!(message.report, None);
}

#[test]
fn a_thread_index_is_read_with_its_folds_and_no_more_than_tells_it() {
    let folded = "AdoBAgMEBQYHCAkKCwwNDg8QERITFA\n AAAAAAAAAAAA";
    let message = read(&format!("Thread-Index: {folded}\n\nx"));
    assert_eq!(message.thread_index.len(), limits::THREAD_INDEX);
    assert!(message.thread_index.starts_with(&[1, 218, 1, 2, 3]), "{:?}", message.thread_index);
    for broken in ["", "=", "????", "ü", "A"] {
        let message = read(&format!("Thread-Index: {broken}\n\nx"));
        assert!(message.thread_index.len() < 22, "{broken}: {:?}", message.thread_index);
    }
}

#[test]
fn a_mail_that_names_itself_answers_none() {
    for itself in [
        "References: <7.12.34@mail.example>\n",
        "References: <7.12.34.ref@mail.example>\n",
        "In-Reply-To: <7.12.34@mail.example>\n",
        "X-Pm-Internal-Id: a_b==\nReferences: <a_b==@protonmail.internalid>\n",
    ] {
        let mail = format!("Message-ID: <7.12.34@mail.example>\n{itself}\nx");
        let message = parse(mail.as_bytes(), true);
        assert!(message.references.is_empty() && message.in_reply_to.is_empty(), "{itself}");
    }
    let message = parse(
        b"Message-ID: <8@mail.example>\nX-Pm-Internal-Id: c==\n\
          References: <7.ref@mail.example> <7@mail.example> <a==@protonmail.internalid>\n\nx",
        true,
    );
    assert_eq!(message.references.len(), 3);
}

#[test]
fn a_multipart_without_any_part_is_text() {
    for boundary in ["; boundary=abc", ""] {
        let mail = format!("Content-Type: multipart/mixed{boundary}\n\nThe parser hangs.\n");
        let message = read(&mail);
        assert_eq!(message.text.trim(), "The parser hangs.");
        assert!(message.attachments.is_empty() && message.defects.contains(&Defect::BrokenMime));
    }
}
