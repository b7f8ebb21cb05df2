//! The response guard, byte by byte.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use watchpost::io::imap::guard::{Filter, Guard, Limits, Refusal};

fn filtered(pieces: &[&[u8]]) -> (Vec<u8>, Option<Refusal>) {
    let mut filter = Filter::new(Limits { literals: 1000, line: 2000 });
    let mut out = Vec::new();
    for piece in pieces {
        filter.feed(piece, &mut out);
    }
    (out, filter.refused())
}

fn passes(input: &str) -> String {
    let (out, refused) = filtered(&[input.as_bytes()]);
    assert_eq!(refused, None, "{input:?}");
    String::from_utf8(out).unwrap()
}

#[test]
fn what_we_have_a_use_for_passes_unchanged() {
    let all = "* OK [UIDVALIDITY 1] hi\r\n* CAPABILITY IMAP4rev1\r\n* search 1 2\r\n* 3 EXISTS\r\n\
        * 3 EXPUNGE\r\n* BYE\r\n* 1 FETCH (BODY[]<0> {5}\r\na\r\nb\n UID 4)\r\n+ idling\r\n+\r\n\
        W1 NO [ALERT] no\r\n* PREAUTH x\r\n* NO x\r\n* BAD x\r\n";
    assert_eq!(passes(all), all);
}

#[test]
fn what_we_have_no_use_for_is_dropped_with_its_literals() {
    for noise in [
        "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n",
        "* ESEARCH (TAG \"A1\") UID ALL 1:3\r\n",
        "* STATUS INBOX (SIZE 12)\r\n",
        "* 3 RECENT\r\n",
        "* FLAGS ()\r\n",
        "* X-NOTICE {14}\r\n* 1 EXISTS\r\nA\r {3+}\r\nabc tail\r\n",
        "* XTRAORDINARILYLONGKEYWORDTHATNOBODYHASEVERHEARDOFBEFORE\r\n",
        "* \r\n",
        "* 12\r\n",
    ] {
        assert_eq!(
            passes(&format!("* 1 EXISTS\r\n{noise}* 2 EXISTS\r\n")),
            "* 1 EXISTS\r\n* 2 EXISTS\r\n"
        );
    }
}

#[test]
fn a_status_text_that_looks_like_a_literal_announces_none() {
    let text = "* OK see {400000000}\r\n* 2 EXISTS\r\n";
    assert_eq!(passes(text), text);
}

#[test]
fn too_much_of_anything_is_refused_before_it_is_stored() {
    let refused = |input: &str| filtered(&[input.as_bytes()]).1;
    assert_eq!(refused("* 1 FETCH (BODY[] {400000000}\r\nx"), Some(Refusal::Literal(400_000_000)));
    assert_eq!(refused("* X {99999999999999999999999}\r\n"), Some(Refusal::Literal(u64::MAX)));
    let many = format!("* 1 FETCH (A {{600}}\r\n{} B {{600}}\r\n", "x".repeat(600));
    assert_eq!(refused(&many), Some(Refusal::Literal(1200)));
    assert_eq!(refused(&format!("* OK {}", "x".repeat(3000))), Some(Refusal::Line(2000)));
    assert_eq!(refused(&format!("* XX {}", "x".repeat(3000))), Some(Refusal::Line(2000)));
    assert_eq!(refused(&format!("* 1 FETCH (X {}", "(".repeat(100))), Some(Refusal::Depth));
    let pieces = "* LIST () {0}\r\n".to_owned() + &" {0}\r\n".repeat(32);
    assert_eq!(refused(&pieces), Some(Refusal::Literals(32)));
    let plenty = "* 1 FETCH (BODY[] {600}\r\n".to_owned() + &"x".repeat(600) + ")\r\n";
    assert_eq!(refused(&plenty.repeat(9)), None, "the limit is for one response");
}

#[test]
fn bytes_at_which_the_parser_panics_are_masked_in_status_texts_only() {
    let (out, _) = filtered(&["W1 NO [ALERT]\u{e9}\r\n".as_bytes()]);
    assert_eq!(out, b"W1 NO [ALERT]?\xa9\r\n");
    let flag = "* 1 FETCH (FLAGS (a]\u{e9}))\r\n";
    assert_eq!(passes(flag), flag);
    assert_eq!(passes("* OK a\0b\r\n"), "* OK a?b\r\n");
}

#[tokio::test]
async fn a_guarded_stream_gives_every_whole_line_then_the_refusal() {
    let (mut server, client) = duplex(7);
    let mut guard = Guard::new(client, Limits { literals: 10, line: 100 });
    let say = tokio::spawn(async move {
        let _ = server.write_all(b"* NOISE\r\n* 1 EXISTS\r\n* 1 FETCH (B {11}\r\n").await;
        server
    });
    let mut read = Vec::new();
    let error = guard.read_to_end(&mut read).await.unwrap_err();
    // The parser would make room for what the last line announces.
    assert_eq!(read, b"* 1 EXISTS\r\n");
    assert!(error.to_string().contains("11 bytes"), "{error}");
    assert!(guard.read_u8().await.is_err(), "and nothing after it");
    drop(say.await.unwrap());
}

/// A response, and whether it passes.
fn response() -> impl Strategy<Value = (Vec<u8>, bool)> {
    let literal = prop::collection::vec(any::<u8>(), 0..40);
    let keyword = prop_oneof![
        Just(("1 FETCH", true)),
        Just(("SEARCH", true)),
        Just(("9 RECENT", false)),
        Just(("LIST", true)),
        Just(("X-ODD", false)),
    ];
    (keyword, prop::collection::vec(literal, 0..4)).prop_map(|((keyword, known), literals)| {
        let mut bytes = format!("* {keyword} ").into_bytes();
        for literal in literals {
            bytes.extend(format!("x {{{}}}\r\n", literal.len()).into_bytes());
            bytes.extend(literal);
        }
        bytes.extend(b" end\r\n");
        (bytes, known)
    })
}

fn split(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    places.push(bytes.len());
    let mut from = 0;
    let piece = |to| {
        let piece = bytes[from..to].to_vec();
        from = to;
        piece
    };
    places.into_iter().map(piece).collect()
}

proptest! {
    #[test]
    fn any_bytes_split_anywhere_give_the_same(
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"* \r\n{}0123+()]FETCHOK".to_vec())],
            0..400,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let pieces = split(&bytes, &cuts);
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(filtered(&pieces), filtered(&[&bytes]));
    }

    #[test]
    fn exactly_the_known_responses_pass_whatever_their_literals_hold(
        responses in prop::collection::vec(response(), 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let all: Vec<u8> = responses.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let known = responses.iter().filter(|(_, known)| *known);
        let known: Vec<u8> = known.flat_map(|(bytes, _)| bytes.clone()).collect();
        let pieces = split(&all, &cuts);
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(filtered(&pieces), (known, None));
    }
}
