//! Letters that acknowledge, and whether each is ours to send: another Watchpost may watch the same
//! inbox. When to wait, to go on and to step back is decided in [`crate::desk::claim`].

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::edges::Edges;
use super::folders::Folders;
use super::reading::News;
use crate::desk::Input;
use crate::desk::books::Books;
use crate::desk::claim::{Claim, Errand, Identity, Shown};
use crate::desk::event::{Event, Fact, MailRef};
use crate::desk::folder::Folder;
use crate::desk::letter::LetterId;
use crate::desk::outbox::Outcome;
use crate::desk::time::{Moment, Span};
use crate::desk::wording::Wording;
use crate::io::imap::ToFolder;

/// The letters that are due, with how far their claims are.
#[derive(Debug)]
pub(super) struct Claims {
    own: Identity,
    letters: BTreeMap<LetterId, Letter>,
    /// Folders that answer.
    open: BTreeSet<Folder>,
}

#[derive(Debug)]
struct Letter {
    mail: MailRef,
    /// After how long without an answer another's claim counts no more.
    takeover: Span,
    claim: Claim,
}

/// What a mail shows of another Watchpost, or of an earlier life of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contested {
    pub(super) letter: LetterId,
    pub(super) by: Option<Identity>,
    pub(super) answered: bool,
}

impl Contested {
    /// Takes what follows into the draft.
    pub(super) fn decide(self, draft: &mut Draft, wording: &Wording) {
        let Contested { letter, by, answered } = self;
        let input = match by {
            Some(by) => Input::Claimed { letter, by, answered },
            None => {
                let outcome = Outcome::Accepted("its mail is marked as answered".to_owned());
                Input::Delivery { letter, outcome }
            }
        };
        draft.take(wording, &input);
    }
}

impl Claims {
    pub(super) fn of(own: Identity) -> Claims {
        Claims { own, letters: BTreeMap::new(), open: BTreeSet::new() }
    }

    /// Asks the mail server about the letters that are due, and about those that stand by.
    pub(super) fn ask(
        &mut self,
        edges: &Edges,
        folders: &Folders,
        books: &Books,
        due: &[LetterId],
        now: Moment,
    ) {
        self.letters.retain(|id, letter| {
            books.outbox().get(id).is_some() && folders.still_number(&letter.mail)
        });
        for id in due {
            if let Some(letter) = self.letters.get_mut(id) {
                letter.claim.renew(now);
            } else if let Some(mail) = claimable(books, id)
                .filter(|mail| self.open.contains(&mail.folder) && folders.still_number(mail))
            {
                let takeover = edges.takeover(&mail.folder.inbox);
                let letter = Letter { mail: mail.clone(), takeover, claim: Claim::begin(now) };
                self.letters.insert(id.clone(), letter);
            }
        }
        let mut errands: BTreeMap<(&Folder, u32, Errand), Vec<&mut Letter>> = BTreeMap::new();
        for letter in self.letters.values_mut() {
            let folder = self.open.get(&letter.mail.folder);
            let errand = letter.claim.wants(now, folder.is_some(), letter.takeover);
            if let (Some(folder), Some(errand)) = (folder, errand) {
                let place = (folder, letter.mail.uid_validity, errand);
                errands.entry(place).or_default().push(letter);
            }
        }
        for ((folder, uid_validity, errand), letters) in errands {
            let uids = letters.iter().map(|letter| letter.mail.uid).collect();
            let claim = ToFolder::Claim { errand, uids, uid_validity, own: self.own };
            // A task that is busy is asked the next time round.
            if edges.tell(folder, claim) {
                for letter in letters {
                    letter.claim.asked(errand, now, letter.takeover);
                }
            }
        }
    }

