//! The chart: what a request takes of the processor, a panel for each workload, with the quartiles as whiskers.

use std::fmt::Write;

use crate::bench::Section;
use crate::figures::Figure;
use crate::figures::median::Spread;

/// The workloads that tell most; all of them would be pages.
const CHARTED: [&str; 7] = ["W1", "W1s", "W2", "W3", "W4", "W5", "W6"];
const WIDTH: f64 = 760.0;
const LEFT: f64 = 190.0;
const BAR: f64 = 16.0;
const LINE: f64 = 22.0;

/// A panel for each workload of which processor time was measured.
pub fn chart(sections: &[Section]) -> String {
    let charted = sections.iter().filter(|section| CHARTED.contains(&section.workload.id));
    let panels: Vec<_> = charted.map(|section| (section, bars(section))).collect();
    let panels: Vec<_> = panels.into_iter().filter(|(_, bars)| !bars.is_empty()).collect();
    let lines: usize = panels.iter().map(|(_, bars)| bars.len()).sum();
    let height = lines as f64 * LINE + panels.len() as f64 * 2.0 * LINE + LINE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let mut top = LINE;
    for (section, bars) in &panels {
        panel(&mut svg, section, bars, &mut top);
    }
    svg + "</svg>\n"
}

fn bars(section: &Section) -> Vec<(&str, Spread)> {
    let bar = |row: &'_ crate::figures::Row| Spread::of(row.values(Figure::Cpu));
    section.rows.iter().filter_map(|row| Some((row.name.as_str(), bar(row)?))).collect()
}

fn panel(svg: &mut String, section: &Section, bars: &[(&str, Spread)], top: &mut f64) {
    let most = bars.iter().map(|(_, spread)| spread.upper).fold(0.0, f64::max);
    let place = |value: f64| LEFT + value / most * (WIDTH - LEFT - 90.0);
    let (id, unit) = (section.workload.id, section.workload.traffic.unit());
    text(svg, 8.0, *top, "start", &format!("{id}: µs of processor time for a{} {unit}", article(unit)));
    *top += LINE;
    for (name, spread) in bars {
        let middle = *top - 4.0;
        let fill = if name.starts_with("tollgate") { "#c2410c" } else { "#94a3b8" };
        text(svg, LEFT - 8.0, *top, "end", name);
        // Writing to text does not fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{fill}\"/>\n<path d=\"M{:.1} \
             {middle:.1}H{:.1}\" stroke=\"#111\"/>",
            middle - BAR / 2.0,
            place(spread.median) - LEFT,
            place(spread.lower),
            place(spread.upper)
        );
        text(svg, place(spread.upper) + 6.0, *top, "start", &format!("{:.1}", spread.median));
        *top += LINE;
    }
    *top += LINE;
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    // Writing to text does not fail.
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "n" } else { "" }
}
