//! Where a ledger is kept. A password is never shown: what is shown is put together from the parts that are
//! none, and what cannot be read is refused without a word of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ::postgres::Config;
use ::postgres::config::Host;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::tls::Tls;
use super::{DatabaseError, Result};

/// Where a ledger is kept.
#[derive(Clone, Debug)]
pub enum Location {
    /// An SQLite database in this file.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(Server),
}

impl FromStr for Location {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(rest) = behind_scheme(text) {
            return Server::parse(rest).map(Self::Server);
        }
        let is_path = ["/", "./", "../"].iter().any(|start| text.starts_with(start));
        if (!is_path || text.starts_with("//")) && could_hold_password(text) {
            return Err(DatabaseError::ConnectionString);
        }
        check_name(Path::new(text))?;
        Ok(Self::File(PathBuf::from(text)))
    }
}

/// Names that SQLite takes for something else than the file of that name.
pub fn check_name(path: &Path) -> Result<()> {
    let name = path.to_string_lossy();
    let is_uri = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    if name.is_empty() || name == ":memory:" || is_uri {
        return Err(DatabaseError::Name { name: name.into_owned() });
    }
    Ok(())
}

/// Without any password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

/// The rest of a PostgreSQL URL.
fn behind_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(rest)
}

/// Whether text that is not a PostgreSQL URL could be meant as a connection to a server. Taken for a file's
/// name it would be printed, and its password with it.
fn could_hold_password(text: &str) -> bool {
    /// Words of `key=value` connection strings.
    const WORDS: [&str; 11] = [
        "dbname",
        "host",
        "hostaddr",
        "options",
        "passfile",
        "password",
        "port",
        "service",
        "sslmode",
        "sslrootcert",
        "user",
    ];
    let text = text.to_ascii_lowercase();
    let is_word = |before: &str| {
        let before = before.trim_end();
        WORDS.iter().any(|word| {
            before.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_alphanumeric()))
        })
    };
    let schemes = ["postgres:", "postgresql:", "pgsql:", "jdbc:", "//"];
    let credentials = text.find(':').zip(text.rfind('@')).is_some_and(|(colon, at)| colon < at);
    text.contains("://")
        || schemes.iter().any(|scheme| text.trim_start().starts_with(scheme))
        || credentials
        || text.match_indices('=').any(|(at, _)| text.get(..at).is_some_and(is_word))
}

/// A database on a PostgreSQL server.
#[derive(Clone)]
pub struct Server {
    config: Box<Config>,
    tls: Tls,
}

/// Options of a URL; `sslmode` and `sslrootcert` are ours, the others the client's.
const OPTIONS: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

impl Server {
    /// Reads what follows `postgres://`. The client's own reading would take all up to the first `@` for user
    /// and password, and show what comes after it: each part has to be unmistakable first.
    fn parse(rest: &str) -> Result<Self> {
        const ESCAPE: &str = "in a user's name or a password write `%` as %25, `/` as %2F, `?` as %3F, `#` \
            as %23, `@` as %40 and a blank as %20";
        let refuse = |why| DatabaseError::Url { why };
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
        if authority.matches('@').count() > 1
            || tail.contains(['@', '#'])
            || !rest.chars().all(is_plain)
            || !is_escaped(rest)
        {
            return Err(refuse(ESCAPE));
        }
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let mut tls = Tls::default();
        let mut kept = Vec::new();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').ok_or(refuse(UNKNOWN))?;
            let decoded = || percent_decode_str(value).decode_utf8_lossy();
            match key {
                "sslmode" => tls.mode = Some(decoded().parse()?),
                "sslrootcert" => tls.roots = Some(PathBuf::from(decoded().as_ref())),
                known if OPTIONS.contains(&known) => kept.push(option),
                _ => return Err(refuse(UNKNOWN)),
            }
        }
        // What the client says of it could repeat it.
        let config: Config = format!("postgres://{authority}{path}?{}", kept.join("&"))
            .parse()
            .map_err(|_| refuse("a host, a port or an option in it cannot be read"))?;
        if config.get_hosts().is_empty() {
            return Err(refuse("it names no host; a Unix socket's folder is one, with %2F for `/`"));
        }
        tls.check()?;
        Ok(Self { config: Box::new(config), tls })
    }

    /// The client's part.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// What is asked of TLS.
    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }
}

