//! What makes our Message-IDs and reply addresses unguessable and, for the same letter, always the
//! same.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::address::Address;
use super::claim::Identity;
use super::event::MailRef;
use super::hex::hex;
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
        let mac = hex(&seal(self.0.first()?, MESSAGE_ID, &name)?);
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
        self.made_here(MESSAGE_ID, name, |seal| hex(seal) == mac)
    }

    /// The address by which answers to letters on a case come back tied to it: that of our letters
    /// with a tag, in which 80 bits of HMAC-SHA-256 prove that we made it. None where it would be too
    /// long for a mail server (RFC 5321 section 4.5.3.1.1).
    pub fn address(&self, case: &CaseId, about: &MailRef, from: &Address) -> Option<Address> {
        let name = format!("{case}-{}", told_from_others(about)).to_lowercase();
        let mac = base32(&seal(self.0.first()?, ADDRESS, &name)?);
        let base = from.without_tag();
        Address::parse(&format!("{}+{name}-{mac}@{}", base.local(), base.domain()))
    }

    /// The case that one of our addresses was made for, and what tells the mail that opened it from
    /// others; none where none of our keys made it. What stands before the tag does not matter, nor
    /// do capital letters: servers on the way change both.
    pub fn made_address(&self, address: &Address) -> Option<(CaseId, String)> {
        let tag = tag(address)?;
        let (case, salt, _) = fields(&tag)?;
        let (name, mac) = tag.rsplit_once('-')?;
        let ours = self.made_here(ADDRESS, name, |seal| base32(seal) == mac);
        ours.then(|| (case, salt.to_owned()))
    }

    /// Whether an address was made for this case, and not for an earlier one with its number.
    pub fn made_address_of(&self, address: &Address, case: &CaseId, about: &MailRef) -> bool {
        self.made_address(address) == Some((case.clone(), told_from_others(about)))
    }

    /// What a case is called in the [proof](super::proof): 80 bits that tell nothing to whoever has no
    /// key of ours. Always made with the oldest key, so that a case keeps its name.
    pub fn pseudonym(&self, case: &CaseId, about: &MailRef) -> String {
        let name = format!("{case}.{}", told_from_others(about)).to_lowercase();
        let seal = self.0.last().and_then(|key| seal(key, PROOF, &name));
        hex(seal.iter().flatten())
    }

    /// What this desk is called among those that watch the same inbox. Always made with the oldest key,
    /// so that it keeps its name.
    pub fn identity(&self) -> Identity {
        let seal = self.0.last().and_then(|key| seal(key, IDENTITY, ""));
        let four = seal.and_then(|seal| seal.first_chunk().copied()).unwrap_or_default();
        Identity(u32::from_be_bytes(four))
    }

    /// A word that only we can make, for something that is neither a letter nor an address of a case:
    /// `what.name.` and 80 bits of HMAC-SHA-256 over both.
    pub fn word(&self, what: &str, name: &str) -> Option<String> {
        let mac = hex(&seal(self.0.first()?, &word_for(what), name)?);
        Some(format!("{what}.{name}.{mac}"))
    }

    /// The name in such a word; none where none of our keys made it.
    pub fn name_in_word<'w>(&self, what: &str, word: &'w str) -> Option<&'w str> {
        let (name, mac) = word.strip_prefix(what)?.strip_prefix('.')?.rsplit_once('.')?;
        self.made_here(&word_for(what), name, |seal| hex(seal) == mac).then_some(name)
    }

    fn made_here(&self, purpose: &[u8], name: &str, same: impl Fn(&Seal) -> bool) -> bool {
        self.0.iter().any(|key| seal(key, purpose, name).is_some_and(|ours| same(&ours)))
    }
}

/// `Debug` output ends up in logs and panics; keys do not.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

/// The case that an address names if it has the form of ours. Anybody can write such a one.
pub fn named_in_address(address: &Address) -> Option<CaseId> {
    let tag = tag(address)?;
    Some(fields(&tag)?.0)
}

fn tag(address: &Address) -> Option<String> {
    Some(address.local().split_once('+')?.1.to_lowercase())
}

/// `exp-2026-0007-1f3a5b7c-…` taken apart.
fn fields(tag: &str) -> Option<(CaseId, &str, &str)> {
    let (name, mac) = tag.rsplit_once('-')?;
    let (case, salt) = name.rsplit_once('-')?;
    (mac.len() == 16 && salt.len() == 8).then_some((CaseId::parse(case)?, salt, mac))
}

