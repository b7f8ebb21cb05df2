use super::*;

const TAKEOVER: Span = Span::minutes(10);

/// One mail on a server that does one command after another.
#[derive(Default)]
struct Mail {
    shown: Shown,
}

/// A desk that has one letter for it.
struct Desk {
    own: Identity,
    claim: Claim,
    /// The answer that is on its way to it.
    answer: Option<Shown>,
    sent: bool,
    done: bool,
}

impl Desk {
    fn new(name: u32, now: Moment) -> Desk {
        let claim = Claim::begin(now);
        Desk { own: Identity(name), claim, answer: None, sent: false, done: false }
    }

    /// One thing that it may do: hear an answer, ask, send, or mark the mail.
    fn step(&mut self, mail: &mut Mail, now: Moment) {
        if self.done {
            return;
        }
        if self.sent {
            mail.shown.answered = true;
            self.done = true;
        } else if let Some(shown) = self.answer.take() {
            self.done = self.claim.saw(self.own, Some(&shown), now, TAKEOVER);
        } else if !self.claim.holds() {
            self.sent = true;
        } else if let Some(errand) = self.claim.wants(now, true, TAKEOVER) {
            self.claim.asked(errand, now, TAKEOVER);
            let claims = &mut mail.shown.claims;
            claims.retain(|one| *one != self.own || errand == Errand::Look);
            if errand == Errand::Claim {
                claims.push(self.own);
            }
            self.answer = (errand != Errand::StepBack).then(|| mail.shown.clone());
        }
    }
}

/// Tells a story in which one of the desks, where `killed` says so, does nothing any more after some
/// steps; gives how many letters left, and when the last one did.
fn story(seed: u64, desks: u32, killed: Option<(usize, u64)>) -> (usize, Span) {
    let start = Moment::from_unix(1_800_000_000);
    let (mut now, mut mail, mut dice) = (start, Mail::default(), seed);
    let mut desks: Vec<Desk> = (1..=desks).map(|name| Desk::new(name, now)).collect();
    let mut last = Span::ZERO;
    for step in 0..20_000_u64 {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let who = usize::try_from(dice >> 33).unwrap() % desks.len();
        let dead = killed.is_some_and(|(whom, from)| whom == who && step >= from);
        let before = desks[who].sent;
        if !dead {
            desks[who].step(&mut mail, now);
        }
        if !before && desks[who].sent {
            last = now.since(start);
        }
        // Some steps are a moment apart, others a second.
        if dice % 7 == 0 {
            now = now + Span::seconds(1);
        }
    }
    (desks.iter().filter(|desk| desk.sent).count(), last)
}

#[test]
fn of_desks_that_see_each_other_one_answers_and_soon() {
    for seed in 0..300 {
        for desks in 1..=4 {
            let (letters, last) = story(seed, desks, None);
            assert_eq!(letters, 1, "seed {seed}, {desks} desks");
            assert!(last < Span::minutes(5), "seed {seed}, {desks} desks: after {last}");
        }
    }
}

#[test]
fn when_one_dies_before_it_has_answered_another_does() {
    for seed in 0..300 {
        for from in 0..12 {
            let (letters, last) = story(seed, 3, Some((usize::try_from(seed % 3).unwrap(), from)));
            // Who dies between the letter and the mark leaves no trace of the letter.
            assert!((1..=2).contains(&letters), "seed {seed}, step {from}: {letters} letters");
            assert!(last < Span::minutes(21), "seed {seed}, step {from}: after {last}");
        }
    }
}

#[test]
fn a_claim_is_known_by_its_keyword_in_any_case() {
    let identity = Identity(0x1a2b_3c4d);
    assert_eq!(identity.keyword(), "$WatchpostBy-1a2b3c4d");
    assert_eq!(Identity::claimant("$watchpostby-1A2B3C4D"), Some(identity));
    for other in
        ["$WatchpostSeen", "$WatchpostBy-", "$WatchpostBy-+1a2b3c4", "$WatchpostBy-1a2b3c4d5", "ä"]
    {
        assert_eq!(Identity::claimant(other), None, "{other}");
    }
}

#[test]
fn where_the_mail_server_tells_nothing_no_letter_waits() {
    let now = Moment::from_unix(1_800_000_000);
    let own = Identity(7);
    let mut gone = Claim::begin(now);
    assert!(gone.holds());
    assert!(!gone.saw(own, None, now, TAKEOVER) && !gone.holds());
    let mut closed = Claim::begin(now);
    assert_eq!(closed.wants(now, false, TAKEOVER), None);
    assert!(!closed.holds());
    let mut silent = Claim::begin(now);
    silent.asked(Errand::Claim, now, TAKEOVER);
    assert_eq!(silent.wants(now + Span::seconds(59), true, TAKEOVER), None);
    assert!(silent.holds());
    assert_eq!(silent.wants(now + Span::seconds(60), true, TAKEOVER), None);
    assert!(!silent.holds());
}

#[test]
fn a_letter_that_did_not_leave_for_long_asks_again() {
    let now = Moment::from_unix(1_800_000_000);
    let (own, other) = (Identity(7), Identity(9));
    let mut claim = Claim::begin(now);
    let alone = Shown { answered: false, claims: vec![own] };
    assert!(!claim.saw(own, Some(&alone), now, TAKEOVER) && !claim.holds());
    let later = now + Span::minutes(5);
    claim.renew(later);
    assert_eq!(claim.wants(later, true, TAKEOVER), Some(Errand::Claim));
    let taken_over = Shown { answered: true, claims: vec![own, other] };
    assert!(claim.saw(own, Some(&taken_over), later, TAKEOVER));
    assert_eq!(claim.other(), Some(other));
}

#[test]
fn what_another_claims_was_decided_by_them_and_may_still_be_answered() {
    let (seen, acked) = (Keyword::Seen, Keyword::Acked);
    assert_eq!(witness(&[seen], None), Some(seen));
    assert_eq!(witness(&[seen], Some(Identity(9))), None);
    assert_eq!(witness(&[seen, acked], Some(Identity(9))), Some(acked));
    assert_eq!(witness(&[], None), None);
}
