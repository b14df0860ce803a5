//! How much memory this process may still take.
//!
//! The machine's free memory is one bound. The control groups that the process runs in are others, and each
//! group up the tree counts: a process that outgrows one is killed without a word, though the machine has
//! memory left. No crate was found that gives what is left in all of them rather than the limit of one, so
//! the kernel's files are read here; what they say is decided by functions of their text.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that this process may still take, a margin left aside for what else runs; `None` where the system
/// does not say: only Linux does.
pub fn available() -> Option<u64> {
    let available = least(&|path| fs::read_to_string(path).ok())?;
    Some(available - available / MARGIN)
}

/// A part of what is there is left aside.
const MARGIN: u64 = 16;

/// Limits from here on are none: version 1 says "unlimited" by a huge number.
const UNLIMITED: u64 = 1 << 60;

/// The least of what the machine and each control group have left. `read` gives a file's text.
fn least(read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| field(&text, "MemAvailable:"));
    let machine = machine.and_then(|kibibytes| kibibytes.checked_mul(1 << 10));
    let of_process = [read(Path::new("/proc/self/cgroup")), read(Path::new("/proc/self/mountinfo"))];
    let groups = match of_process {
        [Some(groups), Some(mounts)] => {
            VERSIONS.iter().flat_map(|version| version.folders(&groups, &mounts)).collect()
        }
        _ => Vec::new(),
    };
    groups.iter().filter_map(|group: &Group| group.left(read)).chain(machine).min()
}

/// How a version of control groups names its files.
struct Version {
    /// The controller's name in the list of a process's groups, and among the mount's options.
    controller: Option<&'static str>,
    file_system: &'static str,
    limit: &'static str,
    usage: &'static str,
    /// Memory that the kernel takes back before it kills: what it keeps of files.
    reclaimable: [&'static str; 2],
}

const VERSIONS: [Version; 2] = [
    Version {
        controller: None,
        file_system: "cgroup2",
        limit: "memory.max",
        usage: "memory.current",
        reclaimable: ["inactive_file", "active_file"],
    },
    Version {
        controller: Some("memory"),
        file_system: "cgroup",
        limit: "memory.limit_in_bytes",
        usage: "memory.usage_in_bytes",
        reclaimable: ["total_inactive_file", "total_active_file"],
    },
];

/// A control group's folder.
struct Group {
    folder: PathBuf,
    version: &'static Version,
}

impl Version {
    /// The folders of the process's group and of all above it, as far as they are mounted here.
    fn folders(&'static self, groups: &str, mounts: &str) -> Vec<Group> {
        let folder = self.group(groups).and_then(|group| {
            let (root, point) = mounts.lines().find_map(|line| self.mount(line))?;
            // A container may see its own group alone, mounted under a path that it cannot see.
            let within = Path::new(group).strip_prefix(root).ok();
            let within = within.filter(|path| !path.components().any(|part| part.as_os_str() == ".."));
            Some((PathBuf::from(point), Path::new(point).join(within.unwrap_or(Path::new("")))))
        });
        let Some((top, lowest)) = folder else { return Vec::new() };
        let folders = lowest.ancestors().take_while(|folder| folder.starts_with(&top));
        folders.map(|folder| Group { folder: folder.to_owned(), version: self }).collect()
    }

    /// The process's group, from lines `number:controllers:path`.
    fn group<'a>(&self, groups: &'a str) -> Option<&'a str> {
        groups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let own = match self.controller {
                Some(controller) => controllers.split(',').any(|name| name == controller),
                None => controllers.is_empty(),
            };
            own.then_some(path)
        })
    }

    /// What is mounted and where, from a line `id parent device root point options … - kind source options`.
    fn mount<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let right = kind.next() == Some(self.file_system)
            && self.controller.is_none_or(|controller| {
                kind.nth(1).is_some_and(|options| options.split(',').any(|option| option == controller))
            });
        let mut place = place.split(' ').skip(3);
        right.then_some((place.next()?, place.next()?))
    }
}

impl Group {
    /// Bytes below the group's limit, `None` without one.
    fn left(&self, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
        let number = |name: &str| read(&self.folder.join(name))?.trim().parse::<u64>().ok();
        let limit = number(self.version.limit).filter(|limit| *limit < UNLIMITED)?;
        let usage = number(self.version.usage).unwrap_or(0);
        let statistics = read(&self.folder.join("memory.stat")).unwrap_or_default();
        let reclaimable: u64 =
            self.version.reclaimable.iter().filter_map(|name| field(&statistics, name)).sum();
        // A group may be above its limit, when that was lowered: then nothing is left.
        Some(limit.saturating_sub(usage.saturating_sub(reclaimable)))
    }
}

