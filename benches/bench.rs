//! How fast Watchpost is, and what it costs, beside what is possible here: `make bench`.
//!
//! Each figure is measured in the same run as its floor ([`floor`]), in turns, and told as a ratio
//! of the two: machines differ, and so do their busy hours. `--quick` takes one pair instead of
//! five, `--full` adds the sizes that take long, and words choose figures by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "it talks to its user, and one that cannot do its work ends"
)]

#[path = "bench/cases.rs"]
mod cases;
#[path = "bench/corpus.rs"]
mod corpus;
#[path = "bench/floor.rs"]
mod floor;
#[path = "../tests/rig/mod.rs"]
pub mod rig;
#[path = "bench/sink.rs"]
mod sink;
#[path = "bench/table.rs"]
mod table;
#[path = "bench/usage.rs"]
mod usage;
#[path = "bench/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use corpus::{Fate, Mail, mail};
use rig::{Daemon, Line, Proxy, Rig, Way, program};
use sink::Sink;
use table::{Figures, median};
use world::{Run, Took, rest, wait, wrongs};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--floor", rest)) = arguments.split_first().map(|(a, b)| (a.as_str(), b)) {
        floor::run(rest);
        return ExitCode::SUCCESS;
    }
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let wanted = arguments.iter().filter(|argument| !argument.starts_with("--")).cloned();
    let mut bench = Bench {
        rig: Rig::start(),
        sink: Sink::start(),
        figures: Figures::default(),
        pairs: if flag("--quick") { 1 } else { 5 },
        full: flag("--full"),
        wanted: wanted.collect(),
        runs: 0,
    };
    bench.all();
    if bench.figures.conclude() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Bench {
    rig: Rig,
    sink: Sink,
    figures: Figures,
    pairs: usize,
    full: bool,
    wanted: BTreeSet<String>,
    runs: usize,
}

