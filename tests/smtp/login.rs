//! Logging in: by what the relay offers, with the password of the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use secrecy::SecretString;
use watchpost::config::settings::Security;
use watchpost::io::password::Password;
use watchpost::io::smtp::probe;

use super::relay::*;

/// What the probe of a relay says that plays this script after its EHLO.
async fn login(offer: &str, script: Vec<Act>, secret: Password) -> Result<bool, String> {
    let start = vec![say("220 relay.example\r\n"), hear(EHLO), say(offer)];
    let relay = Relay::start(vec![[start, script].concat()]).await;
    let found = probe(&settings(relay.port, Security::None, None), &secret).await;
    relay.finished().await;
    found.map(|found| found.logged_in).map_err(|error| error.detail)
}

#[tokio::test]
async fn login_is_spoken_where_plain_is_not_offered() {
    let script = vec![
        hear("AUTH LOGIN\r\n"),
        say("334 VXNlcm5hbWU6\r\n"),
        hear("ZGVzaw==\r\n"),
        say("334 UGFzc3dvcmQ6\r\n"),
        hear("c2VjcmV0\r\n"),
        say("235 ok\r\n"),
    ];
    let script = [script, goodbye()].concat();
    assert_eq!(login("250-x\r\n250 AUTH XOAUTH2 LOGIN\r\n", script, secret()).await, Ok(true));
}

#[tokio::test]
async fn a_login_that_cannot_work_is_told_apart() {
    let none = login("250-x\r\n250 AUTH GSSAPI\r\n", vec![Act::End], secret()).await;
    assert_eq!(none, Err("127.0.0.1 offers neither AUTH PLAIN nor AUTH LOGIN".to_owned()));

    let plain = "250-x\r\n250 AUTH PLAIN\r\n";
    let challenge = vec![hear(AUTH), say("334 Pz8/\r\n"), Act::End];
    let odd = login(plain, challenge, secret()).await;
    assert_eq!(odd, Err("the server asks for a login in an unknown way".to_owned()));

    let unreadable: Password = Arc::new(|| Box::pin(async { Err("no such file: pw".to_owned()) }));
    let missing = login(plain, vec![Act::End], unreadable).await;
    assert_eq!(missing, Err("no such file: pw".to_owned()));

    // Some servers repeat what they do not like.
    for said in ["535 no: AUTH PLAIN AGRlc2sAc2VjcmV0\r\n", "what is AGRlc2sAc2VjcmV0\r\n"] {
        let repeated = login(plain, vec![hear(AUTH), say(said), Act::Cut], secret()).await;
        let told = repeated.unwrap_err();
        assert!(told.contains("[password]") && !told.contains("AGR"), "{told}");
    }

    // A NUL would end the user name of AUTH PLAIN and begin another.
    let nul: Password = Arc::new(|| Box::pin(async { Ok(SecretString::from("a\0b")) }));
    assert!(login(plain, vec![Act::End], nul).await.is_err());
}

#[tokio::test]
async fn a_relay_that_knows_us_by_our_address_is_not_logged_in_to() {
    let script = vec![say("220 x\r\n"), hear(EHLO), say("250-x\r\n250 AUTH PLAIN\r\n")];
    let relay = Relay::start(vec![[script, goodbye()].concat()]).await;
    let mut smtp = settings(relay.port, Security::None, None);
    smtp.login = None;
    assert!(!probe(&smtp, &secret()).await.unwrap().logged_in);
    relay.finished().await;
}

#[tokio::test]
async fn the_password_is_read_anew_for_each_connection() {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = reads.clone();
    let secret: Password = Arc::new(move || {
        counted.fetch_add(1, SeqCst);
        Box::pin(async { Ok(SecretString::from("secret")) })
    });
    for _ in 0..2 {
        let relay = Relay::start(vec![[opening(), goodbye()].concat()]).await;
        probe(&settings(relay.port, Security::None, None), &secret).await.unwrap();
        relay.finished().await;
    }
    assert_eq!(reads.load(SeqCst), 2);
}