const UNKNOWN: &str = "it may have the options sslmode, sslrootcert, user, password, host, hostaddr, port, \
    dbname, options, application_name, connect_timeout, tcp_user_timeout, keepalives, keepalives_idle, \
    keepalives_interval, keepalives_retries, target_session_attrs, channel_binding and load_balance_hosts";

/// Whether every `%` begins an escape.
fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

impl FromStr for Server {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self> {
        behind_scheme(text).ok_or(DatabaseError::ConnectionString).and_then(Self::parse)
    }
}

/// What needs no escape in a URL.
const SHOWN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `postgres://user@host:port/database`: what says which database it is, and nothing else.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |text: &str| utf8_percent_encode(text, SHOWN).to_string();
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{}@", escaped(user))?;
        }
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let host = match host {
                Host::Tcp(host) if host.contains(':') => format!("[{}]", host.replace(|c| !is_ipv6(c), "")),
                Host::Tcp(host) => escaped(host),
                #[cfg(unix)]
                Host::Unix(path) => escaped(&path.to_string_lossy()),
            };
            let port = port(&self.config, index);
            write!(f, "{}{host}", if index == 0 { "" } else { "," })?;
            if port != DEFAULT_PORT {
                write!(f, ":{port}")?;
            }
        }
        let database = self.config.get_dbname().map(escaped).unwrap_or_default();
        write!(f, "/{database}")
    }
}

fn is_ipv6(character: char) -> bool {
    character.is_ascii_hexdigit() || character == ':' || character == '.'
}

const DEFAULT_PORT: u16 = 5432;

/// The port of the host with this index: one port may serve all.
pub(super) fn port(config: &Config, index: usize) -> u16 {
    let ports = config.get_ports();
    ports.get(index).or(ports.first()).copied().unwrap_or(DEFAULT_PORT)
}

