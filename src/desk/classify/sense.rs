//! What words can say.

/// What a word or phrase says about the mail that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sense {
    /// Greeting, thanks, closing: words without content.
    Courtesy,
    /// Thanks, as far as they are the whole message.
    Thanks,
    /// The sender about themselves, hopes, offers, requests for patience.
    Aside,
    /// Points to something outside the text: a link, an attachment, a later mail.
    Pointer,
    /// Words that name a report but tell nothing of it: vulnerability, finding, issue.
    Topic,
    /// A component, a weakness or an effect: words that tell what is affected or what goes wrong.
    Technical,
    /// Legal text below a mail.
    Disclaimer,
    /// An absent person's machine.
    Away,
    /// Words of absence that mean other things too, such as `absence` of a check.
    Leave,
    /// A ticket system, a notification, an unread mailbox.
    Robot,
    /// What only machines write: one such phrase in a text that tells nothing else is enough.
    Notice,
    /// A piece of a machine's answer: what we sent, as it calls it.
    Yours,
    /// A piece of a machine's answer: it was received, opened, registered.
    Taken,
    /// A piece of a machine's answer: somebody will reply.
    Promised,
    /// A piece of a machine's answer: within two working days.
    Term,
    /// A piece of an absence note: somebody is away.
    Gone,
    /// A piece of an absence note: until when.
    Day,
    /// The writer speaks of themselves alone.
    Me,
    /// Somebody offers something, as only sellers write.
    Pitch,
    /// Words of trade, which shops have in their reports too.
    Sales,
    /// Accounts to be verified, payments to be made.
    Lure,
    /// Threats for money.
    Extortion,
    /// Asks for a reward.
    Bounty,
    /// Somebody discloses something, in so many words.
    Discloses,
    /// A weakness or an attack, by its name.
    Weakness,
    /// What was published about reporting: a policy, an embargo.
    Published,
    /// Friends and family.
    Family,
    /// Work, clubs, shops.
    Business,
    /// News of weaknesses elsewhere.
    News,
    /// Somebody found something, or what an attacker can do.
    Found,
    /// Something goes wrong.
    Fault,
    /// What people write for who report nothing: an article, a job, a key, help.
    Errand,
    /// What machines call the person whom they write to: the holder of an account.
    Holder,
    /// How a machine's work ended, what happened to an account.
    Outcome,
    /// Who is asked instead of one who is away, what becomes of the mail.
    Deputy,
    /// A mail did not arrive.
    Undelivered,
    /// Why a mail did not arrive.
    Wherefore,
    /// What becomes of an account whose holder does nothing.
    Ultimatum,
    /// What such a holder is told to do.
    Demand,
    /// A clue that a report lies outside of what most threat models hold.
    Scope(Clue),
    /// Frequent small words that tell the language.
    Language,
}

/// What a report speaks of, as far as a threat model cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clue {
    /// A module that is malicious, or vulnerable in itself.
    ForeignCode,
    /// The prototypes of objects.
    Prototype,
    /// The path by which files are found.
    SearchPath,
    /// The environment or the configuration.
    Environment,
    /// Somebody changes something.
    Changes,
    /// Connections to elsewhere.
    Outbound,
    /// Memory, time or sockets run out.
    Exhausts,
    /// The runtime itself, or one that is no longer maintained.
    Runtime,
}

impl Sense {
    /// Whether it only counts beside others: such words are no content and hide none.
    pub(super) fn is_piece(self) -> bool {
        matches!(
            self,
            Sense::Yours
                | Sense::Taken
                | Sense::Promised
                | Sense::Term
                | Sense::Gone
                | Sense::Day
                | Sense::Me
                | Sense::Scope(_)
                | Sense::Discloses
                | Sense::Weakness
                | Sense::Published
                | Sense::Family
                | Sense::Business
                | Sense::News
                | Sense::Found
                | Sense::Fault
                | Sense::Errand
                | Sense::Holder
                | Sense::Outcome
                | Sense::Deputy
                | Sense::Undelivered
                | Sense::Wherefore
                | Sense::Ultimatum
                | Sense::Demand
        )
    }
}
