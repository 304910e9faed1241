use proptest::prelude::*;

use super::*;

const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];
const URL: &str = "http://one.example/mcp";

fn seal(api: &str, keys: &[u8]) -> Seal {
    Seal::new(api, keys.iter().map(|byte| Key::new(&[*byte; KEY_BYTES])).collect())
}

fn sealed(seal: &Seal, id: &str) -> String {
    let id = seal.seal(Identity::of(URL), id.as_bytes()).expect("an id that can be sealed");
    id.to_str().expect("text").to_string()
}

#[test]
fn an_id_is_what_every_version_makes_of_a_session() {
    let seal = Seal::new("wiki", [Key::new(&KEY)].into());
    assert_eq!(sealed(&seal, "session-1"), KNOWN);
}

/// Made by a program of its own from the description at the top of the module.
const KNOWN: &str = "QSNs_HkaI2LyTNqatPYq-B0kzBjzrKfU_Hbe9aHSayKGpWml-wuKhhhdueo7YagO3Xk";

#[test]
fn equal_sessions_have_equal_ids_and_different_ones_do_not() {
    let seal = seal("a", &[7]);
    let id = |url, own: &str| seal.seal(Identity::of(url), own.as_bytes());
    assert_eq!(id(URL, "s"), id(URL, "s"));
    assert_ne!(id(URL, "s"), id(URL, "t"));
    assert_ne!(id(URL, "s"), id("http://two.example/mcp", "s"));
}

#[test]
fn the_first_key_seals_and_every_key_opens() {
    let (old, both, new) = (seal("a", &[1]), seal("a", &[2, 1]), seal("a", &[2]));
    let id = sealed(&old, "s");
    assert_eq!(both.open(&id).map(|opened| opened.id), Some(HeaderValue::from_static("s")));
    assert_eq!(new.open(&id), None);
    let id = sealed(&both, "s");
    assert!(new.open(&id).is_some() && old.open(&id).is_none());
}

#[test]
fn what_no_session_id_may_be_is_not_sealed() {
    let seal = seal("a", &[7]);
    let is_sealed = |id: &[u8]| seal.seal(Identity::of(URL), id).is_some();
    assert!(is_sealed(&[b'~'; ID_BYTES_MAX]) && is_sealed(b"!"));
    for id in [&b""[..], &[b'~'; ID_BYTES_MAX + 1], b"a b", b"a\tb", b"\x7f", "é".as_bytes()] {
        assert!(!is_sealed(id), "{id:?}");
    }
}

#[test]
fn the_longest_id_opens_and_a_longer_text_is_not_looked_at() {
    let seal = seal("a", &[7]);
    let longest = sealed(&seal, &"~".repeat(ID_BYTES_MAX));
    assert!(longest.len() <= SEALED_MAX && SEALED_MAX < 1500);
    assert!(seal.open(&longest).is_some());
    assert_eq!(seal.open(&"A".repeat(SEALED_MAX + 1)), None);
}

#[test]
fn contents_of_another_version_are_not_read() {
    let contents = |version| [&[version], &[0; IDENTITY_BYTES][..], b"s"].concat();
    assert!(read(&contents(VERSION)).is_some());
    assert!(read(&contents(VERSION + 1)).is_none() && read(&contents(VERSION)[..5]).is_none());
}

#[test]
fn a_key_is_not_printed() {
    assert_eq!(format!("{:?}", Key::new(&KEY)), "Key { .. }");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_what_it_was(
        id in "[!-~]{1,1024}", api in "[a-z0-9-]{1,64}", url in "[ -~]{0,100}", key in any::<[u8; KEY_BYTES]>(),
    ) {
        let seal = Seal::new(&api, [Key::new(&key)].into());
        let sealed = seal.seal(Identity::of(&url), id.as_bytes()).expect("an id that can be sealed");
        let text = sealed.to_str().expect("text");
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let opened = seal.open(text).expect("its own id");
        prop_assert_eq!(opened, Opened { endpoint: Identity::of(&url), id: HeaderValue::try_from(id).unwrap() });
    }

    #[test]
    fn what_was_changed_anywhere_does_not_open(
        id in "[!-~]{1,64}", at in any::<prop::sample::Index>(), to in "[ -~]",
    ) {
        let seal = seal("a", &[7, 8]);
        let mut changed = sealed(&seal, &id);
        let at = at.index(changed.len());
        prop_assume!(changed[at..=at] != to);
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(seal.open(&changed), None);
    }

    #[test]
    fn what_was_cut_or_added_to_does_not_open(
        id in "[!-~]{1,64}", cut in any::<prop::sample::Index>(), more in "[0-9A-Za-z_=-]{1,8}",
    ) {
        let seal = seal("a", &[7]);
        let whole = sealed(&seal, &id);
        prop_assert_eq!(seal.open(&whole[..cut.index(whole.len())]), None);
        prop_assert_eq!(seal.open(&format!("{whole}{more}")), None);
    }

    #[test]
    fn an_id_of_another_api_or_key_does_not_open(
        id in "[!-~]{1,64}", api in "[a-z0-9-]{1,64}", other in "[a-z0-9-]{1,64}",
    ) {
        let ours = seal(&api, &[7]);
        let theirs = sealed(&seal(&other, &[7]), &id);
        prop_assert_eq!(ours.open(&theirs).is_some(), api == other);
        prop_assert_eq!(ours.open(&sealed(&seal(&api, &[8]), &id)), None);
    }

    #[test]
    fn nothing_made_up_opens(text in ".{0,200}", alphabet in "[0-9A-Za-z_-]{0,200}") {
        let seal = seal("a", &[7]);
        prop_assert_eq!((seal.open(&text), seal.open(&alphabet)), (None, None));
    }
}