/// The number after a name, in lines of a name and a number each.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        if words.next() == Some(name) { words.next()?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: (&str, &str) =
        ("/proc/meminfo", "MemTotal:       24684096 kB\nMemFree:  1 kB\nMemAvailable:    1000000 kB\n");
    const MACHINE: u64 = 1_000_000 << 10;
    const V2_MOUNT: (&str, &str) = (
        "/proc/self/mountinfo",
        "24 1 0:22 / /proc rw,relatime shared:5 - proc proc rw\n\
         31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
    );

    fn least_of(files: &[(&str, &str)]) -> Option<u64> {
        least(&|path| {
            files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn without_groups_it_is_the_machines() {
        assert_eq!(least_of(&[]), None);
        assert_eq!(least_of(&[MEMINFO]), Some(MACHINE));
        let group = ("/proc/self/cgroup", "0::/a\n");
        assert_eq!(least_of(&[MEMINFO, V2_MOUNT, group]), Some(MACHINE));
        let max = ("/sys/fs/cgroup/a/memory.max", "max\n");
        assert_eq!(least_of(&[MEMINFO, V2_MOUNT, group, max]), Some(MACHINE));
    }

    #[test]
    fn in_nested_groups_of_version_2_it_is_the_least_up_the_tree() {
        let mut files = vec![
            MEMINFO,
            V2_MOUNT,
            ("/proc/self/cgroup", "0::/a/b/c\n"),
            ("/sys/fs/cgroup/a/b/c/memory.max", "900000000\n"),
            ("/sys/fs/cgroup/a/b/c/memory.current", "1000\n"),
            ("/sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("/sys/fs/cgroup/a/memory.max", "300000000\n"),
            ("/sys/fs/cgroup/a/memory.current", "50000000\n"),
        ];
        assert_eq!(least_of(&files), Some(250_000_000));
        files
            .push(("/sys/fs/cgroup/a/memory.stat", "anon 7\ninactive_file 30000000\nactive_file 10000000\n"));
        assert_eq!(least_of(&files), Some(290_000_000));
        // Sixty million in use of a limit of fifty.
        files.extend([
            ("/sys/fs/cgroup/memory.max", "50000000\n"),
            ("/sys/fs/cgroup/memory.current", "60000000\n"),
        ]);
        assert_eq!(least_of(&files), Some(0));
    }

    #[test]
    fn in_a_group_of_version_1_a_huge_number_is_no_limit() {
        let mut files = vec![
            MEMINFO,
            (
                "/proc/self/mountinfo",
                "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                 35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
                 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
            ),
            ("/proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/jobs/7\n0::/\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n"),
            ("/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "9223372036854771712\n"),
        ];
        assert_eq!(least_of(&files), Some(MACHINE));
        assert_eq!(least_of(&files[1..]), None);
        files.extend([
            ("/sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes", "314572800\n"),
            ("/sys/fs/cgroup/memory/jobs/7/memory.usage_in_bytes", "20000000\n"),
            ("/sys/fs/cgroup/memory/jobs/7/memory.stat", "inactive_file 1\ntotal_inactive_file 5427200\n"),
        ]);
        assert_eq!(least_of(&files), Some(300_000_000));
    }

    /// A container's group is mounted by itself: its path is that of the machine, or leads out of what is
    /// seen.
    #[test]
    fn a_container_sees_its_own_group_at_the_top() {
        let limit = ("/sys/fs/cgroup/memory.max", "123456\n");
        for (root, path) in
            [("/", "/"), ("/docker/0f", "/docker/0f"), ("/docker/0f", "/elsewhere"), ("/", "/../../sibling")]
        {
            let mounts = format!("31 23 0:28 {root} /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
            let group = format!("0::{path}\n");
            let files = [MEMINFO, ("/proc/self/mountinfo", &*mounts), ("/proc/self/cgroup", &*group), limit];
            assert_eq!(least_of(&files), Some(123_456), "{root} {path}");
        }
    }

    /// Whatever this machine has, it is read.
    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_says_what_it_has() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
