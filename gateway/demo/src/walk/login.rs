//! Hops 2 to 6: from the challenge's metadata URL to an access token (MCP authorization, RFC 9728 onwards).

use serde_json::{Value, json};
use ureq::http::{Method, Request, header};

use super::exchange::{Answer, Wire, text};
use super::hop::{Hops, brief};
use crate::{pkce, random};

/// Where the code would arrive if a browser took part; the walk reads the redirect itself.
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// Everything discovery yields.
pub struct Login {
    resource: String,
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: String,
}

/// An authorization code and the verifier that redeems it.
pub struct Approval {
    code: String,
    verifier: String,
}

impl Login {
    /// Hops 2 and 3: protected resource metadata, then the metadata of the authorization server it names.
    pub fn discover(wire: &Wire, hops: &mut Hops, url: &str, metadata_url: &str) -> Result<Self, String> {
        let issuer = protected_resource(wire, hops, url, metadata_url)?;
        let (answer, document) =
            fetch_json(wire, &well_known(&issuer)?, "the authorization server's metadata")?;
        let member = |pointer| text(&document, pointer, "the authorization server's metadata");
        let said = member("/issuer")?;
        if said != issuer {
            return Err(format!(
                "the authorization server calls itself {said}, not {issuer} (RFC 8414 section 3.3)"
            ));
        }
        hops.print("GET  authorization server", &answer, &format!("issuer = {issuer}"));
        Ok(Self {
            resource: url.to_owned(),
            authorization_endpoint: member("/authorization_endpoint")?.to_owned(),
            token_endpoint: member("/token_endpoint")?.to_owned(),
            registration_endpoint: member("/registration_endpoint")?.to_owned(),
            issuer,
        })
    }

    /// Hop 4: dynamic registration (RFC 7591); the client id.
    pub fn register(&self, wire: &Wire, hops: &mut Hops) -> Result<String, String> {
        let body = json!({
            "client_name": "Tollgate's walking client",
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        let request = post(&self.registration_endpoint, "application/json", body.to_string())?;
        let answer = wire.send(request)?.expect(201, "registration")?;
        let client_id = text(&answer.json("the registration")?, "/client_id", "the registration")?.to_owned();
        hops.print("POST register", &answer, &format!("client_id = {}", brief(&client_id)));
        Ok(client_id)
    }

    /// Hop 5: what a browser and its user do. The page is fetched, then approved with its own parameters.
    pub fn authorize(&self, wire: &Wire, hops: &mut Hops, client_id: &str) -> Result<Approval, String> {
        let (verifier, state) = (random::unguessable(), random::unguessable());
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("resource", &self.resource),
            ("state", &state),
            ("code_challenge_method", "S256"),
        ];
        let challenge = pkce::challenge(&verifier);
        parameters.push(("code_challenge", &challenge));
        let page_url = format!("{}?{}", self.authorization_endpoint, form(&parameters));
        let page = wire.send(get(&page_url)?)?;
        if page.status == 303 {
            // Refused before anyone was asked; the redirect says why.
            self.read_redirect(&page, &state)?;
        }
        page.expect(200, "the consent page")?;

        parameters.push(("decision", "approve"));
        let answer =
            wire.send(post_form(&self.authorization_endpoint, &parameters)?)?.expect(303, "the approval")?;
        let code = self.read_redirect(&answer, &state)?;
        hops.print("POST authorize, approved", &answer, &format!("iss matches, code = {}", brief(&code)));
        Ok(Approval { code, verifier })
    }

    /// The code in the redirect, once `state` (RFC 6749 §10.12) and `iss` (RFC 9207 §2.4) are right.
    fn read_redirect(&self, answer: &Answer, state: &str) -> Result<String, String> {
        let location = answer.header("location").unwrap_or_default();
        let query = location.strip_prefix(REDIRECT_URI).and_then(|rest| rest.strip_prefix('?'));
        let query = query.ok_or("the authorization server redirects to another URI than the client's")?;
        let value = |name| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        if let Some(error) = value("error") {
            let description = value("error_description").unwrap_or_default();
            return Err(format!("the authorization server refused: {error} ({description})"));
        }
        if value("state").as_deref() != Some(state) {
            return Err("the redirect carries another state than the client sent".into());
        }
        if value("iss").as_deref() != Some(&self.issuer) {
            return Err(format!("the redirect's iss is not {} (RFC 9207 section 2.4)", self.issuer));
        }
        value("code").ok_or_else(|| "the redirect carries no code".into())
    }

    /// Hop 6: the access token for the code.
    pub fn exchange(
        &self,
        wire: &Wire,
        hops: &mut Hops,
        client_id: &str,
        Approval { code, verifier }: &Approval,
    ) -> Result<String, String> {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", REDIRECT_URI),
            ("resource", &self.resource),
        ];
        let answer =
            wire.send(post_form(&self.token_endpoint, &parameters)?)?.expect(200, "the token endpoint")?;
        let document = answer.json("the token response")?;
        let access_token = text(&document, "/access_token", "the token response")?.to_owned();
        let lifetime = document["expires_in"].as_u64().unwrap_or_default();
        hops.print(
            "POST token",
            &answer,
            &format!("access_token = {}, for {lifetime} s", brief(&access_token)),
        );
        Ok(access_token)
    }
}

/// Hop 2: the document must be about exactly the URL the client knows; the issuer it names.
fn protected_resource(wire: &Wire, hops: &mut Hops, url: &str, metadata_url: &str) -> Result<String, String> {
    let (answer, document) = fetch_json(wire, metadata_url, "the protected resource metadata")?;
    let resource = text(&document, "/resource", "the protected resource metadata")?;
    if resource != url {
        return Err(format!(
            "the protected resource metadata is about {resource}, not {url} (RFC 9728 section 3.3)"
        ));
    }
    let issuer = text(&document, "/authorization_servers/0", "the protected resource metadata")?.to_owned();
    hops.print("GET  protected resource", &answer, &format!("resource = {resource}, issuer = {issuer}"));
    Ok(issuer)
}

fn fetch_json(wire: &Wire, url: &str, what: &str) -> Result<(Answer, Value), String> {
    let answer = wire.send(get(url)?)?.expect(200, what)?;
    let document = answer.json(what)?;
    Ok((answer, document))
}

/// RFC 8414 §3.1, for an issuer with or without a path.
fn well_known(issuer: &str) -> Result<String, String> {
    let (scheme, rest) =
        issuer.split_once("://").ok_or_else(|| format!("the issuer {issuer} is not a URL"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.trim_end_matches('/');
    Ok(format!("{scheme}://{authority}/.well-known/oauth-authorization-server{path}"))
}

fn get(url: &str) -> Result<Request<String>, String> {
    Request::builder()
        .uri(url)
        .body(String::new())
        .map_err(|error| format!("{url} cannot be requested: {error}"))
}

fn post(url: &str, kind: &str, body: String) -> Result<Request<String>, String> {
    let request = Request::builder().method(Method::POST).uri(url).header(header::CONTENT_TYPE, kind);
    request.body(body).map_err(|error| format!("{url} cannot be requested: {error}"))
}

fn post_form(url: &str, parameters: &[(&str, &str)]) -> Result<Request<String>, String> {
    post(url, "application/x-www-form-urlencoded", form(parameters))
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}
