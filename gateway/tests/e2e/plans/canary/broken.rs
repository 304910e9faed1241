//! Configurations that are broken in each place of a secret, by what people get wrong there.

use std::path::Path;

use super::search::{plain_secret, secret};
use super::{FILES, Scene, VARIABLE, printed, sha};
use crate::support::tollgate::Tollgate;

/// A configuration, and a file beside it that holds something else.
type Broken = (String, String, Option<(&'static str, Vec<u8>)>);

/// Secrets where references belong.
fn written(yaml: &str) -> Vec<Broken> {
    let mut all = Vec::new();
    let files = FILES.iter().map(|name| (format!("\"${{file:{name}}}\""), secret(name)));
    let variable = (format!("\"${{{VARIABLE}}}\""), plain_secret("variable"));
    for (reference, secret) in files.chain([variable]) {
        for instead in [
            format!("\"{secret}\""),
            secret.clone(),
            format!("[\"{secret}\"]"),
            format!("\"{secret}\", typo: 1"),
            format!("{secret}, typo: 1"),
            format!("\"${{{secret}}}\""),
            format!("\"${{{secret}\""),
            format!("\"{secret}\" ]"),
            format!("\"{secret}"),
        ] {
            // Letters and digits are the name of a variable.
            if instead == format!("\"${{{}}}\"", plain_secret("variable")) {
                continue;
            }
            let text = yaml.replace(&reference, &instead);
            assert_ne!(text, yaml);
            all.push((format!("{reference}: {instead}"), text, None));
        }
    }
    let of = |name: &str| secret(name);
    for (right, wrong) in [
        ("{ value: \"${file:key}\" }", format!("{{ sha256: \"{}\" }}", of("key"))),
        ("{ value: \"${file:key}\" }", format!("{{ sha256: {} }}", plain_secret("variable"))),
        ("{ value: \"${file:key}\" }", format!("\"{}\"", of("key"))),
        ("[{ value: \"${file:key}\" }", format!("{} #", of("key"))),
        ("{ header: { name: x-edge, value: \"${file:header}\" } }", format!("\"{}\"", of("header"))),
        ("header: { name: x-edge, value: \"${file:header}\" }", format!("header: \"{}\"", of("header"))),
        ("{ bearer: \"${file:bearer}\" }", of("bearer")),
        (
            "basic: { username: edge, password: \"${file:password}\" }",
            format!("basic: \"{}\"", of("password")),
        ),
        ("client: { id: gate, secret: \"${file:client}\" }", format!("client: \"{}\"", of("client"))),
        ("seal_keys: [seal-1, seal-2]", format!("seal_keys: [{}, seal-2]", sha(1))),
        ("seal_keys: [seal-1, seal-2]", format!("seal_keys: \"{}\"", sha(1))),
        ("seal_keys: [seal-1, seal-2]", format!("seal_keys: [{}], typo: 1", sha(1))),
    ] {
        let text = yaml.replace(right, &wrong);
        assert_ne!(text, yaml, "{right}");
        all.push((wrong, text, None));
    }
    all
}

/// Files that hold a secret in a form that cannot be used.
fn spoilt(yaml: &str, folder: &Path) -> Vec<Broken> {
    let mut all: Vec<Broken> = Vec::new();
    let mut add = |name: &'static str, what: &str, bytes: Vec<u8>| {
        all.push((format!("{name} {what}"), yaml.to_owned(), Some((name, bytes))));
    };
    for name in FILES {
        let secret = secret(name);
        add(name, "is not text", [secret.as_bytes(), b"\xff"].concat());
        add(name, "is too large", secret.repeat(1000).into_bytes());
        if ["header", "bearer"].contains(&name) {
            add(name, "has two lines", format!("{secret}\n{secret}").into_bytes());
            add(name, "has a control character", format!("{secret}\u{1}").into_bytes());
        }
    }
    for name in ["client.pem", "edge-leaf.key", "edge-leaf.pem"] {
        // Certificates and their key are often in one file.
        let key = if name == "edge-leaf.pem" { "edge-leaf.key" } else { name };
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
        let ahead = if name == key { String::new() } else { read(name) };
        let pem = read(key);
        let one_line: String = pem.lines().collect();
        add(name, "is one line", format!("{ahead}{one_line}").into_bytes());
        add(name, "is one line with spaces", format!("{ahead}{}", pem.replace('\n', " ")).into_bytes());
        add(name, "has literal line ends", format!("{ahead}{}", pem.replace('\n', "\\n")).into_bytes());
        add(
            name,
            "has no end",
            format!("{ahead}{}", pem.replace("-----END PRIVATE KEY-----", "")).into_bytes(),
        );
        add(name, "has a bad end", format!("{ahead}{}", pem.replace("KEY-----\n", "KEY----\n")).into_bytes());
        add(name, "has a bad character", format!("{ahead}{}", pem.replacen("\nM", "\nM!", 1)).into_bytes());
        add(name, "lacks a part", format!("{ahead}{}", pem.replacen("\nM", "\n", 1)).into_bytes());
        add(
            name,
            "is of another kind",
            format!("{ahead}{}", pem.replace("PRIVATE KEY", "RSA PRIVATE KEY")).into_bytes(),
        );
    }
    add("seal-1", "is short", sha(1)[..60].into());
    add("seal-1", "is no key", format!("{}!", sha(1)).into_bytes());
    add("seal-1", "has two", format!("{}\n{}", sha(1), sha(2)).into_bytes());
    add("seal-1", "is the other", sha(2).into_bytes());
    all
}

/// What is said of each by `check` in both its forms, at start, and by a reload.
pub fn try_all(scene: &mut Scene, gateway: &mut Tollgate, yaml: &str) {
    let file = gateway.config_path();
    let folder = file.parent().expect("a folder").to_owned();
    let mut tried = 0;
    for (what, text, other) in [written(yaml), spoilt(yaml, &folder)].concat() {
        let kept = other.as_ref().map(|(name, _)| (*name, std::fs::read(folder.join(name)).expect("a file")));
        std::fs::write(&file, &text).expect("the file is written");
        let write = |other: &Option<(&str, Vec<u8>)>| {
            let Some((name, bytes)) = other else { return };
            std::fs::write(folder.join(name), bytes).expect("the file is written");
        };
        write(&other);
        let mut is_broken = true;
        for arguments in [&["check"] as &[_], &["check", "--format", "json"]] {
            let (is_good, output) = printed(arguments, &file);
            scene.search(&format!("{arguments:?} where {what}"), &output);
            is_broken &= !is_good;
        }
        // Whatever is in a key's file is a key, so some of it is no error.
        if is_broken {
            let (_, output) = printed(&["run"], &file);
            scene.search(&format!("at start where {what}"), &output);
            let seen = gateway.process.lines().len();
            gateway.process.signal("HUP");
            gateway.process.wait_for(seen, &format!("a refused reload where {what}"), |line| {
                (line.contains("signal") && line.contains("refused")).then_some(())
            });
            tried += 1;
        }
        write(&kept);
    }
    std::fs::write(&file, yaml).expect("the file is written");
    for arguments in [&["check"] as &[_], &["check", "--format", "json"], &["schema"]] {
        let (_, output) = printed(arguments, &file);
        scene.search(&format!("{arguments:?}"), &output);
    }
    println!("{tried} broken configurations");
    assert!(tried > 100, "only {tried} were refused");
}
