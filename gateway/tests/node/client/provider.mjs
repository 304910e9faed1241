// The client's half of OAuth as the SDK wants it (`OAuthClientProvider`), in memory and with a headless browser.
import { randomBytes } from 'node:crypto';

const CALLBACK = 'http://127.0.0.1:9/callback';

export class Provider {
    #browser;
    #remember;
    #client;
    #tokens;
    #verifier;
    #state;
    #discovery;
    #callback;
    #needsMoreScope = false;
    logins = [];
    registrations = 0;

    /**
     * `remember`: whether discovery results are handed back to the SDK: `never`, `login` (from the redirect to the
     * code exchange, which SDK v2 insists on) or `always`. `refreshOnStepUp`: leave a 403 to the SDK alone.
     */
    constructor(browser, { remember, refreshOnStepUp, scope }) {
        this.#browser = browser;
        this.#remember = remember;
        this.refreshOnStepUp = refreshOnStepUp;
        this.clientMetadata = {
            client_name: 'tollgate end-to-end client',
            redirect_uris: [CALLBACK],
            grant_types: ['authorization_code', 'refresh_token'],
            response_types: ['code'],
            token_endpoint_auth_method: 'none',
            ...(scope && { scope }),
        };
    }

    get redirectUrl() {
        return CALLBACK;
    }

    state() {
        this.#state = randomBytes(16).toString('hex');
        return this.#state;
    }

    clientInformation() {
        return this.#client;
    }

    saveClientInformation(information) {
        this.#client = information;
        this.registrations += 1;
    }

    /**
     * SDK v1 answers a 403 `insufficient_scope` with a refresh whenever it holds a refresh token, which cannot widen
     * the scope (RFC 6749 §6). Without the refresh token it asks the user, as the specification wants.
     */
    tokens() {
        if (!this.#needsMoreScope || !this.#tokens) return this.#tokens;
        const { refresh_token: _hidden, ...rest } = this.#tokens;
        return rest;
    }

    saveTokens(tokens) {
        this.#tokens = tokens;
        this.#needsMoreScope = false;
        if (this.#remember === 'login') this.#discovery = undefined;
    }

    needMoreScope() {
        this.#needsMoreScope = !this.refreshOnStepUp;
    }

    saveCodeVerifier(verifier) {
        this.#verifier = verifier;
    }

    codeVerifier() {
        return this.#verifier;
    }

    saveDiscoveryState(state) {
        if (this.#remember !== 'never') this.#discovery = state;
    }

    discoveryState() {
        return this.#discovery;
    }

    invalidateCredentials(kind) {
        if (kind === 'all' || kind === 'client') this.#client = undefined;
        if (kind === 'all' || kind === 'tokens') this.#tokens = undefined;
        if (kind === 'all' || kind === 'discovery') this.#discovery = undefined;
    }

    /** Keeps the refresh token and spoils the access token, as if the server had forgotten it. */
    spoilAccessToken() {
        this.#tokens = { ...this.#tokens, access_token: 'spoiled' };
    }

    async redirectToAuthorization(url) {
        const login = loginFacts(url);
        this.logins.push(login);
        const callback = await this.#browser.visit(url, CALLBACK);
        if (callback.get('state') !== this.#state) throw new Error('the callback carries another state');
        login.iss = callback.get('iss') ?? undefined;
        login.error = callback.get('error') ?? undefined;
        login.errorDescription = callback.get('error_description') ?? undefined;
        this.#callback = callback;
    }

    /** The query of the last callback, once; undefined when no login has ended since. */
    takeCallback() {
        const callback = this.#callback;
        this.#callback = undefined;
        return callback;
    }
}

function loginFacts(url) {
    return {
        authorizationEndpoint: url.origin + url.pathname,
        resource: url.searchParams.getAll('resource'),
        scope: url.searchParams.get('scope') ?? undefined,
        prompt: url.searchParams.get('prompt') ?? undefined,
    };
}
