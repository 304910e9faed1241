use super::*;

const RESOURCE: &str = "http://127.0.0.1:8080/demo/mcp";
const REDIRECT: &str = "http://127.0.0.1:5000/callback";

/// A code for client `c` and a redemption of it that is right in everything.
struct Approved {
    grants: Grants,
    code: String,
    verifier: String,
    now: Instant,
}

impl Approved {
    fn new() -> Self {
        let (mut grants, now, verifier) = (Grants::default(), Instant::now(), random::unguessable());
        let grant = Grant::new("c".into(), RESOURCE.into());
        let code = grants.authorize(grant, REDIRECT.into(), pkce::challenge(&verifier), now);
        Self { grants, code, verifier, now }
    }

    fn redeem(&mut self, change: impl FnOnce(&mut Redemption<'_>)) -> Result<Grant, &'static str> {
        let mut attempt = Redemption {
            code: &self.code,
            client_id: "c",
            verifier: &self.verifier,
            redirect_uri: Some(REDIRECT),
            resource: Some(RESOURCE),
        };
        change(&mut attempt);
        self.grants.redeem(&attempt, self.now).map_err(|refusal| refusal.error)
    }
}

#[test]
fn a_right_redemption_yields_the_approved_resource() {
    assert_eq!(Approved::new().redeem(|_| {}).unwrap().resource, RESOURCE);
    assert!(Approved::new().redeem(|attempt| attempt.resource = None).is_ok());
    assert!(Approved::new().redeem(|attempt| attempt.redirect_uri = None).is_ok());
}

#[test]
fn every_binding_of_a_code_is_checked() {
    let other = random::unguessable();
    assert_eq!(Approved::new().redeem(|attempt| attempt.client_id = "d"), Err("invalid_grant"));
    assert_eq!(
        Approved::new().redeem(|attempt| attempt.redirect_uri = Some("http://127.0.0.1:5001/callback")),
        Err("invalid_grant")
    );
    assert_eq!(
        Approved::new().redeem(|attempt| attempt.resource = Some("http://127.0.0.1:8080/other")),
        Err("invalid_target")
    );
    let mut approved = Approved::new();
    approved.verifier = other;
    assert_eq!(approved.redeem(|_| {}), Err("invalid_grant"));
}

#[test]
fn a_code_works_once_and_a_second_try_revokes_its_tokens() {
    let mut approved = Approved::new();
    let grant = approved.redeem(|_| {}).unwrap();
    let access = approved.grants.issue_access(&grant, approved.now);
    let refresh = approved.grants.issue_refresh(&grant, approved.now);
    assert_eq!(approved.grants.audience_of(&access, approved.now).as_deref(), Some(RESOURCE));

    assert_eq!(approved.redeem(|_| {}), Err("invalid_grant"));
    assert_eq!(approved.grants.audience_of(&access, approved.now), None);
    assert!(approved.grants.renew(&refresh, "c", None, approved.now).is_err());
}

#[test]
fn a_failed_try_spends_the_code_too() {
    let mut approved = Approved::new();
    assert!(approved.redeem(|attempt| attempt.client_id = "d").is_err());
    assert_eq!(approved.redeem(|_| {}), Err("invalid_grant"));
}

#[test]
fn codes_and_tokens_expire() {
    let mut approved = Approved::new();
    let grant = approved.redeem(|_| {}).unwrap();
    let access = approved.grants.issue_access(&grant, approved.now);
    assert_eq!(approved.grants.audience_of(&access, approved.now + ACCESS_LIFETIME), None);

    let mut late = Approved::new();
    late.now += CODE_LIFETIME;
    assert_eq!(late.redeem(|_| {}), Err("invalid_grant"));
}

#[test]
fn a_refresh_token_works_once_for_its_own_client_and_resource() {
    let mut approved = Approved::new();
    let grant = approved.redeem(|_| {}).unwrap();
    let (now, refresh) = (approved.now, approved.grants.issue_refresh(&grant, approved.now));
    let mut renew = |client, resource| {
        approved.grants.renew(&refresh, client, resource, now).map_err(|refusal| refusal.error)
    };
    assert_eq!(renew("d", Some(RESOURCE)), Err("invalid_grant"));
    assert_eq!(renew("c", Some("http://127.0.0.1:8080/other")), Err("invalid_target"));
    assert_eq!(renew("c", Some(RESOURCE)), Ok(grant));
    assert_eq!(renew("c", Some(RESOURCE)), Err("invalid_grant"));
}
