// An interactive OAuth provider without the browser: it follows the authorization URL itself and keeps the callback
// the authorization server redirects to. Nothing listens on the redirect URI.

const REDIRECT_URI = 'http://127.0.0.1:33418/callback';

/** The client id metadata document the suite expects a client to use where the server supports such ids. */
const CLIENT_ID_METADATA_URL = 'https://conformance-test.local/client-metadata.json';

export class HeadlessLogin {
  clientMetadataUrl = CLIENT_ID_METADATA_URL;
  redirectUrl = REDIRECT_URI;
  clientMetadata = {
    client_name: 'tollgate-everything-client',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: 'native',
  };
  #client;
  #tokens;
  #verifier;
  #callback;

  /** `client` holds credentials registered beforehand, if any. */
  constructor(client) {
    this.#client = client;
  }

  clientInformation() {
    return this.#client;
  }

  saveClientInformation(client) {
    this.#client = client;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens) {
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  async redirectToAuthorization(url) {
    const response = await fetch(url, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (!location) throw new Error(`authorization endpoint answered ${response.status} without a redirect`);
    this.#callback = new URL(location).searchParams;
  }

  /** The query of the last callback, once. */
  takeCallback() {
    const callback = this.#callback;
    this.#callback = undefined;
    return callback;
  }

  invalidateCredentials(scope) {
    if (scope === 'all' || scope === 'client') this.#client = undefined;
    if (scope === 'all' || scope === 'tokens') this.#tokens = undefined;
    if (scope === 'all' || scope === 'verifier') this.#verifier = undefined;
  }
}
