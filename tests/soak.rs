//! The soak: the daemon itself, its store on the disk and its letters, in a week of virtual time, with
//! random faults. Only the clock, the mail server and the relay are ours.
//!
//! `make soak` runs seven days and ten thousand mails; a small one runs with the other tests. `SEED=n`
//! draws other lots. How far a crash gets in the middle of a turn hangs on the machine a little; all else
//! is the same in every run. Memory is judged in a week without crashes: after one, another process
//! would go on, and in this one lies what two lives have left.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at its first surprise, and tells what it measured"
)]

#[path = "worlds/chance.rs"]
mod chance;
#[path = "../benches/bench/corpus.rs"]
#[expect(dead_code, reason = "the benchmark needs more of it")]
mod corpus;
#[path = "soak/judge.rs"]
mod judge;
#[path = "soak/mails.rs"]
mod mails;
#[path = "soak/measure.rs"]
mod measure;
#[path = "soak/office.rs"]
mod office;
#[path = "soak/plan.rs"]
mod plan;
#[path = "soak/relay.rs"]
mod relay;
#[path = "soak/world.rs"]
mod world;

use plan::{FULL, Plan, SMALL, Size};
use world::World;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}

fn soak(size: Size, crashes: bool) {
    let seed = asked("SEED").unwrap_or(1);
    let with = if crashes { "with" } else { "without" };
    println!("seed {seed}, {} mails in {} hours, {with} crashes", size.mails, size.length / 3600);
    let dir = match std::env::var_os("SOAK_DIR") {
        Some(place) => tempfile::tempdir_in(place).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let wrong = runtime.unwrap().block_on(async {
        let mut world = World::new(Plan { seed, size, crashes }, dir.path());
        world.run().await;
        judge::wrong(&mut world).await
    });
    assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
}

#[test]
fn half_a_day_of_mail_and_faults_breaks_no_promise() {
    soak(SMALL, true);
}

#[test]
#[ignore = "minutes: make soak"]
fn a_week_of_mail_and_faults_breaks_no_promise() {
    soak(FULL, true);
}

#[test]
#[ignore = "minutes: make soak"]
fn a_week_without_a_crash_lets_nothing_grow() {
    soak(FULL, false);
}
