//! The files of `conf/` and the blocks of the documentation: what people copy has to work.

use crate::support::certificates::Authority;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tollgate::config::{self, Checked, schema};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

/// A copy of `conf/` in which the certificate and key files that its recipes name exist.
fn conf() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in files(&Path::new(ROOT).join("conf"), "yaml") {
        fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
    }
    install_authority(copy.path());
    let authority = Authority::new(copy.path(), "partners");
    let (certificate, key) = authority.certify("edge", "DNS:edge.example.com");
    // A chain: what no file may lack without a warning.
    let chain = [certificate, authority.ca.clone()].map(|file| fs::read(file).unwrap()).concat();
    fs::write(copy.path().join("edge.pem"), chain).unwrap();
    fs::rename(key, copy.path().join("edge.key")).unwrap();
    let revoked = authority.revoke(&authority.certify("revoked", "DNS:revoked.example.com").0);
    fs::rename(revoked, copy.path().join("partners.crl")).unwrap();
    fs::write(copy.path().join("sessions.key"), "7d".repeat(32)).unwrap();
    fs::write(copy.path().join("edge-key"), "not-a-secret").unwrap();
    fs::write(copy.path().join("login-secret"), "not-a-secret").unwrap();
    fs::set_permissions(copy.path().join("sessions.key"), fs::Permissions::from_mode(0o600)).unwrap();
    copy
}

fn install_authority(folder: &Path) {
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/config/broken/files/ca.pem");
    fs::copy(authority, folder.join("internal-ca.pem")).unwrap();
}

fn load(file: &Path) -> Checked {
    config::load(file).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn every_shipped_file_loads_without_a_warning() {
    let conf = conf();
    let files = files(conf.path(), "yaml");
    assert!(files.len() >= 6, "only {} files in conf/", files.len());
    for file in files {
        let checked = load(&file);
        assert!(checked.warnings.is_empty(), "{}: {:?}", file.display(), checked.warnings);
    }
}

#[test]
fn every_shipped_file_tells_editors_where_its_schema_is() {
    for file in files(&Path::new(ROOT).join("conf"), "yaml") {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(
            text.lines().next(),
            Some("# yaml-language-server: $schema=./tollgate.schema.json"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn the_smallest_file_has_eight_lines_or_fewer() {
    let text = fs::read_to_string(Path::new(ROOT).join("conf/gateway.yaml")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
    assert!(lines <= 8, "{lines} lines");
}

#[test]
fn the_shipped_schema_is_the_one_the_types_make() {
    let shipped = fs::read_to_string(Path::new(ROOT).join("conf/tollgate.schema.json")).unwrap();
    assert!(shipped == schema::json(), "run `tollgate schema > conf/tollgate.schema.json`");
}

/// Every key of the schema, by the mapping it belongs to: `Api.path`.
fn schema_keys() -> Vec<(String, serde_json::Value)> {
    let schema: serde_json::Value = serde_json::from_str(&schema::json()).unwrap();
    let mut keys = Vec::new();
    let mut collect = |mapping: &str, schema: &serde_json::Value| {
        for (key, described) in schema["properties"].as_object().into_iter().flatten() {
            keys.push((format!("{mapping}.{key}"), described.clone()));
        }
    };
    collect("Document", &schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        collect(name, definition);
    }
    keys
}

#[test]
fn the_schema_describes_every_key_and_lets_none_be_null() {
    let keys = schema_keys();
    assert!(keys.len() > 25, "{keys:?}");
    for (key, schema) in keys {
        assert!(schema["description"].as_str().is_some_and(|text| text.len() > 10), "{key}: {schema}");
        assert!(!schema.to_string().contains("null"), "{key}: {schema}");
    }
}

#[test]
fn the_full_file_and_the_reference_name_every_key() {
    let full = fs::read_to_string(Path::new(ROOT).join("conf/full.yaml")).unwrap();
    let page = |name: &str| fs::read_to_string(Path::new(ROOT).join("docs").join(name)).unwrap();
    let reference = page("configuration.md") + &page("policies.md");
    for (key, _) in schema_keys() {
        let name = key.rsplit('.').next().unwrap();
        assert!(full.contains(&format!("{name}:")), "conf/full.yaml lacks {key}");
        assert!(reference.contains(name), "docs/configuration.md and docs/policies.md lack {key}");
    }
}

#[test]
fn the_full_file_says_what_the_smallest_one_means() {
    // Both are the same gateway where the full one writes a default down.
    let conf = conf();
    let small = load(&conf.path().join("gateway.yaml")).config;
    let full = load(&conf.path().join("full.yaml")).config;
    assert_eq!(
        (full.log.format, full.log.level, full.drain),
        (small.log.format, small.log.level, small.drain)
    );
    let (full, small) = (&full.apis[0], &small.apis[0]);
    assert_eq!(full.authorization.mode, small.authorization.mode);
    assert_eq!(full.endpoints[0].host, small.endpoints[0].host);
    assert_eq!(full.plans[1].name, small.plans[0].name);
}

/// The fenced blocks of a page whose info string is exactly `yaml`, with the lines they begin on.
fn yaml_blocks(page: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut block: Option<(usize, bool, String)> = None;
    for (index, line) in page.lines().enumerate() {
        block = match (block, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => Some((index + 1, info.trim() == "yaml", String::new())),
            (None, None) => None,
            (Some((start, wanted, text)), Some(_)) => {
                if wanted {
                    blocks.push((start, text));
                }
                None
            }
            (Some((start, wanted, text)), None) => Some((start, wanted, format!("{text}{line}\n"))),
        };
    }
    blocks
}

#[test]
fn every_yaml_block_of_the_documentation_is_a_file_that_loads() {
    let folder = tempfile::tempdir().unwrap();
    install_authority(folder.path());
    fs::write(folder.path().join("login-secret"), "not-a-secret").unwrap();
    let mut pages = files(&Path::new(ROOT).join("docs"), "md");
    pages.extend(Some(Path::new(ROOT).join("README.md")).filter(|readme| readme.exists()));
    let mut loaded = 0;
    for page in pages {
        for (line, block) in yaml_blocks(&fs::read_to_string(&page).unwrap()) {
            let name = format!("{}:{line}", page.display());
            config::load_text(&block, &name, folder.path()).unwrap_or_else(|report| panic!("{report}"));
            loaded += 1;
        }
    }
    assert!(loaded >= 3, "only {loaded} blocks were found");
}

#[test]
fn blocks_of_other_languages_and_fragments_are_left_alone() {
    let page =
        "```yaml\na: 1\n```\n```yaml fragment\nb: 2\n```\n```sh\n# yaml\n```\n  ```yaml\n  c: 3\n  ```\n";
    assert_eq!(yaml_blocks(page), [(1, "a: 1\n".to_owned()), (10, "  c: 3\n".to_owned())]);
}
