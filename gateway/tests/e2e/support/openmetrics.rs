//! A strict reader of OpenMetrics 1.0 text: what it accepts is well-formed, and named as Prometheus advises.

use std::collections::{BTreeMap, BTreeSet};

/// What stands for one name.
#[derive(Debug)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub unit: Option<String>,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

#[derive(Debug)]
pub struct Exposition {
    pub families: Vec<Family>,
}

impl Family {
    /// The name in queries, as far as it does not depend on what is asked of a histogram.
    pub fn queried(&self) -> String {
        match self.kind.as_str() {
            "counter" => format!("{}_total", self.name),
            "info" => format!("{}_info", self.name),
            _ => self.name.clone(),
        }
    }

    /// The labels its series have, except those of the format itself.
    pub fn label_names(&self) -> BTreeSet<&str> {
        let names = self.samples.iter().flat_map(|sample| sample.labels.keys().map(String::as_str));
        names.filter(|name| *name != "le").collect()
    }
}

impl Exposition {
    /// Reads a whole exposition.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(text: &str) -> Result<Exposition, String> {
        let body = text.strip_suffix("# EOF\n").ok_or("the text does not end with # EOF")?;
        let mut families: Vec<Family> = Vec::new();
        let mut lines = body.split_terminator('\n').peekable();
        while let Some(line) = lines.next() {
            let Some(described) = line.strip_prefix("# HELP ") else {
                let family = families.last_mut().ok_or(format!("a sample before any family: {line}"))?;
                family.samples.push(sample(line)?);
                continue;
            };
            let (name, help) = described.split_once(' ').ok_or(format!("no help: {line}"))?;
            if !help.ends_with('.') || help.len() < 5 {
                return Err(format!("the help is no sentence: {line}"));
            }
            let typed = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} ")));
            let kind = typed.ok_or(format!("no type of {name} follows its help"))?.to_string();
            let unit = lines.next_if(|line| line.starts_with("# UNIT "));
            let unit = match unit.map(|line| (line, line.strip_prefix(&format!("# UNIT {name} ")))) {
                None => None,
                Some((_, Some(unit))) => Some(unit.to_string()),
                Some((line, None)) => return Err(format!("the unit of another than {name}: {line}")),
            };
            families.push(Family { name: name.to_string(), kind, unit, samples: Vec::new() });
        }
        let exposition = Exposition { families };
        exposition.check()?;
        Ok(exposition)
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        let mut series = BTreeSet::new();
        for family in &self.families {
            if !names.insert(&family.name) {
                return Err(format!("{} comes twice", family.name));
            }
            check_name(family)?;
            for sample in &family.samples {
                check_sample(family, sample)?;
                if !series.insert((&sample.name, &sample.labels)) {
                    return Err(format!("the series {sample:?} comes twice"));
                }
            }
            if family.kind == "histogram" {
                check_histogram(family)?;
            }
        }
        Ok(())
    }

    /// The sum of the series of this name that have these labels; 0 where there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.samples(name, labels).map(|sample| sample.value).sum()
    }

    pub fn samples<'s>(
        &'s self,
        name: &'s str,
        labels: &'s [(&'s str, &'s str)],
    ) -> impl Iterator<Item = &'s Sample> {
        let all = self.families.iter().flat_map(|family| &family.samples);
        let labelled = |sample: &Sample| {
            labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|found| found == value))
        };
        all.filter(move |sample| sample.name == name && labelled(sample))
    }

    /// Every series, by name and labels.
    pub fn series(&self) -> BTreeSet<(String, BTreeMap<String, String>)> {
        let all = self.families.iter().flat_map(|family| &family.samples);
        all.map(|sample| (sample.name.clone(), sample.labels.clone())).collect()
    }
}

fn check_name(family: &Family) -> Result<(), String> {
    let Family { name, kind, unit, .. } = family;
    let words = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !words || !name.starts_with(|first: char| first.is_ascii_lowercase()) || name.contains("__") {
        return Err(format!("{name} is not in snake case"));
    }
    for reserved in ["_total", "_created", "_count", "_sum", "_bucket", "_info"] {
        if name.ends_with(reserved) {
            return Err(format!("{name} ends with a word of the format's own"));
        }
    }
    if !["counter", "gauge", "histogram", "info"].contains(&kind.as_str()) {
        return Err(format!("{name} has the unknown type {kind}"));
    }
    let base = ["seconds", "bytes"];
    let named = base.iter().find(|unit| name.ends_with(&format!("_{unit}")));
    if unit.as_deref() != named.copied() {
        return Err(format!("{name} has the unit {unit:?}, which its name does not say"));
    }
    let others = ["_milliseconds", "_ms", "_minutes", "_kilobytes", "_percent"];
    if others.iter().any(|other| name.ends_with(other)) {
        return Err(format!("{name} is not in a base unit"));
    }
    Ok(())
}

fn check_sample(family: &Family, sample: &Sample) -> Result<(), String> {
    let suffix = sample.name.strip_prefix(&family.name).ok_or(format!("{sample:?} in {}", family.name))?;
    let suits = match family.kind.as_str() {
        "counter" => suffix == "_total" && sample.value >= 0.0 && sample.value.is_finite(),
        "gauge" => suffix.is_empty() && sample.value.is_finite(),
        "info" => suffix == "_info" && sample.value == 1.0,
        _ => match suffix {
            "_sum" | "_count" => !sample.labels.contains_key("le"),
            "_bucket" => sample.labels.contains_key("le"),
            _ => false,
        },
    };
    if suits { Ok(()) } else { Err(format!("{sample:?} does not suit a {}", family.kind)) }
}

/// Buckets in order, none smaller than the one before, the last one with everything.
fn check_histogram(family: &Family) -> Result<(), String> {
    let mut buckets: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        if let Some(bound) = labels.remove("le") {
            let bound = if bound == "+Inf" { f64::INFINITY } else { number(&bound)? };
            buckets.entry(labels).or_default().push((bound, sample.value));
        }
    }
    for (labels, buckets) in buckets {
        let grows = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let count = |sample: &&Sample| sample.name.ends_with("_count") && sample.labels == labels;
        let count = family.samples.iter().find(count).map(|sample| sample.value);
        let last = buckets.last().copied();
        if !grows || last.map(|(bound, _)| bound) != Some(f64::INFINITY) || last.map(|(_, all)| all) != count
        {
            return Err(format!("the buckets of {}{labels:?} are {buckets:?} of {count:?}", family.name));
        }
    }
    Ok(())
}

fn sample(line: &str) -> Result<Sample, String> {
    let wrong = || format!("not a sample: {line}");
    let end = line.find(['{', ' ']).ok_or_else(wrong)?;
    let (name, rest) = line.split_at(end);
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest).ok_or_else(wrong)?,
        None => (BTreeMap::new(), rest),
    };
    let value = value.strip_prefix(' ').ok_or_else(wrong)?;
    Ok(Sample { name: name.to_string(), labels, value: number(value)? })
}

/// Labels behind their opening brace, and what comes behind the closing one.
fn labels(text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        let (name, quoted) = rest.split_once("=\"")?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !name.is_empty();
        let (value, behind) = quoted_value(quoted)?;
        if !is_name || labels.insert(name.to_string(), value).is_some() {
            return None;
        }
        match behind.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some((labels, behind.strip_prefix('}')?)),
        }
    }
}

fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            char => value.push(char),
        }
    }
    None
}

/// No more than digits, a point, a sign and an exponent: Rust would also read `infinity`.
fn number(text: &str) -> Result<f64, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e'));
    text.parse().ok().filter(|_| plain).ok_or(format!("not a number: {text}"))
}
