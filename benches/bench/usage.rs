//! What a process has used, as Linux tells it.

use std::fs;
use std::time::Duration;

/// The processor time of all threads that live, exact to the nanosecond.
pub(crate) fn exact_time(process: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let times = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}

/// The processor time of the process, in ticks of ten milliseconds.
pub(crate) fn time(process: u32) -> Duration {
    ticks(&format!("/proc/{process}/stat"), [13, 14])
}

/// The processor time of all children of ours that have ended.
pub(crate) fn time_of_children() -> Duration {
    ticks("/proc/self/stat", [15, 16])
}

fn ticks(file: &str, fields: [usize; 2]) -> Duration {
    let text = fs::read_to_string(file).unwrap();
    // The name of the program stands in brackets and may hold blanks.
    let fields_after = text.rsplit_once(')').unwrap().1;
    let numbers: Vec<&str> = fields_after.split_whitespace().collect();
    // The third field of the file is the first after the name.
    let sum = fields.iter().map(|at| numbers[at - 2].parse::<u64>().unwrap()).sum::<u64>();
    Duration::from_millis(sum * 10)
}

/// The most memory that was ever resident, in MiB.
pub(crate) fn peak(process: u32) -> f64 {
    status(process, "VmHWM:")
}

/// The memory that is resident now, in MiB.
pub(crate) fn resident(process: u32) -> f64 {
    status(process, "VmRSS:")
}

fn status(process: u32, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
