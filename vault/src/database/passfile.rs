//! Passwords that stand neither in a URL nor on a command line: `PGPASSWORD`, and libpq's password file.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ::postgres::Config;
use ::postgres::config::Host;
use fairshare_formats::BYTE_ORDER_MARK;

use super::location::port;
use super::{DatabaseError, Environment, Result};

/// The most that is read of a password file.
const LIMIT: u64 = 1 << 20;

/// The password that the environment has for a server, if any: `PGPASSWORD`, or a line of the file that
/// `PGPASSFILE` names, else of `~/.pgpass`.
pub fn password(config: &Config, environment: Environment<'_>) -> Result<Option<String>> {
    let given = |name| environment(name).filter(|value| !value.is_empty());
    if let Some(password) = given("PGPASSWORD") {
        return Ok(Some(password));
    }
    let home = || given("HOME").map(|home| Path::new(&home).join(".pgpass"));
    let Some(content) = given("PGPASSFILE").map(PathBuf::from).or_else(home).and_then(|path| read(&path))
    else {
        return Ok(None);
    };
    let user = config.get_user().map(str::to_owned).or_else(|| given("USER")).or_else(|| given("LOGNAME"));
    let Some(user) = user else { return Ok(None) };
    let database = config.get_dbname().unwrap_or(&user);
    let of_host = |(index, host): (usize, &Host)| {
        let port = port(config, index).to_string();
        hosts(host).iter().find_map(|host| find(&content, [host, &port, database, &user]))
    };
    let passwords: Vec<_> = config.get_hosts().iter().enumerate().map(of_host).collect();
    match passwords.as_slice() {
        [] => Ok(None),
        // No host is to see another one's password.
        [first, rest @ ..] if rest.iter().all(|other| other == first) => Ok(first.clone()),
        _ => Err(DatabaseError::Passwords),
    }
}

/// What the file may call a host.
fn hosts(host: &Host) -> Vec<String> {
    match host {
        Host::Tcp(host) => vec![host.clone()],
        #[cfg(unix)]
        Host::Unix(path) => {
            let path = path.to_string_lossy().into_owned();
            // The folders that libpq is built with.
            let is_usual = ["/tmp", "/run/postgresql", "/var/run/postgresql"].contains(&path.as_str());
            if is_usual { vec![path, "localhost".to_owned()] } else { vec![path] }
        }
    }
}

/// The file's text, unless others may read it: as libpq does, it is ignored then, with a warning.
fn read(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let shown = path.display();
    if !metadata.is_file() {
        tracing::warn!("{shown} is not a file; no password is read from it");
        return None;
    }
    if is_open_to_others(&metadata) {
        tracing::warn!(
            "others may read {shown}; no password is read from it until `chmod 600` makes it yours alone"
        );
        return None;
    }
    let mut content = Vec::new();
    match fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut content)) {
        Ok(_) => {
            let text = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content);
            Some(String::from_utf8_lossy(text).into_owned())
        }
        Err(error) => {
            tracing::warn!("{shown} cannot be read ({error}); no password is read from it");
            None
        }
    }
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

/// Elsewhere a home is its owner's, and libpq asks no more either.
#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// The password of the first line that is for these: host, port, database, user.
fn find(content: &str, wanted: [&str; 4]) -> Option<String> {
    content.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for wanted in wanted {
            let (field, behind) = field(rest);
            let is_any = rest.starts_with("*:");
            if !is_any && field != wanted {
                return None;
            }
            rest = behind?;
        }
        Some(field(rest).0)
    })
}

/// A field up to its colon, without its escapes, and what is behind the colon.
fn field(text: &str) -> (String, Option<&str>) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            ':' => return (value, text.get(at.saturating_add(1)..)),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# comment:1:d:u:no\n\
        h:5432:d:u:plain\n\
        h:5432:*:u2:any\\:\\\\thing\n\
        colon\\:host:*:*:*:escaped\n\
        \\*:1:d:u:literal\n\
        broken\n\
        *:1:d:last:everywhere\r\n\
        localhost:5432:d:u:socket\n\
        h:5432:d:u:second";

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        for (wanted, password) in [
            (["h", "5432", "d", "u"], Some("plain")),
            (["h", "5432", "x", "u2"], Some("any:\\thing")),
            (["colon:host", "9", "x", "y"], Some("escaped")),
            (["*", "1", "d", "u"], Some("literal")),
            (["other", "1", "d", "u"], None),
            (["other", "1", "d", "last"], Some("everywhere")),
            (["comment", "1", "d", "u"], None),
            (["# comment", "1", "d", "u"], None),
            (["broken", "1", "d", "u"], None),
        ] {
            assert_eq!(find(FILE, wanted).as_deref(), password, "{wanted:?}");
        }
    }

    #[cfg(unix)]
    fn password_of(url: &str, environment: Environment<'_>) -> Result<Option<String>> {
        let config = url.parse().unwrap();
        password(&config, environment)
    }

    #[cfg(unix)]
    #[test]
    fn files_that_others_may_read_are_ignored() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        fs::write(&path, FILE).unwrap();
        let environment = |name: &str| (name == "PGPASSFILE").then(|| path.display().to_string());
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o610, 0o601] {
            set(mode);
            assert_eq!(password_of("postgres://u@h/d", &environment).unwrap(), None, "{mode:o}");
        }
        set(0o600);
        let found = |url| password_of(url, &environment).unwrap();
        assert_eq!(found("postgres://u@h/d").as_deref(), Some("plain"));
        assert_eq!(found("postgres://u@%2Ftmp/d").as_deref(), Some("socket"));
        assert_eq!(found("postgres://u@%2Felsewhere/d"), None);
        assert_eq!(found("postgres://u@h,h/d").as_deref(), Some("plain"));
        let error = password_of("postgres://u@h,localhost/d", &environment).unwrap_err();
        assert!(matches!(error, DatabaseError::Passwords), "{error}");
        // A byte-order mark is no part of the first line.
        fs::write(&path, "\u{feff}h:5432:d:u:marked\n").unwrap();
        assert_eq!(found("postgres://u@h/d").as_deref(), Some("marked"));
        fs::write(&path, FILE).unwrap();
        // A home's file, and the variable that comes before any file.
        fs::rename(&path, folder.path().join(".pgpass")).unwrap();
        let home = |name: &str| (name == "HOME").then(|| folder.path().display().to_string());
        assert_eq!(password_of("postgres://u@h/d", &home).unwrap().as_deref(), Some("plain"));
        let variable = |name: &str| if name == "PGPASSWORD" { Some("v".to_owned()) } else { home(name) };
        assert_eq!(password_of("postgres://u@h/d", &variable).unwrap().as_deref(), Some("v"));
        assert_eq!(password_of("postgres://u@h/d", &|_| None).unwrap(), None);
    }
}