/// As it is shown: without the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    /// The password of all these, in parts that no escape or cut takes apart.
    const SECRET: &str = "s3cret";

    /// All that an error or a location could be printed as.
    fn said(text: &str) -> String {
        match text.parse::<Location>() {
            Ok(location) => format!("{location} {location:?} {location:#?}"),
            Err(error) => {
                let mut said = format!("{error} {error:?} {error:#?}");
                let mut cause = error.source();
                while let Some(error) = cause {
                    said.push_str(&format!("{error} {error:?}"));
                    cause = error.source();
                }
                said
            }
        }
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://vault:s3cret@db.example:6432/fair", "postgres://vault@db.example:6432/fair"),
            ("POSTGRES://vault:s3cret@db.example/fair?sslmode=disable", "postgres://vault@db.example/fair"),
            ("PostgreSQL://vault:%73%33cret%2F%3f%40%23@db/fair", "postgres://vault@db/fair"),
            ("postgresql://h/fair?user=a&password=s3cret", "postgres://a@h/fair"),
            ("postgres:///fair?host=%2Ftmp&user=a&password=s3cret", "postgres://a@%2Ftmp/fair"),
            ("postgres://u:s3cret@[::1]:1,b:2/fair", "postgres://u@[::1]:1,b:2/fair"),
            ("postgres://a%0Ab:s3cret@h/f%1B%5B31m", "postgres://a%0Ab@h/f%1B%5B31m"),
        ] {
            assert_eq!(url.parse::<Location>().unwrap().to_string(), shown, "{url}");
            assert!(!said(url).contains(SECRET), "{}", said(url));
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_a_word_of_it() {
        for text in [
            // A password with what has to be escaped, wherever that cuts it.
            "postgres://u:s3cret/x@h/d",
            "postgres://u:x/s3cret@h/d",
            "postgres://u:x?s3cret@h/d",
            "postgres://u:s3cret#x@h/d",
            "postgres://u:x#s3cret@h/d",
            "postgres://u:x@s3cret@h/d",
            "postgres://u:s3cret@x@h/d",
            "postgres://u:s3cret%@h/d",
            "postgres://u:%zzs3cret@h/d",
            "postgres://u:s3cret x@h/d",
            "postgres:///d?password=s3cret@x",
            "postgres:///d?user=u&password=x@s3cret&host=h",
            "postgres://h/d?password=x&s3cret",
            "postgres://h/d?password=x&s3cret=y",
            "postgres://h/d?password=x?s3cret#y",
            "postgres://u:s3cret",
            "postgres://u:s3cret@",
            "postgres://u:s3cret@/d",
            "postgres://u:s3cret@h:port/d",
            "postgres://u:s3cret@h:99999/d",
            "postgres://u:s3cret@[::1/d",
            "postgres://u:s3cret@h/d?sslmode=verify",
            "postgres://u:s3cret@h/d?sslrootcert=ca.pem",
            "postgres://h/d?sslmode=s3cret",
            "postgres://h/d?sslkey=s3cret",
            "postgres://h/d?connect_timeout=s3cret",
            // What is no such URL, and meant as one.
            " postgres://u:s3cret@h/d",
            "postgres//u:s3cret@h/d",
            "postgres:/u:s3cret@h/d",
            "postgres:u:s3cret",
            "//u:s3cret@h/d",
            "postgress://u:s3cret@h/d",
            "mysql://u:s3cret@h/d",
            "jdbc:postgresql:s3cret",
            "u:s3cret@h/d",
            "host=h password=s3cret",
            "Password = s3cret",
            "dbname='d' PASSWORD='s3cret'",
            "user=u\tpassword=s3cret",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text}");
            assert!(!said(text).contains(SECRET), "{text}: {}", said(text));
        }
    }

    /// Wherever a password stands, and whatever is beside or in it.
    #[test]
    fn no_text_around_a_password_has_it_shown() {
        let around = [
            "",
            "x",
            "/",
            "?",
            "#",
            "@",
            "%",
            "%zz",
            "%40",
            ":",
            "&",
            "=",
            " ",
            ",",
            "[",
            "]",
            "'",
            "\\",
            "//",
            "://",
            "/@",
            "@/",
            "?@",
            ":@",
            "@:",
            "&user=",
            "@x/y",
            "/x@y",
            "?x=y&",
            "\n",
            "\u{1b}[31m",
            "é",
        ];
        let places = [
            "postgres://u:{}@h/d",
            "postgres://u:{}@h:1/d?sslmode=disable",
            "POSTGRES://u:{}@h",
            "postgres://:{}@h/d",
            "postgresql://h/d?user=u&password={}",
            "postgres://h/d?password={}&user=u",
            "postgres:///d?host=h&password={}",
            "postgres://h/d?sslmode=disable&password={}",
            "postgres:/u:{}@h/d",
            "postgres:u:{}@h",
            "//u:{}@h/d",
            "u:{}@h/d",
            "http://u:{}@h/d",
            "host=h password={}",
            "PASSWORD = '{}' host=h",
        ];
        for place in places {
            for before in around {
                for behind in around {
                    let text = place.replace("{}", &format!("{before}{SECRET}{behind}"));
                    // What the URL itself calls the user is shown.
                    let is_user = before == "&user=";
                    assert!(is_user || !said(&text).contains(SECRET), "{text}: {}", said(&text));
                }
            }
        }
    }

    #[test]
    fn other_text_is_a_file_and_a_path_always() {
        for text in [
            "vault.ledger",
            "my ledger",
            "a=b.ledger",
            "/srv/host=a/x.ledger",
            "./host=a",
            "../u:x@h",
            "superuser=x",
        ] {
            let location = text.parse::<Location>();
            assert!(matches!(&location, Ok(Location::File(path)) if path == Path::new(text)), "{location:?}");
        }
        for text in ["", ":memory:", "file:x.ledger", "FILE:x", "file::memory:?cache=shared"] {
            let error = text.parse::<Location>().unwrap_err();
            assert!(matches!(error, DatabaseError::Name { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn the_client_gets_what_the_url_says() {
        let server: Server = "POSTGRES://v:a%2Fb%40c%25@h:6432/d?sslmode=verify-full&connect_timeout=3&\
            sslrootcert=%2Fetc%2Fca.pem"
            .parse()
            .unwrap();
        assert_eq!(server.config().get_password(), Some(b"a/b@c%".as_slice()));
        assert_eq!(server.config().get_connect_timeout(), Some(&std::time::Duration::from_secs(3)));
        assert_eq!(server.tls().roots.as_deref(), Some(Path::new("/etc/ca.pem")));
    }
}
