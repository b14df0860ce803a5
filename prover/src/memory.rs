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
    let available = least(&|path| fs::read(path).ok())?;
    Some(available - available / MARGIN)
}

/// A part of what is there is left aside.
const MARGIN: u64 = 16;

/// Limits from here on are none: version 1 says "unlimited" by a huge number.
const UNLIMITED: u64 = 1 << 60;

/// The least of what the machine and each control group have left. `read` gives a file's bytes.
fn least(read: &dyn Fn(&Path) -> Option<Vec<u8>>) -> Option<u64> {
    // The list of mounts may hold any path, and a path is not always UTF-8. One such path must not hide the
    // control groups.
    let read = |path: &Path| read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| field(&text, "MemAvailable:"));
    let machine = machine.and_then(|kibibytes| kibibytes.checked_mul(1 << 10));
    let of_process = [read(Path::new("/proc/self/cgroup")), read(Path::new("/proc/self/mountinfo"))];
    let groups = match of_process {
        [Some(groups), Some(mounts)] => {
            VERSIONS.iter().flat_map(|version| version.folders(&groups, &mounts)).collect()
        }
        _ => Vec::new(),
    };
    groups.iter().filter_map(|group: &Group| group.left(&read)).chain(machine).min()
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
    ///
    /// A container in a container may see several mounts, some of them of other groups. A mount counts if its
    /// root is the process's group or lies above it.
    fn folders(&'static self, groups: &str, mounts: &str) -> Vec<Group> {
        let Some(group) = self.group(groups) else { return Vec::new() };
        let mounts: Vec<Mount> = mounts.lines().filter_map(|line| self.mount(line)).collect();
        let folders: Vec<PathBuf> =
            mounts.iter().filter_map(|mount| mount.folders(group)).flatten().collect();
        let folders = match mounts.into_iter().next() {
            // A container may see its own group alone, mounted from a path that it cannot see.
            Some(first) if folders.is_empty() => vec![first.point],
            _ => folders,
        };
        folders.into_iter().map(|folder| Group { folder, version: self }).collect()
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
    fn mount(&self, line: &str) -> Option<Mount> {
        let (mount, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let right = kind.next() == Some(self.file_system)
            && self.controller.is_none_or(|controller| {
                kind.nth(1).is_some_and(|options| options.split(',').any(|option| option == controller))
            });
        let mut fields = mount.split(' ').skip(3);
        let mut path = || fields.next().map(unescaped);
        if right { Some(Mount { root: path()?, point: path()? }) } else { None }
    }
}

/// Where a tree of control groups is mounted.
struct Mount {
    /// The group that is mounted.
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    /// The folders of a group and of all above it up to the root; `None` if the group is not below the root.
    fn folders(&self, group: &str) -> Option<Vec<PathBuf>> {
        let within = Path::new(group).strip_prefix(&self.root).ok()?;
        let leads_out = within.components().any(|part| part.as_os_str() == "..");
        let folder = self.point.join(within);
        let folders = folder.ancestors().take_while(|folder| folder.starts_with(&self.point));
        (!leads_out).then(|| folders.map(Path::to_owned).collect())
    }
}

/// The path that the kernel wrote with spaces, tabs, line ends and backslashes as three octal digits each:
/// `\040` is a space.
fn unescaped(path: &str) -> PathBuf {
    let mut parts = path.split('\\');
    let mut bytes = parts.next().unwrap_or("").as_bytes().to_vec();
    for part in parts {
        let octal = part.split_at_checked(3).and_then(|(digits, rest)| {
            let octal = digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
            Some((u8::from_str_radix(digits, 8).ok().filter(|_| octal)?, rest))
        });
        match octal {
            Some((byte, rest)) => bytes.extend([&[byte], rest.as_bytes()].concat()),
            None => bytes.extend([b"\\", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

impl Group {
    /// Bytes below the group's limit, `None` without one.
    fn left(&self, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
        let number = |name: &str| read(&self.folder.join(name))?.trim().parse::<u64>().ok();
        let limit = number(self.version.limit).filter(|limit| *limit < UNLIMITED)?;
        let usage = number(self.version.usage).unwrap_or(0);
        let statistics = read(&self.folder.join("memory.stat")).unwrap_or_default();
        let reclaimable = self.version.reclaimable.iter().filter_map(|name| field(&statistics, name));
        let reclaimable = reclaimable.fold(0, u64::saturating_add);
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
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        least_of_bytes(&files)
    }

    fn least_of_bytes(files: &[(&str, &[u8])]) -> Option<u64> {
        least(&|path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, bytes)| bytes.to_vec()))
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
            let outside = ("/sys/fs/cgroup/../../sibling/memory.max", "1\n");
            let of_process = [("/proc/self/mountinfo", &*mounts), ("/proc/self/cgroup", &*group)];
            let files = [&[MEMINFO, limit, outside], &of_process[..]].concat();
            assert_eq!(least_of(&files), Some(123_456), "{root} {path}");
        }
    }

    #[test]
    fn a_mount_path_that_is_not_utf_8_hides_no_group() {
        let mounts =
            [&b"30 1 8:1 / /media/caf\xe9 rw - ext4 /dev/sdb1 rw\n"[..], V2_MOUNT.1.as_bytes()].concat();
        let files: [(&str, &[u8]); 4] = [
            (MEMINFO.0, MEMINFO.1.as_bytes()),
            (V2_MOUNT.0, &mounts),
            ("/proc/self/cgroup", b"0::/a\n"),
            ("/sys/fs/cgroup/a/memory.max", b"1000\n"),
        ];
        assert_eq!(least_of_bytes(&files), Some(1000));
    }

    /// The outer container's mounts, of another group or under another name, come before the inner one's.
    #[test]
    fn in_a_container_in_a_container_the_mount_of_the_own_group_counts() {
        let mounts = "31 23 0:28 /docker/0 /outer ro - cgroup2 cgroup rw\n\
                      32 23 0:28 /docker/0f/docker/77 /inner ro - cgroup2 cgroup rw\n\
                      33 23 0:28 /docker/0f /whole ro - cgroup2 cgroup rw\n";
        let mut files = vec![
            MEMINFO,
            ("/proc/self/mountinfo", mounts),
            ("/proc/self/cgroup", "0::/docker/0f/docker/77/job\n"),
            ("/outer/memory.max", "1\n"),
            ("/inner/job/memory.max", "3000\n"),
        ];
        assert_eq!(least_of(&files), Some(3000));
        // The outer container's limit is the inner one's, too.
        files.push(("/whole/memory.max", "2000\n"));
        assert_eq!(least_of(&files), Some(2000));
    }

    #[test]
    fn a_mount_path_with_a_space_is_found() {
        let mounts = "31 23 0:28 /my\\040jobs /control\\040groups rw - cgroup2 cgroup2 rw\n";
        let files = [
            MEMINFO,
            ("/proc/self/mountinfo", mounts),
            ("/proc/self/cgroup", "0::/my jobs/7\n"),
            ("/control groups/7/memory.max", "1000\n"),
        ];
        assert_eq!(least_of(&files), Some(1000));
        for (escaped, path) in [
            ("/a\\040b\\011c\\012d\\134e", "/a b\tc\nd\\e"),
            ("/\\303\\251", "/é"),
            ("/\\04", "/\\04"),
            ("/\\+40", "/\\+40"),
            ("/\\777\\", "/\\777\\"),
            ("/\\04é", "/\\04é"),
        ] {
            assert_eq!(unescaped(escaped), Path::new(path));
        }
    }

    #[test]
    fn reclaimable_memory_beyond_all_numbers_is_all_that_is_in_use() {
        let files = [
            MEMINFO,
            V2_MOUNT,
            ("/proc/self/cgroup", "0::/a\n"),
            ("/sys/fs/cgroup/a/memory.max", "1000\n"),
            ("/sys/fs/cgroup/a/memory.current", "900\n"),
            ("/sys/fs/cgroup/a/memory.stat", "inactive_file 18446744073709551615\nactive_file 1\n"),
        ];
        assert_eq!(least_of(&files), Some(1000));
    }

    /// Whatever this machine has, it is read.
    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_says_what_it_has() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
