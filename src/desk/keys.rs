//! What makes our Message-IDs unguessable and, for the same letter, always the same.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::address::Address;
use super::event::MailRef;
use super::ids::CaseId;
use super::letter::LetterId;
use super::message::MessageId;

/// The secret keys of this desk, newest first. New ids are made with the newest; ids made with older
/// ones go on being recognised.
#[derive(Clone)]
pub struct Keys(Vec<[u8; 32]>);

impl Keys {
    /// Takes the keys, newest first. None where there is no key at all.
    pub fn new(keys: Vec<[u8; 32]>) -> Option<Keys> {
        (!keys.is_empty()).then_some(Keys(keys))
    }

    /// The Message-ID of a letter: it names the letter and the mail that it is about, and 80 bits of
    /// HMAC-SHA-256 over that name prove that we made it. The mail is in it because a restored backup
    /// gives a case number out again.
    pub fn message_id(
        &self,
        letter: &LetterId,
        about: &MailRef,
        from: &Address,
    ) -> Option<MessageId> {
        let name = format!("{}.{}", name_in_id(letter), told_from_others(about));
        let mac = seal(self.0.first()?, &name)?;
        MessageId::parse(&format!("{name}.{mac}@{}", from.domain()))
    }

    /// The letter that an id of ours names; none for an id that we did not make. Who quotes such an
    /// id has seen the letter.
    pub fn letter(&self, id: &MessageId) -> Option<LetterId> {
        let (left, _) = id.as_str().split_once('@').filter(|_| self.made(id))?;
        let (name, _) = left.rsplit_once('.')?.0.rsplit_once('.')?;
        let (on, what) = name.split_once('.')?;
        let on = CaseId::parse(on).map_or_else(|| on.to_owned(), |case| case.to_string());
        Some(LetterId(format!("{on}/{what}")))
    }

    /// Whether an id is one of ours: made with one of our keys, whatever domain it carries.
    pub fn made(&self, id: &MessageId) -> bool {
        let Some((left, _)) = id.as_str().split_once('@') else { return false };
        let Some((name, mac)) = left.rsplit_once('.') else { return false };
        self.0.iter().any(|key| seal(key, name).is_some_and(|ours| ours == mac))
    }
}

/// `Debug` output ends up in logs and panics; keys do not.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

fn told_from_others(mail: &MailRef) -> String {
    let id = mail.message_id.as_ref().map(MessageId::as_str).unwrap_or_default();
    let arrived = mail.arrived.unix().to_be_bytes();
    hex(digest([id.as_bytes(), &arrived, &mail.uid.to_be_bytes()]).iter().take(4))
}

fn name_in_id(letter: &LetterId) -> String {
    letter.0.to_ascii_lowercase().replace('/', ".")
}

fn seal(key: &[u8; 32], name: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(b"message-id\0");
    mac.update(name.as_bytes());
    Some(hex(mac.finalize().into_bytes().iter().take(10)))
}

/// The first 128 bits of SHA-256 over the fields, each with its length before it, so that no two
/// lists of fields run into each other.
pub fn digest<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    let mut out = [0; 16];
    for (to, from) in out.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    out
}

/// Bytes in lower-case hexadecimal.
pub fn hex<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::folder::{Folder, Role};
    use crate::desk::time::Moment;

    fn letter() -> LetterId {
        LetterId("EXP-2026-0007/acknowledgement".into())
    }

    fn report(uid: u32) -> MailRef {
        MailRef {
            folder: Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox },
            uid_validity: 1,
            uid,
            message_id: MessageId::parse("one@acorn.example"),
            arrived: Moment::from_unix(1_800_000_000),
            size: 1000,
        }
    }

    #[test]
    fn an_id_is_stable_unguessable_and_known_again_after_rotation() {
        let from = Address::parse("security@project.example").unwrap();
        let (old, new) =
            (Keys::new(vec![[1; 32]]).unwrap(), Keys::new(vec![[2; 32], [1; 32]]).unwrap());
        let id = old.message_id(&letter(), &report(1), &from).unwrap();
        assert_eq!(Some(&id), old.message_id(&letter(), &report(1), &from).as_ref());
        assert!(id.as_str().starts_with("exp-2026-0007.acknowledgement."));
        assert_ne!(
            Some(&id),
            old.message_id(&letter(), &report(2), &from).as_ref(),
            "another mail"
        );
        assert_ne!(Some(&id), new.message_id(&letter(), &report(1), &from).as_ref());
        assert!(old.made(&id) && new.made(&id));
        assert_eq!(new.letter(&id), Some(letter()));
        assert!(!Keys::new(vec![[3; 32]]).unwrap().made(&id));
        let forged =
            MessageId::parse("exp-2026-0008.acknowledgement.00112233445566778899@project.example");
        assert!(!new.made(&forged.unwrap()));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(digest([b"ab".as_slice(), b"c"]), digest([b"a".as_slice(), b"bc"]));
    }
}
