//! What the operating system is asked beside what the standard library asks it.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::Access;
use rustix::process::{Gid, Resource, Rlimit, Uid, getrlimit, setrlimit};
use rustix::thread::{
    CapabilitiesSecureBits, capabilities_secure_bits, set_capabilities_secure_bits,
    set_thread_res_gid, set_thread_res_uid,
};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// The user that we run as.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Keeps this process out of core files, and closed to debuggers of its own user: its memory holds
/// passwords and reports. `LimitCORE=0` alone does not hold for a kernel that pipes cores to a program.
pub fn keep_out_of_core_files() -> io::Result<()> {
    let nothing = rustix::process::DumpableBehavior::NotDumpable;
    Ok(rustix::process::set_dumpable_behavior(nothing)?)
}

/// Whatever we make from now on is for our user alone, also what others make for us: sled has no say in
/// the mode of its files, and a folder may have been there before us, open to everybody.
pub fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Whether we may make files in this folder. Only asks: nothing is made.
pub fn may_write(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Lets us open as many files as we may. The lower limit, 1024 mostly, is for programs that cannot count
/// further; each watched folder has a connection, and what comes beyond the limit takes it from the store.
pub fn open_many_files() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}

/// How many bytes of memory this process may ask for; none where nothing is said of that. What a group of
/// processes may use is another matter: who uses more is ended.
pub fn memory_limit() -> Option<u64> {
    [Resource::As, Resource::Data].into_iter().filter_map(|of| getrlimit(of).current).min()
}

/// How many columns the terminal on standard output has; none where it is no terminal, or one that
/// does not say.
pub fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Brings everything that was written to the file system of this file or folder onto its disk.
pub fn sync_file_system(of: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(of)?)
}

/// Makes durable all files of a folder and of the folders in it, and their names. On a file system where
/// others have much to write that takes a hundredth of the time of [`sync_file_system`].
pub fn sync_all_within(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let sync = if entry.file_type()?.is_dir() { sync_all_within } else { sync_one };
        match sync(&entry.path()) {
            // What is gone again need not last.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            synced => synced?,
        }
    }
    sync_one(folder)
}

/// Does what starts threads that wake by the clock only to see that there is nothing to do: the clock may
/// wake them so much later, together with others. Who is woken by work is woken at once.
pub fn with_late_clocks<T>(late: Duration, work: impl FnOnce() -> T) -> T {
    let late = u64::try_from(late.as_nanos()).ok().and_then(NonZeroU64::new);
    // A thread has this from the one that starts it. A system that refuses wakes them more often.
    let _ = rustix::thread::set_current_timer_slack(late);
    let done = work();
    let _ = rustix::thread::set_current_timer_slack(None);
    done
}

/// A timer by the wall clock, for [`ring_at`].
pub fn bell() -> io::Result<OwnedFd> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    Ok(timerfd_create(TimerfdClockId::Realtime, flags)?)
}

/// Lets a timer ring when the wall clock shows so long since 1970, in the place of what it was to ring at
/// before. It rings at once when that clock is set, or the machine wakes from a sleep (timerfd_create(2)).
/// False where that has happened since it was last heard: then it rings already.
pub fn ring_at(bell: &OwnedFd, since_epoch: Duration) -> io::Result<bool> {
    let tv_sec = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let at = Timespec { tv_sec, tv_nsec: since_epoch.subsec_nanos().into() };
    let once = Itimerspec { it_interval: Timespec::default(), it_value: at };
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    match timerfd_settime(bell, flags, &once) {
        Ok(_) => Ok(true),
        Err(rustix::io::Errno::CANCELED) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Hears whether a timer has rung; [`io::ErrorKind::WouldBlock`] where it has not.
pub fn has_rung(bell: &OwnedFd) -> io::Result<()> {
    let mut times = [0; 8];
    match rustix::io::read(bell, &mut times) {
        Ok(_) | Err(rustix::io::Errno::CANCELED) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How many bytes we may still write to the file system that holds `path`.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let room = rustix::fs::statvfs(path)?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// Files that a file system should still be able to hold where some are about to be made.
const A_FEW_FILES: u64 = 4;

/// Whether the file system that holds `path` can hold some more files, however small.
pub fn may_make_files(path: &Path) -> io::Result<bool> {
    let room = rustix::fs::statvfs(path)?;
    // Some file systems have no limit, and say so by naming none.
    Ok(room.f_files == 0 || room.f_favail >= A_FEW_FILES)
}

/// A program that leads a process group. Dropped, it is killed with all that it has started in it.
#[derive(Debug)]
pub struct Group(Option<u32>);

impl Group {
    /// The group of a program that was just started.
    pub fn led_by(leader: Option<u32>) -> Group {
        Group(leader)
    }

    /// The program has ended by itself. What it has left behind it may have left on purpose.
    pub fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|leader| i32::try_from(leader).ok());
        if let Some(leader) = leader.and_then(rustix::process::Pid::from_raw) {
            // Who has ended already cannot be killed.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

/// Lets two files or folders change places in one step.
pub fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    let exchange = rustix::fs::RenameFlags::EXCHANGE;
    Ok(rustix::fs::renameat_with(rustix::fs::CWD, one, rustix::fs::CWD, other, exchange)?)
}

/// Gives a folder and all that is in it to this user and group. No symbolic link is followed.
pub fn give(folder: &Path, (user, group): (u32, u32)) -> io::Result<()> {
    std::os::unix::fs::lchown(folder, Some(user), Some(group))?;
    if !std::fs::symlink_metadata(folder)?.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        give(&entry?.path(), (user, group))?;
    }
    Ok(())
}

/// What this thread makes belongs to somebody else until this is dropped. So does what threads make that it
/// starts meanwhile, for as long as they live.
#[derive(Debug)]
pub struct MakesForAnother {
    user: Uid,
    group: Gid,
    bits: CapabilitiesSecureBits,
}

/// From now on what root makes belongs to this user and group from its first moment, whatever ends us
/// before it could be given away. Root still may do what root may do.
pub fn make_for((user, group): (u32, u32)) -> io::Result<MakesForAnother> {
    let bits = capabilities_secure_bits()?;
    let us = MakesForAnother {
        user: rustix::process::geteuid(),
        group: rustix::process::getegid(),
        bits,
    };
    // Else what root may do would go with the name.
    set_capabilities_secure_bits(bits | CapabilitiesSecureBits::NO_SETUID_FIXUP)?;
    // Dropped in the middle of it, all of it is taken back.
    set_thread_res_gid(None, Gid::from_raw(group), None)?;
    set_thread_res_uid(None, Uid::from_raw(user), None)?;
    Ok(us)
}

impl Drop for MakesForAnother {
    fn drop(&mut self) {
        // Who could change them once may change them back.
        let _ = set_thread_res_uid(None, self.user, None);
        let _ = set_thread_res_gid(None, self.group, None);
        let _ = set_capabilities_secure_bits(self.bits);
    }
}

/// Makes durable what a file holds, or which names are in a folder.
pub fn sync_one(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
