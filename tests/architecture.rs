//! The shape of the program, held by a test: who may know of whom.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test ends at its first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every source file, with the lines that are neither comments nor tests.
fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                let lines = code.lines().map(|line| line.split("//").next().unwrap());
                let code = lines.collect::<Vec<_>>().join("\n");
                found.insert(path.strip_prefix(&root).unwrap().to_owned(), code);
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// `desk/thread.rs` is `desk::thread`, `desk/mod.rs` is `desk`.
fn module(file: &Path) -> String {
    let name = file.with_extension("").to_string_lossy().replace('/', "::");
    name.strip_suffix("::mod").map_or(name.clone(), str::to_owned)
}

/// The paths that a file's `use` declarations name, groups taken apart: `crate::desk::time::Moment`.
fn uses(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for declaration in code.split("use ").skip(1) {
        let tree = declaration.split(';').next().unwrap();
        if !tree.contains('\n') || tree.contains('{') {
            let tree: String = tree.chars().filter(|c| !c.is_whitespace()).collect();
            take_apart("", &tree, &mut paths);
        }
    }
    for word in code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        if word.starts_with("crate::") {
            paths.push(word.to_owned());
        }
    }
    paths
}

fn take_apart(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        return paths.push(format!("{before}{tree}"));
    };
    let group = group.strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                take_apart(&format!("{before}{head}"), &group[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The module that a path in `from` leads to.
fn target(from: &str, is_parent: bool, path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let parent = from.rsplit_once("::").map_or("", |(parent, _)| parent);
    let full = if let Some(rest) = path.strip_prefix("crate::") {
        rest.to_owned()
    } else if let Some(rest) = path.strip_prefix("self::") {
        format!("{from}::{rest}")
    } else if let Some(rest) = path.strip_prefix("super::super::") {
        let above = parent.rsplit_once("::").map_or("", |(above, _)| above);
        format!("{above}::{rest}")
    } else if let Some(rest) = path.strip_prefix("super::") {
        format!("{parent}::{rest}")
    } else if is_parent && modules.contains(&format!("{from}::{}", path.split("::").next()?)) {
        format!("{from}::{path}")
    } else {
        return None;
    };
    let mut known = full.trim_start_matches(':');
    while !modules.contains(known) {
        known = known.rsplit_once("::")?.0;
    }
    (known != from).then(|| known.to_owned())
}

fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources();
    let modules: BTreeSet<String> = sources.keys().map(|file| module(file)).collect();
    let edges = sources.iter().map(|(file, code)| {
        let from = module(file);
        let is_parent = modules.iter().any(|m| m.starts_with(&format!("{from}::")));
        let to = uses(code).iter().filter_map(|p| target(&from, is_parent, p, &modules)).collect();
        (from, to)
    });
    edges.collect()
}

#[test]
fn no_two_modules_import_each_other_however_far_around() {
    let graph = graph();
    let reach = |from: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = open.pop() {
            for next in graph.get(&module).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let cyclic: Vec<&String> = graph.keys().filter(|m| reach(m).contains(*m)).collect();
    assert!(cyclic.is_empty(), "these import each other: {cyclic:?}");
}

#[test]
fn the_desk_knows_no_edge_no_clock_and_no_runtime() {
    let forbidden = [
        "tokio",
        "sled::",
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "ToSocketAddrs",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant",
        "async fn",
        ".await",
        "getrandom",
        "HashMap",
        "HashSet",
        "tracing::",
        "println!",
        "crate::io",
        "crate::config",
        "crate::daemon",
        "crate::cli",
        "Timestamp::now",
        "Zoned::now",
        "static mut",
    ];
    for (file, code) in sources().iter().filter(|(file, _)| file.starts_with("desk")) {
        for word in forbidden {
            assert!(!code.contains(word), "{} names {word}", file.display());
        }
    }
}

#[test]
fn edges_do_not_know_each_other() {
    for (from, to) in graph().iter().filter(|(from, _)| from.starts_with("io::")) {
        let edge = |module: &str| module.split("::").nth(1).unwrap_or_default().to_owned();
        for module in to {
            let own = module.starts_with("io::") && edge(module) == edge(from);
            let shared = ["io::base64", "io::password", "io::tls", "io::unix"];
            let shared = shared.contains(&module.as_str());
            let below = module.starts_with("desk") || module.starts_with("config");
            assert!(own || shared || below, "{from} imports {module}");
        }
    }
}

#[test]
fn the_clock_is_read_in_one_file() {
    for (file, code) in sources() {
        if file != Path::new("io/wall.rs") {
            for word in ["SystemTime::now", "Timestamp::now", "Zoned::now", "Utc::now"] {
                assert!(!code.contains(word), "{} reads the clock", file.display());
            }
        }
    }
}

/// The one crate that two files name: one writes mails with it, the other commands.
const IN_TWO_FILES: [&str; 1] = ["lettre"];

/// Crates that are words rather than doings: they may stand in any file that needs them.
const VOCABULARY: [&str; 7] =
    ["futures_util", "secrecy", "serde", "serde_json", "thiserror", "tokio", "tracing"];

#[test]
fn each_outside_crate_is_named_in_one_file() {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let table = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = table
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"));
    let sources = sources();
    for name in names.filter(|name| !VOCABULARY.contains(&name.as_str())) {
        let names_it = |code: &str| {
            code.match_indices(&format!("{name}::")).any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            })
        };
        let files: Vec<_> =
            sources.iter().filter(|(_, code)| names_it(code)).map(|(f, _)| f).collect();
        let allowed = if IN_TWO_FILES.contains(&name.as_str()) { 2 } else { 1 };
        assert_eq!(files.len(), allowed, "{name} is named in {files:?}");
    }
}
