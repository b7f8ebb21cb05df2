//! The whole program against real mail servers: what a reporter, a maintainer and a crash see.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends at its first surprise")]

pub mod rig;

#[path = "daemon/mails.rs"]
mod mails;

#[path = "daemon/alarm.rs"]
mod alarm;
#[path = "daemon/backup.rs"]
mod backup;
#[path = "daemon/case.rs"]
mod case;
#[path = "daemon/crash.rs"]
mod crash;
#[path = "daemon/disk.rs"]
mod disk;
#[path = "daemon/folders.rs"]
mod folders;
#[path = "daemon/garbled.rs"]
mod garbled;
#[path = "daemon/inboxes.rs"]
mod inboxes;
#[path = "daemon/keys.rs"]
mod keys;
#[path = "daemon/line.rs"]
mod line;
#[path = "daemon/load.rs"]
mod load;
#[path = "daemon/machine.rs"]
mod machine;
#[path = "daemon/operator.rs"]
mod operator;
#[path = "daemon/outage.rs"]
mod outage;
#[path = "daemon/planted.rs"]
mod planted;
#[path = "daemon/promises.rs"]
mod promises;
#[path = "daemon/proof.rs"]
mod proof;
#[path = "daemon/rebuild.rs"]
mod rebuild;
#[path = "daemon/robot.rs"]
mod robot;
#[path = "daemon/special.rs"]
mod special;
#[path = "daemon/steps.rs"]
mod steps;
#[path = "daemon/subaddress.rs"]
mod subaddress;
#[path = "daemon/team.rs"]
mod team;
#[path = "daemon/traces.rs"]
mod traces;
#[path = "daemon/two.rs"]
mod two;