    /// Takes in what happened: a letter that surely did not leave now, and comes back later, is free to
    /// be sent by others until then. Letters that are `leaving` are not.
    pub(super) fn note(
        &mut self,
        edges: &Edges,
        books: &Books,
        event: &Event,
        leaving: &BTreeSet<LetterId>,
    ) {
        match &event.fact {
            Fact::Delayed { letter, unknown: false, .. } => self.release(edges, letter),
            Fact::RelayStopped { inbox, .. } => {
                let theirs = |id: &&LetterId| {
                    let waiting = books.outbox().get(id);
                    waiting.is_some_and(|one| one.inbox == *inbox && one.perhaps == 0)
                };
                let here = self.letters.keys().filter(|id| !leaving.contains(*id));
                let all: Vec<LetterId> = here.filter(theirs).cloned().collect();
                for letter in &all {
                    self.release(edges, letter);
                }
            }
            _ => {}
        }
    }

    fn release(&mut self, edges: &Edges, letter: &LetterId) {
        if let Some(Letter { mail, .. }) = self.letters.remove(letter) {
            let (errand, own) = (Errand::StepBack, self.own);
            let (uids, uid_validity) = (vec![mail.uid], mail.uid_validity);
            // A task that is busy leaves the claim, and others wait until it counts as dead.
            edges.tell(&mail.folder, ToFolder::Claim { errand, uids, uid_validity, own });
        }
    }

    /// Nothing of what was decided last is true.
    pub(super) fn forget(&mut self) {
        self.letters.clear();
    }

    /// Whether an answer is waited for.
    pub(super) fn are_asked(&self) -> bool {
        self.letters.values().any(|letter| letter.claim.is_asked())
    }

    /// Whether a letter has to wait.
    pub(super) fn hold(&self, letter: &LetterId) -> bool {
        self.letters.get(letter).is_some_and(|letter| letter.claim.holds())
    }

    /// Takes in what a folder says; what is contested has to be decided on.
    pub(super) fn hear(&mut self, news: &News, now: Moment) -> Vec<Contested> {
        match news {
            News::Selected { folder, .. } => {
                self.open.insert(folder.clone());
            }
            News::Trouble { folder, .. } | News::Resting { folder, .. } => self.closed(folder, now),
            News::Claimed { folder, uid_validity, mails } => {
                return self.saw(folder, *uid_validity, mails, now);
            }
            _ => {}
        }
        Vec::new()
    }

    /// A folder answers no more: nobody waits for it.
    fn closed(&mut self, folder: &Folder, now: Moment) {
        self.open.remove(folder);
        for letter in self.letters.values_mut().filter(|letter| letter.mail.folder == *folder) {
            if letter.claim.holds() {
                letter.claim.unanswered(now, letter.takeover);
            }
        }
    }

    fn saw(
        &mut self,
        folder: &Folder,
        uid_validity: u32,
        mails: &[(u32, Option<Shown>)],
        now: Moment,
    ) -> Vec<Contested> {
        let shown: BTreeMap<u32, Option<&Shown>> =
            mails.iter().map(|(uid, shown)| (*uid, shown.as_ref())).collect();
        let mut contested = Vec::new();
        for (id, letter) in &mut self.letters {
            let MailRef { folder: lies, uid_validity: validity, uid, .. } = &letter.mail;
            let Some(shown) =
                shown.get(uid).filter(|_| lies == folder && *validity == uid_validity)
            else {
                continue;
            };
            let answered = letter.claim.saw(self.own, *shown, now, letter.takeover);
            let by = letter.claim.other();
            if answered || by.is_some() {
                contested.push(Contested { letter: id.clone(), by, answered });
            }
        }
        contested
    }

    /// When the next one is to be looked at.
    pub(super) fn next_wakeup(&self, now: Moment) -> Option<Moment> {
        let next = self.letters.values().filter_map(|letter| letter.claim.next_wakeup()).min();
        next.map(|at| at.max(now + Span::seconds(1)))
    }
}

/// The mail that shows whether a letter is ours to send; none for a letter that acknowledges nothing.
fn claimable<'b>(books: &'b Books, id: &LetterId) -> Option<&'b MailRef> {
    let case = books.case(&id.case()?)?;
    case.letters.get(id).filter(|letter| letter.kind.acknowledges())?;
    Some(case.mail())
}
