//! A feature drawn: the contributor's share of each bin beside the reference's, as SVG and in characters.
//!
//! A drawing shows the histogram: it is for the contributor's own eyes. Its colours and greys can be read on
//! white and on black. Names come from outside, so they are cut, and escaped as XML has it.

use std::fmt::Write;

use fairshare_circuits::numeric::fixed::to_decimal;

use super::{BinScore, FeatureScore};

/// Most bins that are drawn by themselves; the smallest of more are one bar.
pub const MOST_BARS: usize = 40;

/// One bar of each kind.
#[derive(Clone, Debug, PartialEq)]
struct Bar {
    name: String,
    /// Whether it stands for many bins: it is told and not drawn, since it would dwarf the others.
    is_rest: bool,
    share: f64,
    reference: f64,
}

impl From<&BinScore> for Bar {
    fn from(bin: &BinScore) -> Self {
        Self { name: bin.name.clone(), is_rest: false, share: bin.share, reference: bin.reference_share }
    }
}

/// The bars of a feature, in the schema's order: of many bins the larger ones, and the rest as one.
fn bars(feature: &FeatureScore) -> Vec<Bar> {
    if feature.bins.len() <= MOST_BARS {
        return feature.bins.iter().map(Bar::from).collect();
    }
    let mut order: Vec<usize> = (0..feature.bins.len()).collect();
    let size = |bin: &BinScore| bin.share.max(bin.reference_share);
    order.sort_by(|a, b| size(&feature.bins[*b]).total_cmp(&size(&feature.bins[*a])));
    let (kept, rest) = order.split_at_mut(MOST_BARS - 1);
    kept.sort_unstable();
    let mut bars: Vec<_> = kept.iter().map(|index| Bar::from(&feature.bins[*index])).collect();
    let sum = |of: fn(&BinScore) -> f64| rest.iter().map(|index| of(&feature.bins[*index])).sum();
    bars.push(Bar {
        name: format!("({} more bins)", rest.len()),
        is_rest: true,
        share: sum(|bin| bin.share),
        reference: sum(|bin| bin.reference_share),
    });
    bars
}

/// The largest share that is drawn, which takes the whole width; not 0.
fn largest(bars: &[Bar]) -> f64 {
    bars.iter()
        .filter(|bar| !bar.is_rest)
        .map(|bar| bar.share.max(bar.reference))
        .fold(f64::MIN_POSITIVE, f64::max)
}

/// The name of the file that a feature is drawn into: its number in the schema, from 1, and what of its name
/// every file system takes.
pub fn file_name(index: usize, feature: &FeatureScore) -> String {
    let mut name = format!("{:02}-", index + 1);
    for letter in feature.name.chars().take(40) {
        let plain = letter.is_ascii_alphanumeric() || letter == '_';
        if plain || !name.ends_with('-') {
            name.push(if plain { letter } else { '-' });
        }
    }
    format!("{}.svg", name.trim_end_matches('-'))
}

const WIDTH: f64 = 760.0;
/// Where bars begin and end.
const LEFT: f64 = 210.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 64.0;
/// Of a bin.
const ROW: f64 = 22.0;
/// Letters of a name beside its bars; a wide one counts twice.
const NAME_WIDTH: usize = 26;
/// Letters of a feature's name.
const TITLE_WIDTH: usize = 60;