fn told_from_others(mail: &MailRef) -> String {
    let id = mail.message_id.as_ref().map(MessageId::as_str).unwrap_or_default();
    let arrived = mail.arrived.unix().to_be_bytes();
    hex(digest([id.as_bytes(), &arrived, &mail.uid.to_be_bytes()]).iter().take(4))
}

fn name_in_id(letter: &LetterId) -> String {
    letter.0.to_ascii_lowercase().replace('/', ".")
}

/// What a seal is for: what is sealed for one purpose proves nothing for another.
const MESSAGE_ID: &[u8] = b"message-id\0";
const ADDRESS: &[u8] = b"address\0";
const PROOF: &[u8] = b"proof\0";
const IDENTITY: &[u8] = b"identity\0";

fn word_for(what: &str) -> Vec<u8> {
    format!("word\0{what}\0").into_bytes()
}

/// 80 bits that only we can compute.
type Seal = [u8; 10];

fn seal(key: &[u8; 32], purpose: &[u8], name: &str) -> Option<Seal> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(purpose);
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().get(..10)?.try_into().ok()
}

/// Base32 in lower case (RFC 4648 section 6): shorter than hexadecimal, and as safe from servers that
/// change the case of letters. Two characters for each ten bits, so that none is left over.
fn base32(seal: &Seal) -> String {
    let digit = |five: u8| char::from(if five < 26 { b'a' + five } else { b'2' + (five - 26) });
    let bit = |at: usize| seal.get(at / 8).map_or(0, |byte| (byte >> (7 - at % 8)) & 1);
    let five = |at: usize| (at..at + 5).fold(0, |five, at| (five << 1) | bit(at));
    (0..80).step_by(5).map(|at| digit(five(at))).collect()
}

/// SHA-256 of a text, in lower-case hexadecimal.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
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
    fn an_address_is_known_again_whoever_writes_it_and_after_rotation() {
        let from = Address::parse("security+web@project.example").unwrap();
        let case = letter().case().unwrap();
        let (old, new) =
            (Keys::new(vec![[1; 32]]).unwrap(), Keys::new(vec![[2; 32], [1; 32]]).unwrap());
        let address = old.address(&case, &report(1), &from).unwrap();
        let text = address.to_string();
        assert!(text.starts_with("security+exp-2026-0007-"), "the tag is replaced: {text}");
        assert!(text.ends_with("@project.example") && address.local().len() == 48, "{text}");
        assert_ne!(Some(&address), new.address(&case, &report(1), &from).as_ref());

        let shouted = Address::parse(&text.to_uppercase()).unwrap();
        let elsewhere = Address::parse(&text.replace("security+", "alias+")).unwrap();
        for address in [&address, &shouted, &elsewhere] {
            for keys in [&old, &new] {
                assert!(keys.made_address_of(address, &case, &report(1)), "{address}");
                assert!(!keys.made_address_of(address, &case, &report(2)), "another mail");
            }
            assert_eq!(Keys::new(vec![[3; 32]]).unwrap().made_address(address), None);
        }
        let other = Address::parse(&text.replace("0007", "0008")).unwrap();
        assert_eq!(new.made_address(&other), None);
        assert_eq!(named_in_address(&other).unwrap().number, 8, "it looks like one");
        assert_eq!(named_in_address(&from), None);
    }

    #[test]
    fn an_address_that_would_be_too_long_is_not_made() {
        let (keys, case) = (Keys::new(vec![[1; 32]]).unwrap(), letter().case().unwrap());
        let address = |length: usize| {
            let from = Address::parse(&format!("{}@project.example", "s".repeat(length))).unwrap();
            keys.address(&case, &report(1), &from)
        };
        assert_eq!(address(24).unwrap().local().len(), 64);
        assert_eq!(address(25), None);
    }

    #[test]
    fn a_case_keeps_its_pseudonym_when_a_key_is_added_and_no_other_has_it() {
        let (old, new) =
            (Keys::new(vec![[1; 32]]).unwrap(), Keys::new(vec![[2; 32], [1; 32]]).unwrap());
        let case = letter().case().unwrap();
        let name = old.pseudonym(&case, &report(1));
        assert_eq!((name.len(), &name), (20, &new.pseudonym(&case, &report(1))));
        assert_ne!(name, old.pseudonym(&case, &report(2)), "another mail");
        assert_ne!(name, Keys::new(vec![[2; 32]]).unwrap().pseudonym(&case, &report(1)));
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        // RFC 4648 section 10: "fooba" is MZXW6YTB.
        assert_eq!(base32(b"foobafooba"), "mzxw6ytbmzxw6ytb");
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(digest([b"ab".as_slice(), b"c"]), digest([b"a".as_slice(), b"bc"]));
    }
}
