//! What stands between a command and others: a node that can be held up or lost, and a server of archives.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use super::anvil::post;

/// What becomes of a request to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is answered.
    Through,
    /// It does not reach the node, and is never answered.
    Held,
    /// It reaches the node, and is never answered.
    Taken,
    /// It does not reach the node, and the connection ends.
    Lost,
}

/// Stands before the node at this port, and decides of each request by its body. Returns its own URL.
pub fn before(node: u16, decide: impl Fn(&str) -> Way + Send + Sync + 'static) -> String {
    let decide = Arc::new(decide);
    serve(move |mut stream, _, body| match decide(&String::from_utf8_lossy(&body)) {
        Way::Through => answer(&mut stream, "200 OK", &post(node, &body)),
        Way::Held => wait(&mut stream),
        Way::Taken => {
            post(node, &body);
            wait(&mut stream);
        }
        Way::Lost => {}
    })
}

/// Stands before the node at this port, and alters what it answers. Returns its own URL.
pub fn altering(node: u16, alter: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> String {
    let alter = Arc::new(alter);
    serve(move |mut stream, _, body| {
        let answered = alter(&String::from_utf8_lossy(&body), post(node, &body));
        answer(&mut stream, "200 OK", &answered);
    })
}

/// Serves an archive. Returns the server's URL, and with it a token that no message may have.
pub fn archive(bytes: Vec<u8>) -> String {
    let url = serve(move |mut stream, head, _| match head.starts_with("GET /T0KEN/vault.tar ") {
        true => answer(&mut stream, "200 OK", &bytes),
        false => answer(&mut stream, "404 Not Found", b""),
    });
    format!("{url}/T0KEN/vault.tar")
}

/// A server, of archives or a node, whose answers have no end.
pub fn endless() -> String {
    let url = serve(|mut stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
    });
    format!("{url}/vault.tar")
}

/// Answers that what is looked for is elsewhere.
pub fn elsewhere(to: String) -> String {
    serve(move |mut stream, _, _| {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    })
}

/// Hands each request to `each`, with its head and body.
fn serve(each: impl Fn(TcpStream, String, Vec<u8>) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let each = Arc::new(each);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), each) = (stream, Arc::clone(&each)) else { continue };
            std::thread::spawn(move || {
                if let Some((head, body)) = request(&stream) {
                    each(stream, head, body);
                }
            });
        }
    });
    url
}

/// A request's head and body; none of a connection that was opened in vain.
fn request(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answer(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Until whoever asked gives up.
fn wait(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0]);
}