/// Greys and colours that can be read on white and on black.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#767676}.h{font-size:15px;font-weight:600}\
                     .n{text-anchor:end}.t{text-anchor:middle}line{stroke:#888;stroke-opacity:.35}\
                     .d{fill:#3f8fd2}.r{fill:#d98a32}";

/// A feature as an SVG image that needs nothing but itself.
pub fn svg(feature: &FeatureScore) -> String {
    let bars = bars(feature);
    let largest = largest(&bars);
    let bottom = TOP + ROW * bars.len() as f64;
    let height = bottom + 48.0;
    let title = xml(&cut(&feature.name, TITLE_WIDTH));
    let nats = to_decimal(feature.per_record, 4);
    let mut image = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\"><title>{title}: {nats} nats per \
         record</title><style>{STYLE}</style>\n\
         <text class=\"h\" x=\"16\" y=\"24\">{title}: {nats} nats per record</text>\n\
         <rect class=\"d\" x=\"16\" y=\"38\" width=\"12\" height=\"9\"/><text x=\"34\" y=\"47\">this \
         data</text>\n\
         <rect class=\"r\" x=\"106\" y=\"40\" width=\"12\" height=\"5\"/><text x=\"124\" \
         y=\"47\">reference</text>\n"
    );
    axis(&mut image, largest, bottom);
    for (index, bar) in bars.iter().enumerate() {
        row(&mut image, bar, TOP + ROW * index as f64, largest);
    }
    let middle = (TOP + bottom) / 2.0;
    let _ = writeln!(
        image,
        "<text class=\"t\" x=\"{}\" y=\"{:.1}\">share of records</text>\n\
         <text class=\"t\" transform=\"translate(16 {middle:.1}) rotate(-90)\">bin</text>\n</svg>",
        (LEFT + RIGHT) / 2.0,
        bottom + 38.0
    );
    image
}

/// The lines of round shares, and what they stand for.
fn axis(image: &mut String, largest: f64, bottom: f64) {
    let step = round_step(largest);
    let mut tick = 0u32;
    while f64::from(tick) * step <= largest && tick <= 10 {
        let share = f64::from(tick) * step;
        let x = LEFT + (RIGHT - LEFT) * share / largest;
        // Writing to a string cannot fail.
        let _ = writeln!(
            image,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\
             <text class=\"t\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            bottom + 18.0,
            round_percent(share)
        );
        tick += 1;
    }
}

/// The two bars of a bin, with its name before and the contributor's share after them.
fn row(image: &mut String, bar: &Bar, top: f64, largest: f64) {
    let (share, reference) = (xml(&percent(bar.share)), xml(&percent(bar.reference)));
    let y = top + 14.0;
    let _ = write!(
        image,
        "<g><title>{}: {share}, reference {reference}</title><text class=\"n\" x=\"{}\" \
         y=\"{y:.1}\">{}</text>",
        xml(&cut(&bar.name, 200)),
        LEFT - 8.0,
        xml(&cut(&bar.name, NAME_WIDTH))
    );
    let (after, said) = if bar.is_rest {
        (LEFT + 6.0, format!("{share}, reference {reference}"))
    } else {
        let width = |share: f64| (RIGHT - LEFT) * share / largest;
        let (own, theirs) = (width(bar.share), width(bar.reference));
        let _ = write!(
            image,
            "<rect class=\"d\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{own:.1}\" height=\"9\"/>\
             <rect class=\"r\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{theirs:.1}\" height=\"5\"/>",
            top + 2.0,
            top + 12.0
        );
        (LEFT + 6.0 + own.max(theirs), share)
    };
    let _ = writeln!(image, "<text x=\"{after:.1}\" y=\"{y:.1}\">{said}</text></g>");
}

/// 1, 2 or 5 times a power of ten, so that three to seven steps make the whole.
fn round_step(largest: f64) -> f64 {
    let power = 10f64.powf((largest / 7.0).log10().ceil());
    [0.2, 0.5, 1.0].map(|part| part * power).into_iter().find(|step| largest / step <= 7.0).unwrap_or(power)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        share if share < 0.1 => "< 0.1 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

/// A round share, without zeros that say nothing.
fn round_percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Columns that a letter takes: two for those of Eastern Asia, and for pictures.
fn columns(letter: char) -> usize {
    let is_wide = matches!(
        letter,
        '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f000}'..='\u{3fffd}'
    );
    1 + usize::from(is_wide)
}

fn width_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// A name on one line that is not longer than that many columns.
fn cut(name: &str, most: usize) -> String {
    let name = fairshare_formats::excerpt::escaped(name);
    if width_of(&name) <= most {
        return name;
    }
    let (mut short, mut width) = (String::new(), 1);
    for letter in name.chars() {
        width += columns(letter);
        if width > most {
            break;
        }
        short.push(letter);
    }
    short + "…"
}

/// A text as XML has it; what XML has no letter for is replaced.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

/// What the characters of [`text`] mean.
pub const LEGEND: &str = "█ both   ▓ this data beyond the reference   ░ the reference beyond this data";

/// A feature in lines of characters, at most so many columns wide (of 40 at least): a bar for each bin, in no
/// colour.
pub fn text(feature: &FeatureScore, width: usize) -> String {
    let bars = bars(feature);
    let largest = largest(&bars);
    let names: Vec<_> = bars.iter().map(|bar| cut(&bar.name, NAME_WIDTH.min(width / 3))).collect();
    let longest = names.iter().map(|name| width_of(name)).max().unwrap_or(0);
    // Two spaces, the name, two shares of nine columns, and a space.
    let room = width.max(40).saturating_sub(longest + 22).max(1);
    let mut text = format!(
        "{}: {} nats per record\n",
        cut(&feature.name, TITLE_WIDTH.min(width / 2)),
        to_decimal(feature.per_record, 4)
    );
    let _ = writeln!(text, "  {}{:>9}{:>10}", " ".repeat(longest), "this data", "reference");
    for (bar, name) in bars.iter().zip(&names) {
        let room = if bar.is_rest { 0 } else { room };
        let cells = |share: f64| (share / largest * room as f64).round() as usize;
        let (own, theirs) = (cells(bar.share), cells(bar.reference));
        let both = own.min(theirs);
        let line = format!(
            "  {name}{}{:>9}{:>10} {}{}{}",
            " ".repeat(longest - width_of(name)),
            percent(bar.share),
            percent(bar.reference),
            "█".repeat(both),
            "▓".repeat(own - both),
            "░".repeat(theirs - both)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str, bins: Vec<(&str, f64, f64)>) -> FeatureScore {
        let bin = |(name, share, reference_share): (&str, f64, f64)| BinScore {
            name: name.into(),
            records: 0,
            share,
            reference_share,
            nats: 0.0,
        };
        FeatureScore {
            name: name.into(),
            score: 0,
            per_record: 1 << 47,
            bins: bins.into_iter().map(bin).collect(),
        }
    }

    /// How deep elements are at the end, after checking that each end tag is of the element that is open.
    fn assert_well_formed(image: &str) {
        let mut open: Vec<&str> = Vec::new();
        for part in image.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("a tag ends");
            assert!(!text.contains('>') && tag.matches('"').count().is_multiple_of(2), "{part}");
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if tag.ends_with('/') => {}
                None => open.push(tag.split(' ').next().expect("a name")),
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for entity in image.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)),
                "{entity}"
            );
        }
        assert!(image.chars().all(|letter| letter == '\n' || letter >= ' '));
    }

    #[test]
    fn hostile_names_are_text_and_nothing_else() {
        let name = "</text><script>alert(\"1\")</script>&\u{1b}[31m\u{ffff}]]>";
        let image = svg(&feature(name, vec![(name, 0.9999, 0.5), ("ok", 0.0001, 0.5)]));
        assert_well_formed(&image);
        assert!(!image.contains("<script") && image.contains("&lt;/text&gt;&lt;script"), "{image}");
        let long = "x".repeat(100_000);
        let image = svg(&feature(&long, vec![(&long, 1.0, 1.0)]));
        assert_well_formed(&image);
        assert!(image.len() < 4_000);
        let drawn = text(&feature(name, vec![(name, 0.5, 0.5)]), 80);
        assert!(!drawn.contains('\u{1b}'));
        assert_eq!(cut("日本語日本語", 5), "日本…");
    }

    #[test]
    fn every_share_is_drawn_and_many_small_bins_are_one() {
        let names: Vec<String> = (0..100).map(|bin| format!("b{bin}")).collect();
        let bins = names.iter().enumerate();
        let bins: Vec<_> = bins
            .map(|(index, name)| (name.as_str(), if index == 70 { 0.5 } else { 0.5 / 99.0 }, 0.01))
            .collect();
        let many = feature("many", bins);
        let drawn = bars(&many);
        assert_eq!((drawn.len(), drawn[39].name.as_str()), (40, "(61 more bins)"));
        assert!(drawn.iter().any(|bar| bar.name == "b70"));
        let sum: f64 = drawn.iter().map(|bar| bar.share).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert_well_formed(&svg(&many));
        assert_eq!(svg(&many).matches("<g>").count(), 40);
        // The rest is told, and dwarfs no bar: the largest bin takes the whole width.
        assert_eq!(svg(&many).matches("class=\"d\" x=\"210\"").count(), 39);
        assert!(svg(&many).contains("width=\"480.0\" height=\"9\""));
    }

    #[test]
    fn a_drawing_in_characters_is_as_wide_as_it_may_be() {
        let feature =
            feature("kind", vec![("a", 0.75, 0.25), ("a long label of this", 0.25, 0.5), ("", 0.0, 0.25)]);
        for width in [0, 40, 80, 200] {
            let drawn = text(&feature, width);
            let most = drawn.lines().map(width_of).max().unwrap();
            assert!(most <= width.max(40), "{width}: {most}\n{drawn}");
        }
        let drawn = text(&feature, 62);
        let lines: Vec<_> = drawn.lines().collect();
        assert_eq!(lines[0], "kind: 0.5000 nats per record");
        assert_eq!(lines[1], "                      this data reference");
        assert_eq!(lines[2], "  a                      75.0 %    25.0 % ███████▓▓▓▓▓▓▓▓▓▓▓▓▓");
        assert_eq!(lines[3], "  a long label of this   25.0 %    50.0 % ███████░░░░░░");
        assert_eq!(lines[4], "                            0 %    25.0 % ░░░░░░░");
    }

    #[test]
    fn files_are_named_for_every_file_system() {
        for (index, name, file) in [
            (0, "dep_delay", "01-dep_delay.svg"),
            (8, "carrier to dest", "09-carrier-to-dest.svg"),
            (9, "../../etc/passwd", "10-etc-passwd.svg"),
            (10, "日本", "11.svg"),
            (123, "", "124.svg"),
        ] {
            assert_eq!(file_name(index, &feature(name, vec![])), file);
        }
    }

    #[test]
    fn steps_are_round_and_shares_short() {
        for (largest, step) in [(1.0, 0.2), (0.5, 0.1), (0.12, 0.02), (0.034, 0.005), (0.007, 0.001)] {
            assert!((round_step(largest) / step - 1.0).abs() < 1e-9, "{largest}: {}", round_step(largest));
        }
        assert_eq!([0.0, 0.0001, 0.1234, 1.0].map(percent), ["0 %", "< 0.1 %", "12.3 %", "100.0 %"]);
        assert_eq!([0.0, 0.0005, 0.02, 1.0].map(round_percent), ["0 %", "0.05 %", "2 %", "100 %"]);
        // No bins, no shares: still a picture.
        assert_well_formed(&svg(&feature("none", vec![])));
        assert_well_formed(&svg(&feature("zero", vec![("a", 0.0, 0.0)])));
    }
}
