//! Values that several settings have: each is parsed, or refused with a sentence that says what to write instead.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::problem::quoted;

const LONGEST_NAME: usize = 64;
const LONGEST_DURATION: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_PERIOD: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Why a value is refused, and what to write.
#[derive(Debug)]
pub struct Refusal {
    pub message: String,
    pub help: Option<String>,
}

impl Refusal {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A name of lower-case letters, digits and `-`.
pub fn name(text: &str) -> Result<String, Refusal> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() {
        return Err(Refusal::new("a name cannot be empty"));
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(Refusal::new(format!("a name has at most {LONGEST_NAME} characters")));
    }
    if text == "-" {
        let refusal = Refusal::new("`-` is not a name: metrics say it where there is none");
        return Err(refusal.help("write a word, such as `github`"));
    }
    if text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    let written: String = text.to_lowercase().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    Err(Refusal::new(format!("{} is not a name: lower-case letters, digits and `-` only", quoted(text)))
        .help(format!("write `{written}`")))
}

/// Words for people: anything but nothing.
pub fn words(text: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new("the text is empty").help("write something, or remove the line"));
    }
    Ok(text.to_owned())
}

/// An IP address, or a network of them.
pub fn network(text: &str) -> Result<IpNet, Refusal> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().map_err(|_| {
        Refusal::new(format!("{} is not an IP address or network", quoted(text)))
            .help("write it like `10.0.0.0/8`, `192.0.2.7` or `2001:db8::/32`; names are not looked up")
    })?;
    if network != network.trunc() {
        let refusal = Refusal::new(format!("{} is an address inside a network", quoted(text)));
        return Err(refusal.help(format!(
            "write `{}` for the network, `{}` for the address",
            network.trunc(),
            network.addr()
        )));
    }
    Ok(network)
}

/// A number and a unit.
pub fn duration(text: &str) -> Result<Duration, Refusal> {
    const UNITS: Units = Units { all: &BRIEF, names: "`ms`, `s`, `m` or `h`", example: "90s" };
    length(text, &UNITS, LONGEST_DURATION, "24h")
}

/// A [`duration`] that may be counted in days.
pub fn period(text: &str) -> Result<Duration, Refusal> {
    const UNITS: Units = Units { all: &WITH_DAYS, names: "`ms`, `s`, `m`, `h` or `d`", example: "30d" };
    length(text, &UNITS, LONGEST_PERIOD, "366d")
}

const WITH_DAYS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const BRIEF: [(&str, u64); 4] = [WITH_DAYS[0], WITH_DAYS[1], WITH_DAYS[2], WITH_DAYS[3]];

/// In milliseconds, and how an error says what to write.
struct Units {
    all: &'static [(&'static str, u64)],
    names: &'static str,
    example: &'static str,
}

fn length(text: &str, units: &Units, longest: Duration, limit: &str) -> Result<Duration, Refusal> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if unit.is_empty() && !number.is_empty() {
        return Err(Refusal::new(format!("{} has no unit", quoted(text))).help(format!("write `{number}s`")));
    }
    let known = units.all.iter().find(|(known, _)| *known == unit).filter(|_| !number.is_empty());
    let Some((_, milliseconds)) = known else {
        let Units { names, example, .. } = units;
        let help = format!("write one whole number and {names}, such as `{example}`");
        return Err(Refusal::new(format!("{} is not a duration", quoted(text))).help(help));
    };
    let parsed = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*milliseconds));
    match parsed.map(Duration::from_millis) {
        Some(length) if length <= longest => Ok(length),
        _ => Err(Refusal::new(format!("{} is too long: at most `{limit}`", quoted(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that are refused are in configurations that the gateway's tests refuse; these are the ones that are not.
    fn accepted<T: ToString>(parse: fn(&str) -> Result<T, Refusal>, cases: &[(&str, &str)]) {
        for (written, parsed) in cases {
            assert_eq!(parse(written).unwrap().to_string(), *parsed, "{written}");
        }
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        let milliseconds = |text: &str| duration(text).map(|duration| duration.as_millis());
        accepted(
            milliseconds,
            &[("0s", "0"), ("500ms", "500"), ("90s", "90000"), ("5m", "300000"), ("24h", "86400000")],
        );
        for refused in
            ["", "s", "-5s", "1.5s", "1 s", "5d", "5S", "18446744073709551615h", "99999999999999999999s"]
        {
            assert!(duration(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_period_may_be_counted_in_days() {
        let seconds = |text: &str| period(text).map(|period| period.as_secs());
        accepted(seconds, &[("90s", "90"), ("24h", "86400"), ("30d", "2592000"), ("366d", "31622400")]);
        for refused in ["367d", "8785h", "d", "1w", "1.5d", "213503982335d"] {
            assert!(period(refused).is_err(), "{refused}");
        }
        assert_eq!(period("30").unwrap_err().help.as_deref(), Some("write `30s`"));
    }

    #[test]
    fn a_network_is_in_cidr_notation_and_an_address_is_a_network_of_one() {
        accepted(
            network,
            &[
                ("10.0.0.0/8", "10.0.0.0/8"),
                ("192.0.2.7", "192.0.2.7/32"),
                ("::ffff:192.0.2.7", "192.0.2.7/32"),
                ("2001:DB8::/32", "2001:db8::/32"),
                ("::1", "::1/128"),
            ],
        );
    }
}