impl Bench {
    fn all(&mut self) {
        type Figure = (&'static str, bool, fn(&mut Bench));
        let figures: [Figure; 11] = [
            ("classify", false, Bench::classify),
            ("simulate", false, Bench::simulate),
            ("start", false, Bench::start),
            ("backlog", false, Bench::backlog),
            ("postfix", false, Bench::postfix),
            ("bytes", false, Bench::bytes),
            ("reaction", false, Bench::reaction),
            ("far", false, Bench::far),
            ("idle", false, Bench::idle),
            ("backlog-10000", true, Bench::large_backlog),
            ("many-closed", true, Bench::backlog_with_closed_cases),
        ];
        for (name, long, figure) in figures {
            let asked = self.wanted.contains(name);
            if asked || self.wanted.is_empty() && (self.full || !long) {
                figure(self);
            }
        }
    }

    /// A name that no run had.
    fn name(&mut self, kind: &str) -> String {
        self.runs += 1;
        format!("{kind}{}", self.runs)
    }

    /// `classify` on small mails.
    fn classify(&mut self) {
        let folder = self.rig.dir().join("classify");
        fs::create_dir(&folder).unwrap();
        let count = 5_000;
        let mut files = Vec::new();
        for n in 0..count {
            let file = folder.join(format!("{n}.eml"));
            fs::write(&file, corpus::report(n).text).unwrap();
            files.push(file);
        }
        let rate = || {
            let mut command = Command::new(program());
            command.args(["classify", "--format", "json"]).args(&files);
            f64::from(u32::try_from(count).unwrap()) / processor_of(&mut command)
        };
        let rates: Vec<f64> = (0..self.pairs).map(|_| rate()).collect();
        let told = format!("{count} reports of 1 kB in one call, processor time of all threads");
        self.figures.at_least("classify", median(&rates), 8_000.0, "mails/s", &told);
        fs::remove_dir_all(folder).unwrap();
    }

    /// `simulate` on a year of mail, with what the team answered.
    fn simulate(&mut self) {
        let count = 20_000_u32;
        let (mail, sent) = (self.rig.dir().join("s.mbox"), self.rig.dir().join("s.sent"));
        let (mut inbox, mut answers) = (String::new(), String::new());
        for n in 0..count {
            let one = corpus::mail_without_attachment(n as usize);
            let at = jiff::Timestamp::from_second(1_767_225_600 + i64::from(n) * 1500).unwrap();
            let when = |at: jiff::Timestamp| at.strftime("%a %b %e %H:%M:%S %Y").to_string();
            let text = String::from_utf8(one.text).unwrap();
            writeln!(inbox, "From {} {}\n{text}", one.from, when(at)).unwrap();
            if one.fate == Fate::Opens {
                let id = text.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap();
                let at = at + jiff::SignedDuration::from_hours(1);
                writeln!(
                    answers,
                    "From kim@project.example {}\nFrom: kim@project.example\nTo: {}\n\
                     Subject: Re: your report\nIn-Reply-To: {id}\nMessage-ID: <s{n}@project.example>\n\n\
                     Thank you, we can reproduce it and will send a fix next week.\n",
                    when(at),
                    one.from
                )
                .unwrap();
            }
        }
        let mails = f64::from(count) + answers.matches("\nTo: ").count() as f64;
        fs::write(&mail, inbox).unwrap();
        fs::write(&sent, answers).unwrap();
        let config = Run::new(&self.rig, "simulate", 25).config();
        let rate = || {
            let mut command = Command::new(program());
            command.args(["simulate", "--format", "json", "--config"]).arg(&config);
            command.arg("--mail").arg(&mail).arg("--sent").arg(&sent);
            mails / processor_of(&mut command)
        };
        let rates: Vec<f64> = (0..self.pairs).map(|_| rate()).collect();
        let told = format!("{mails} mails of a year, {count} of them to the inbox; processor time");
        self.figures.at_least("simulate", median(&rates), 5_000.0, "mails/s", &told);
    }

    /// How soon it is ready with many cases in the store.
    fn start(&mut self) {
        let sizes: &[usize] = if self.full { &[10_000, 100_000] } else { &[10_000] };
        for size in sizes {
            let name = self.name("start");
            let run = Run::new(&self.rig, &name, self.sink.port());
            run.watch_empty();
            cases::make(&run, *size, true);
            let mut times = Vec::new();
            let mut peak = 0.0_f64;
            for _ in 0..self.pairs {
                let start = Instant::now();
                let daemon = Daemon::start(&self.rig, &run.config());
                times.push(start.elapsed().as_secs_f64() * 1000.0);
                peak = peak.max(usage::peak(daemon.id()));
                assert!(daemon.terminate().success());
            }
            let what = format!("start with {size} closed cases");
            let told = format!("until it says that it is ready; peak {peak:.0} MiB");
            self.figures.at_most(&what, median(&times), 1000.0, "ms", &told);
        }
    }

    /// A backlog, with a relay that takes all at once: the machine's own share is largest.
    fn backlog(&mut self) {
        let relay = self.sink.port();
        let (ours, floors) = self.backlogs("backlog", 1_000, self.pairs, relay, false);
        self.tell_backlog("backlog of 1,000", 1_000, &ours, &floors, 1.2);
        let cpu = ours.iter().map(|took| took.processor.as_secs_f64()).collect::<Vec<_>>();
        let floor = floors.iter().map(|took| took.processor.as_secs_f64()).collect::<Vec<_>>();
        let told = format!("the floor uses {:.2} ms", median(&floor));
        self.figures.at_most("processor time a mail", median(&cpu), 1.5, "ms", &told);
        let peak = ours.iter().map(|took| took.peak).fold(0.0, f64::max);
        let told = "the most of all runs, two attachments of 20 MB in the mailbox";
        self.figures.at_most("peak memory", peak, 40.0, "MiB", told);
    }

    /// The same with Postfix, which writes each letter to its queue.
    fn postfix(&mut self) {
        let relay = self.rig.mx_port();
        let (ours, floors) = self.backlogs("postfix", 1_000, self.pairs, relay, false);
        self.tell_backlog("backlog of 1,000, Postfix", 1_000, &ours, &floors, 1.2);
    }

    fn large_backlog(&mut self) {
        let relay = self.sink.port();
        let (small, _) = self.backlogs("small", 1_000, 1, relay, false);
        let (ours, floors) = self.backlogs("large", 10_000, self.pairs.min(3), relay, false);
        self.tell_backlog("backlog of 10,000", 10_000, &ours, &floors, 1.2);
        let wall = median(&ours.iter().map(|took| took.wall.as_secs_f64()).collect::<Vec<_>>());
        let told = "how many times as long as 1,000";
        let times = wall / small[0].wall.as_secs_f64();
        self.figures.at_most("10,000 against 1,000", times, 10.5, "×", told);
        let peak = ours.iter().map(|took| took.peak).fold(0.0, f64::max) / small[0].peak;
        self.figures.at_most("memory, 10,000 against 1,000", peak, 1.25, "×", "peak resident");
    }

    fn backlog_with_closed_cases(&mut self) {
        let relay = self.sink.port();
        let (empty, _) = self.backlogs("few", 1_000, self.pairs, relay, false);
        let (ours, _) = self.backlogs("many", 1_000, 1, relay, true);
        let wall =
            |of: &[Took]| median(&of.iter().map(|t| t.wall.as_secs_f64()).collect::<Vec<_>>());
        let times = wall(&ours) / wall(&empty);
        let told = "against an empty store; the start counts";
        self.figures.at_most("1,000 beside 100,000 closed cases", times, 1.1, "×", told);
    }

    /// Backlogs and their floors, in turns, each in a mailbox of its own.
    fn backlogs(
        &mut self,
        kind: &str,
        count: usize,
        pairs: usize,
        relay: u16,
        many: bool,
    ) -> (Vec<Took>, Vec<Took>) {
        let (mut ours, mut floors) = (Vec::new(), Vec::new());
        let mails: Vec<Mail> =
            (0..count).map(mail).map(|one| Mail { text: Vec::new(), ..one }).collect();
        let owed = mails.iter().filter(|mail| mail.fate == Fate::Opens).count();
        for _ in 0..pairs {
            let (name, other) = (self.name(kind), self.name("floor"));
            let run = Run::new(&self.rig, &name, relay);
            run.watch_empty();
            if many {
                cases::make(&run, 100_000, true);
            }
            run.fill((0..count).map(mail));
            let base = Run::new(&self.rig, &other, relay);
            base.fill((0..count).map(mail));
            self.settle();
            let floor = base.floor();
            self.settle();
            self.sink.take();
            self.clear(&mails, relay);
            let (took, daemon) = run.backlog(owed);
            println!(
                "  {name}: {:.2} s, floor {:.2} s",
                took.wall.as_secs_f64(),
                floor.wall.as_secs_f64()
            );
            self.settle();
            let letters = self.letters(&mails, relay);
            self.figures.wrong(&name, wrongs(&mails, &daemon, &letters));
            assert!(daemon.terminate().success());
            for run in [&run, &base] {
                let local = run.user.split('@').next().unwrap();
                let mails = self.rig.dir().join("mail/project.example").join(local);
                // The mail server may be writing down who has left.
                wait(|| fs::remove_dir_all(&mails).is_ok(), String::new);
            }
            ours.push(took);
            floors.push(floor);
        }
        (ours, floors)
    }

    fn tell_backlog(
        &mut self,
        what: &str,
        count: usize,
        ours: &[Took],
        floors: &[Took],
        limit: f64,
    ) {
        let ratios: Vec<f64> = ours
            .iter()
            .zip(floors)
            .map(|(took, floor)| took.wall.as_secs_f64() / floor.wall.as_secs_f64())
            .collect();
        let seconds =
            |of: &[Took]| median(&of.iter().map(|t| t.wall.as_secs_f64()).collect::<Vec<_>>());
        let told = format!(
            "{:.2} s against {:.2} s, {:.0} mails/s",
            seconds(ours),
            seconds(floors),
            count as f64 / seconds(ours)
        );
        self.figures.at_most(what, median(&ratios), limit, "× floor", &told);
    }

    /// Waits until Postfix has delivered all, so that it is busy for nobody else.
    fn settle(&self) {
        wait(|| self.rig.queue_is_empty(), || self.rig.logs());
    }

    /// What the floor sent is not counted as Watchpost's.
    fn clear(&self, mails: &[Mail], relay: u16) {
        if relay != self.sink.port() {
            for mail in mails {
                let (local, domain) = mail.from.split_once('@').unwrap();
                // A mailbox that nobody wrote to does not exist.
                drop(fs::remove_dir_all(self.rig.dir().join("mail").join(domain).join(local)));
            }
        }
    }

    /// To whom letters went: what the sink took, or what lies in the mailboxes.
    fn letters(&self, mails: &[Mail], relay: u16) -> Vec<String> {
        if relay == self.sink.port() {
            return self.sink.take().into_iter().map(|(to, _)| to).collect();
        }
        let from: BTreeSet<&String> = mails.iter().map(|mail| &mail.from).collect();
        let of = |from: &String| vec![from.clone(); self.rig.mails(from, "INBOX").len()];
        from.into_iter().flat_map(of).collect()
    }

    /// What is taken from the server before the last letter left.
    fn bytes(&mut self) {
        let name = self.name("bytes");
        let proxy = Proxy::before(self.rig.imap_port());
        let mut run = Run::new(&self.rig, &name, self.sink.port());
        run.watch_empty();
        run.imap = proxy.port();
        let size: usize = (0..1_000).map(|n| mail(n).text.len()).sum();
        run.fill((0..1_000).map(mail));
        let owed = (0..1_000).map(mail).filter(|mail| mail.fate == Fate::Opens).count();
        let (_, daemon) = run.backlog(owed);
        let part = proxy.bytes(Way::Down) as f64 / size as f64;
        drop(daemon);
        let told = format!("{:.1} MB of {:.1} MB", part * size as f64 / 1e6, size as f64 / 1e6);
        self.figures.at_most("bytes from the server", part, 0.25, "of the mailbox", &told);
    }

    /// From EXISTS on the wire to the letter accepted; the case is on the disk before it leaves.
    fn reaction(&mut self) {
        let repeats = if self.pairs == 1 { 10 } else { 100 };
        let (name, other) = (self.name("reaction"), self.name("floor"));
        let mut run = Run::new(&self.rig, &name, self.sink.port());
        // Any byte of the server begins the clock; the answer to a poll would do so too soon.
        run.poll = "20m";
        run.watch_empty();
        let proxies = [(); 2].map(|()| Proxy::before(self.rig.imap_port()));
        run.imap = proxies[0].port();
        let daemon = Daemon::start(&self.rig, &run.config());
        let base = Run::new(&self.rig, &other, self.sink.port());
        base.fill([]);
        let (port, relay, user) = (proxies[1].port(), self.sink.port(), base.user.clone());
        let file = base.state.with_extension("floor");
        let (ended, over) = channel::<()>();
        let floor = thread::spawn(move || {
            let mut inbox = floor::Inbox::open(port, &user);
            let mut relay = floor::Relay::open(relay);
            let mut kept = fs::File::create(file).unwrap();
            while over.try_recv().is_err() {
                let number = inbox.idle();
                let mut owed = None;
                inbox.fetch_number(&number, |mail| {
                    std::io::Write::write_all(&mut kept, &mail[..mail.len().min(4096)]).unwrap();
                    kept.sync_data().unwrap();
                    owed = floor::author(mail);
                });
                relay.send(&owed.unwrap());
            }
            relay.quit();
        });
        rest(Duration::from_secs(2));
        let mut times = [Vec::new(), Vec::new()];
        for n in 0..repeats {
            for (which, user) in [&run.user, &base.user].into_iter().enumerate() {
                if n + 1 == repeats && which == 1 {
                    ended.send(()).unwrap();
                }
                self.sink.take();
                let before = proxies[which].bytes(Way::Down);
                let text = corpus::report(n).text;
                self.rig.append(user, "INBOX", Duration::ZERO, [text]);
                let (start, limit) = (Instant::now(), Duration::from_secs(30));
                while proxies[which].bytes(Way::Down) == before {
                    assert!(start.elapsed() < limit, "no mail is announced\n{}", daemon.log());
                    rest(Duration::from_micros(50));
                }
                let exists = Instant::now();
                wait(|| self.sink.count() > 0, || daemon.log());
                let taken = self.sink.take()[0].1;
                times[which].push(taken.saturating_duration_since(exists).as_secs_f64() * 1000.0);
                // Its keyword is set, and it waits again.
                rest(Duration::from_millis(300));
            }
        }
        floor.join().unwrap();
        let [ours, floors] = times;
        let ratio = median(&ours) / median(&floors);
        let told = format!(
            "{:.1} ms against {:.1} ms, median of {repeats}",
            median(&ours),
            median(&floors)
        );
        self.figures.at_most("reaction", ratio, 3.0, "× floor", &told);
        let mut sorted = ours.clone();
        sorted.sort_by(f64::total_cmp);
        let late = sorted[(sorted.len() * 99).div_ceil(100) - 1];
        self.figures.at_most("reaction, 99th percentile", late, 50.0, "ms", "of the same");
    }

    /// A server that is forty milliseconds away.
    fn far(&mut self) {
        let line = Line { delay: Duration::from_millis(20), ..Line::default() };
        let (imap, smtp) = (Proxy::before(self.rig.imap_port()), Proxy::before(self.sink.port()));
        imap.set(line);
        smtp.set(line);
        let (name, other) = (self.name("far"), self.name("floor"));
        let mut run = Run::new(&self.rig, &name, self.sink.port());
        run.watch_empty();
        run.imap = imap.port();
        run.fill((0..1_000).map(mail));
        let mut base = Run::new(&self.rig, &other, self.sink.port());
        base.fill((0..1_000).map(mail));
        base.imap = imap.port();
        let owed = (0..1_000).map(mail).filter(|mail| mail.fate == Fate::Opens).count();
        let floor = base.floor();
        let (took, daemon) = run.backlog(owed);
        drop(daemon);
        let (ours, floor) = (took.wall.as_secs_f64(), floor.wall.as_secs_f64());
        let told = format!("{ours:.2} s against {floor:.2} s, letters included");
        self.figures.at_most("1,000 mails, 40 ms away", ours / floor, 2.0, "× one command", &told);

        let few = 40;
        let start = Instant::now();
        for n in 0..few {
            let mut relay = floor::Relay::open(smtp.port());
            relay.send(&format!("r{n}@host.example"));
            relay.quit();
        }
        let one_each = f64::from(few) / start.elapsed().as_secs_f64();
        let name = self.name("far");
        let mut run = Run::new(&self.rig, &name, smtp.port());
        run.connections = 4;
        run.watch_empty();
        run.fill((0..400).map(corpus::report));
        let (took, daemon) = run.backlog(400);
        drop(daemon);
        let rate = 400.0 / took.wall.as_secs_f64();
        let told = format!("{rate:.0} letters/s on 4 connections against {one_each:.1}");
        self.figures.at_least("letters, 40 ms away", rate / one_each, 5.0, "×", &told);
    }

    /// With ten thousand open cases and nothing to do.
    fn idle(&mut self) {
        let name = self.name("idle");
        let proxy = Proxy::before(self.rig.imap_port());
        let mut run = Run::new(&self.rig, &name, self.sink.port());
        run.watch_empty();
        cases::make(&run, 10_000, false);
        run.imap = proxy.port();
        let daemon = Daemon::start(&self.rig, &run.config());
        let minutes = if self.pairs == 1 { 1 } else { 3 };
        rest(Duration::from_secs(20));
        let (before, bytes) = (usage::exact_time(daemon.id()), proxy.bytes(Way::Up));
        rest(Duration::from_secs(60 * minutes));
        let used = usage::exact_time(daemon.id()).saturating_sub(before);
        let said = proxy.bytes(Way::Up) - bytes;
        let told =
            format!("10,000 open cases; peak {:.0} MiB at the start", usage::peak(daemon.id()));
        self.figures.at_most("idle, memory", usage::resident(daemon.id()), 24.0, "MiB", &told);
        let used = used.as_secs_f64() * 1000.0 / minutes as f64;
        let told = format!(
            "{said} bytes said to the server in {minutes} min, which it asks once a minute"
        );
        self.figures.at_most("idle, processor time a minute", used, 1.5, "ms", &told);
    }
}

/// How many seconds of processor time a command takes.
fn processor_of(command: &mut Command) -> f64 {
    let before = usage::time_of_children();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{command:?} failed");
    usage::time_of_children().saturating_sub(before).as_secs_f64()
}
