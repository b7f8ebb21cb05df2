//! Seeded worlds of reporters, maintainers, robots, outages and crashes, run for months of virtual time,
//! with the promises checked after every step by an oracle of their own.
//!
//! `make sim SEEDS=n` runs n worlds that nobody saw before; `make sim SEED=n` tells the whole story of
//! one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test ends at its first surprise"
)]

#[path = "worlds/chance.rs"]
mod chance;
#[path = "worlds/hourglass.rs"]
mod hourglass;
#[path = "worlds/judge.rs"]
mod judge;
#[path = "worlds/oracle.rs"]
mod oracle;
#[path = "worlds/people.rs"]
mod people;
#[path = "worlds/post.rs"]
mod post;
#[path = "worlds/rows.rs"]
mod rows;
#[path = "worlds/rules.rs"]
mod rules;
#[path = "worlds/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use world::World;

/// How many worlds are looked at where nobody says; `make test` asks for a thousand, optimised.
const WORLDS: u64 = 20;
/// How much of a story is told when it goes wrong.
const LINES: usize = 40;

/// What went wrong in a world; none where all promises were kept.
fn wrong(world: &mut World) -> Option<String> {
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    match ended {
        Ok(Ok(())) => None,
        Ok(Err(what)) => Some(what),
        Err(_) => Some("it panicked, as said above".into()),
    }
}

fn told(seed: u64, world: &World, what: &str, lines: usize) -> String {
    let from = world.story.len().saturating_sub(lines);
    format!(
        "world {seed}, step {}: {what}\n(again: make sim SEED={seed})\n{:?}\n{}",
        world.steps,
        world.rules,
        world.story[from..].join("\n")
    )
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}

/// The seeds to look at: the first, and how many.
fn seeds() -> (u64, u64) {
    let many = asked("SEEDS");
    let fresh = || {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        now * 1_000_000
    };
    let first = asked("FIRST").unwrap_or_else(|| many.map_or(1, |_| fresh()));
    (first, many.unwrap_or(WORLDS))
}

#[test]
fn in_every_world_every_promise_is_kept_or_told_to_be_missed() {
    if let Some(seed) = asked("SEED") {
        let mut world = World::of(seed);
        let what = wrong(&mut world);
        println!("{}", told(seed, &world, what.as_deref().unwrap_or("all is well"), usize::MAX));
        assert!(what.is_none(), "{what:?}");
        return;
    }
    let (first, many) = seeds();
    let (next, steps) = (AtomicU64::new(0), AtomicUsize::new(0));
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= many || failures.lock().unwrap().len() >= 5 {
                        break;
                    }
                    let seed = first + n;
                    let mut world = World::of(seed);
                    if let Some(what) = wrong(&mut world) {
                        failures.lock().unwrap().push((seed, told(seed, &world, &what, LINES)));
                    }
                    steps.fetch_add(world.steps, Ordering::Relaxed);
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let steps = steps.into_inner();
    println!("{many} worlds from seed {first}, {steps} steps");
    let told: Vec<String> = failures.into_iter().map(|(_, told)| told).collect();
    assert!(told.is_empty(), "{} worlds went wrong:\n{}", told.len(), told.join("\n\n"));
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 1..=6 {
        let [one, other] = [(); 2].map(|()| {
            let mut world = World::of(seed);
            wrong(&mut world);
            (world.story, world.rows)
        });
        assert_eq!(one, other, "world {seed}");
    }
}
