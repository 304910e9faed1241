//! Whether the rules of a list make sense, each for itself and beside the others.

use super::rule::Rule;
use super::{McpAcl, Settings, WrittenRule};
use crate::condition::{Condition, Sight};
use crate::pattern::Pattern;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::settings::text::Words;
use crate::settings::values::{self, Refusal};

/// Methods that act on something with a name, by the key that has it.
const ACTING: [(&str, &[&str]); 3] = [
    ("tools", &["tools/call"]),
    (
        "resources",
        &[
            "resources/read",
            "resources/subscribe",
            "resources/unsubscribe",
            "completion/complete",
            "subscriptions/listen",
        ],
    ),
    ("prompts", &["prompts/get", "completion/complete"]),
];
/// Those that no rule is about.
const UNRULED: [&str; 3] = ["initialize", "ping", "server/discover"];

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<McpAcl> {
    if written.allow.is_empty() {
        let message = match written.deny.is_empty() {
            true => "there are no rules",
            false => "nothing is allowed, so there is nothing to deny",
        };
        let problem = Problem::error(path.clone(), message).at_key().absent(path.key("allow"));
        findings.add(
            problem.help("write what callers may use: `allow: [{ tools: [\"*\"] }]`, `allow: [{}]` for all"),
        );
        return None;
    }
    let mut list = |written: &[WrittenRule], key: &str| -> Vec<(Rule, KeyPath)> {
        let places = written.iter().enumerate().map(|(at, rule)| (rule, path.key(key).item(at), at));
        places
            .filter_map(|(it, place, at)| Some((rule(it, format!("{key}[{at}]"), &place, findings)?, place)))
            .collect()
    };
    let (allow, deny) = (list(&written.allow, "allow"), list(&written.deny, "deny"));
    warn_about_useless(&allow, &deny, findings);
    let rules = |list: Vec<(Rule, KeyPath)>| list.into_iter().map(|(rule, _)| rule).collect();
    let whole = allow.len() == written.allow.len() && deny.len() == written.deny.len();
    whole.then(|| McpAcl { mode: written.mode, allow: rules(allow), deny: rules(deny) })
}

fn rule(written: &WrittenRule, place: String, path: &KeyPath, findings: &mut Findings) -> Option<Rule> {
    let mut list = |written: &[Words], key: &str| -> Option<Vec<Pattern>> {
        let places = written.iter().enumerate().map(|(at, text)| (text, path.key(key).item(at)));
        places.map(|(text, place)| findings.take(place, pattern(text.as_str()))).collect()
    };
    let tools = list(&written.tools, "tools");
    let resources = list(&written.resources, "resources");
    let prompts = list(&written.prompts, "prompts");
    let methods = list(&written.methods, "methods");
    let when = written.when.as_ref().map(|text| findings.take(path.key("when"), condition(text.as_str())));
    let scopes = written.scopes.iter().enumerate();
    let scopes: Option<Vec<_>> =
        scopes.map(|(at, text)| findings.take(path.key("scopes").item(at), scope(text.as_str()))).collect();
    if place.starts_with("deny") && !written.scopes.is_empty() {
        let problem =
            Problem::error(path.key("scopes"), "scopes are asked for where something is allowed").at_key();
        findings.add(problem.help("write them in `allow`, or a condition: `when: '!(\"admin\" in scopes)'`"));
        return None;
    }
    let when = match when {
        Some(parsed) => Some(parsed?),
        None => None,
    };
    let rule = Rule {
        place: place.into(),
        methods: methods?,
        tools: tools?,
        resources: resources?,
        prompts: prompts?,
        when,
        scopes: scopes?,
    };
    warn_about_methods(&rule, path, findings);
    Some(rule)
}

fn pattern(text: &str) -> Result<Pattern, Refusal> {
    values::words(text)?;
    match text.chars().any(char::is_control) {
        true => Err(Refusal::new(format!("{} has a control character in it", quoted(text)))),
        false => Ok(Pattern::parse(text)),
    }
}

