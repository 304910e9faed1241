use super::*;

fn parsed(written: &str) -> Result<(bool, String, u16, u32), String> {
    url(written).map(|url| (url.tls, url.host, url.port, url.database)).map_err(|refusal| refusal.message)
}

#[test]
fn a_url_has_a_host_and_perhaps_a_port_and_a_database() {
    for (written, expected) in [
        ("redis://127.0.0.1:6379", (false, "127.0.0.1", 6379, 0)),
        ("redis://redis.example.com", (false, "redis.example.com", 6379, 0)),
        ("rediss://redis.example.com:80/", (true, "redis.example.com", 80, 0)),
        ("redis://[::1]", (false, "::1", 6379, 0)),
        ("redis://[::1]:7000/15", (false, "::1", 7000, 15)),
    ] {
        let (tls, host, port, database) = expected;
        assert_eq!(parsed(written), Ok((tls, host.to_owned(), port, database)), "{written}");
    }
    for written in [
        "127.0.0.1:6379",
        "http://127.0.0.1",
        "redis://",
        "redis://:6379",
        "redis://a:0",
        "redis://a/b",
        "redis://a/-1",
        "redis://a/1/2",
        "redis://a/1?x",
        "redis://a?x",
        "redis://a#x",
    ] {
        assert!(parsed(written).is_err(), "{written}");
    }
}

/// What is found in the settings of a store, and whether there is one.
fn found(lines: &str) -> (Option<Settings>, Vec<(String, bool)>) {
    let written: RedisStore = serde_yaml::from_str(lines).unwrap();
    let mut findings = Findings::default();
    let settings = check_redis(&written, &KeyPath::root(), Path::new(""), &mut findings);
    let shown = |it: &Problem| {
        format!("{:?} {}: {} {}", it.severity, it.path, it.message, it.help.as_deref().unwrap_or(""))
    };
    (settings, findings.problems.iter().map(|it| (shown(it), it.hides_line)).collect())
}

#[test]
fn what_is_not_written_has_a_default() {
    let (settings, problems) = found("url: redis://127.0.0.1");
    let settings = settings.unwrap();
    assert!(problems.is_empty() && settings.password.is_none() && settings.tls.is_none());
    assert_eq!((settings.timeout.as_millis(), settings.on_failure), (5, Default::default()));
}

#[test]
fn what_cannot_be_right_is_refused_where_it_is_written() {
    for (lines, expected) in [
        ("url: redis://a\ntimeout: 0ms", "Error timeout: this cannot be zero"),
        ("url: redis://a\ntimeout: 2s", "Error timeout: each request would wait too long"),
        ("url: redis://a\nusername: b", "Error username: nobody logs in without a password"),
        ("url: redis://a\nca: none.pem", "Error ca: cannot read `none.pem`"),
        ("url: http://a", "Error url: `http://a` is no URL of Redis"),
        ("url: redis://a\npassword: \"${file:/dev/null}\"", "Error password: `${file:/dev/null}` is empty"),
    ] {
        let (_, problems) = found(lines);
        assert!(problems.iter().any(|(problem, _)| problem.starts_with(expected)), "{lines} {problems:?}");
    }
}

#[test]
fn a_password_is_not_shown_wherever_somebody_has_put_it() {
    for lines in [
        "url: redis://:s3cret@a",
        "url: redis://a\npassword: s3cret",
        "url: redis://s3cret@a:b@c",
        "url: redis://a?password=s3cret",
    ] {
        let (_, problems) = found(lines);
        assert!(!problems.is_empty(), "{lines}");
        assert!(
            problems.iter().all(|(problem, is_hidden)| *is_hidden && !problem.contains("s3cret")),
            "{problems:?}"
        );
    }
}

#[test]
fn a_password_in_clear_text_is_doubtful_unless_it_stays_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "s3cret\n").unwrap();
    let problems =
        |url: &str| found(&format!("url: {url}\npassword: \"${{file:{}}}\"", file.display())).1.len();
    assert_eq!(["redis://redis.example.com", "redis://10.0.0.1"].map(problems), [1, 1]);
    assert_eq!(
        ["rediss://redis.example.com", "redis://127.0.0.1", "redis://localhost"].map(problems),
        [0; 3]
    );
    let settings =
        found(&format!("url: redis://localhost\npassword: \"${{file:{}}}\"", file.display())).0.unwrap();
    assert_eq!(settings.password.as_ref().unwrap().expose(), "s3cret");
    assert!(!format!("{settings:?} {settings}").contains("s3cret"));
}
