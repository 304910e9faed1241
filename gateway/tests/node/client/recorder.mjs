// Everything the client sent over HTTP, as facts a test can assert: hosts, metadata lookups, `resource` values.
const KEPT_HEADERS = ['mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'last-event-id'];

export class Recorder {
    requests = [];
    challenges = [];
    /** Called with each 403 `insufficient_scope` challenge. */
    onInsufficientScope = () => {};

    /** A `fetch` for the SDK that notes each request and its answer. */
    fetch = async (input, init = {}) => {
        const entry = this.#note(input, init);
        try {
            const response = await fetch(input, init);
            this.#answered(entry, response);
            return response;
        } catch (error) {
            entry.error = error.cause?.code ?? error.name;
            throw error;
        }
    };

    #note(input, init) {
        const headers = new Headers(init.headers);
        const entry = { method: init.method ?? 'GET', url: String(input), at: Date.now() };
        for (const name of KEPT_HEADERS) {
            if (headers.has(name)) entry[name] = headers.get(name);
        }
        if (headers.has('authorization')) entry.authorized = true;
        if (init.body instanceof URLSearchParams) entry.form = formFacts(init.body);
        this.requests.push(entry);
        return entry;
    }

    #answered(entry, response) {
        entry.status = response.status;
        entry.contentType = response.headers.get('content-type') ?? undefined;
        const challenge = response.headers.get('www-authenticate');
        if (challenge === null) return;
        this.challenges.push({ method: entry.method, url: entry.url, status: response.status, challenge });
        if (response.status === 403 && challenge.includes('insufficient_scope')) this.onInsufficientScope();
    }

    /** The origins this program has talked to, browser included. */
    get contacted() {
        return [...new Set(this.requests.map(({ url }) => new URL(url).origin))];
    }

    get oauth() {
        const tokens = this.requests.filter(({ form }) => form?.grantType);
        return {
            challenges: this.challenges,
            resourceMetadata: this.requests
                .filter(({ url }) => url.includes('/.well-known/oauth-protected-resource'))
                .map(({ url, status }) => ({ url, status })),
            tokenRequests: tokens.map(({ url, status, form }) => ({ url, status, ...form })),
            refreshes: tokens.filter(
                ({ status, form }) => status === 200 && form.grantType === 'refresh_token'
            ).length,
        };
    }
}

/** The parts of a token request that are no secret. */
function formFacts(form) {
    return {
        grantType: form.get('grant_type'),
        resource: form.getAll('resource'),
        scope: form.get('scope') ?? undefined,
    };
}