fn condition(text: &str) -> Result<Condition, Refusal> {
    Condition::parse(text, Sight::Message).map_err(|why| {
        let refusal = Refusal::new(format!("this is no condition: {why}"));
        refusal.help("write it in CEL, such as `claims.role == \"admin\"`")
    })
}

/// RFC 6749 §3.3.
fn scope(text: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    match !text.is_empty() && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => {
            Err(Refusal::new(format!("{} is not one scope", quoted(text))).help("write one in each item"))
        }
    }
}

/// A rule about methods that have nothing to do with what it names never fits.
fn warn_about_methods(rule: &Rule, path: &KeyPath, findings: &mut Findings) {
    for (at, method) in rule.methods.iter().enumerate() {
        let text = method.text();
        if UNRULED.contains(&text.as_str()) || text.starts_with("notifications/") {
            let message = format!("{} is always let through", quoted(&text));
            findings.add(Problem::warning(path.key("methods").item(at), message).help("remove it"));
        }
    }
    let lists = [&rule.tools, &rule.resources, &rule.prompts];
    for ((key, acting), _) in ACTING.iter().zip(lists).filter(|(_, list)| !list.is_empty()) {
        let fits = |method: &Pattern| acting.iter().any(|acting| method.fits(acting));
        if !rule.methods.is_empty() && !rule.methods.iter().any(fits) {
            let problem = Problem::warning(path.key(key), "none of `methods` is about these").at_key();
            let acting: Vec<_> = acting.iter().map(|method| format!("`{method}`")).collect();
            findings.add(problem.help(format!("write {} there, or remove it", acting.join(" or "))));
        }
    }
}

/// Rules that change nothing, for all they fit is denied or allowed by others.
fn warn_about_useless(allow: &[(Rule, KeyPath)], deny: &[(Rule, KeyPath)], findings: &mut Findings) {
    for (at, (rule, place)) in allow.iter().enumerate() {
        let by_all = |(other, _): &&(Rule, KeyPath)| other.when.is_none() && other.covers(rule);
        if let Some((first, _)) = deny.iter().find(by_all) {
            let problem = Problem::warning(place.clone(), "all that this rule allows is denied");
            findings.add(problem.help(format!("remove it, or `{}`", first.place)));
        }
        let earlier = allow
            .iter()
            .take(at)
            .find(|(other, place)| other.scopes.is_empty() && by_all(&&(other.clone(), place.clone())));
        if let Some((_, first)) = earlier {
            let problem = Problem::warning(place.clone(), "an earlier rule allows all of this");
            findings.add(problem.first(first.clone()).help("remove one of the two"));
        }
    }
    for (at, (rule, place)) in deny.iter().enumerate() {
        let covered = |(other, _): &&(Rule, KeyPath)| other.when.is_none() && other.covers(rule);
        if let Some((_, first)) = deny.iter().take(at).find(covered) {
            let problem = Problem::warning(place.clone(), "an earlier rule denies all of this");
            findings.add(problem.first(first.clone()).help("remove one of the two"));
        }
    }
}

impl Rule {
    /// Whether it fits all that another fits, conditions apart.
    fn covers(&self, other: &Rule) -> bool {
        let all_in = |own: &[Pattern], others: &[Pattern]| {
            others.iter().all(|one| own.iter().any(|pattern| pattern.fits(&one.text())))
        };
        let names_nothing =
            |rule: &Rule| rule.tools.is_empty() && rule.resources.is_empty() && rule.prompts.is_empty();
        let methods =
            self.methods.is_empty() || !other.methods.is_empty() && all_in(&self.methods, &other.methods);
        let things = names_nothing(self)
            || !names_nothing(other)
                && all_in(&self.tools, &other.tools)
                && all_in(&self.resources, &other.resources)
                && all_in(&self.prompts, &other.prompts);
        methods && things
    }
}
