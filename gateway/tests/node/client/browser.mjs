// The user's browser without a screen: follows redirects with cookies until it is sent to the client's callback.
const MOST_REDIRECTS = 20;

export class Browser {
    #cookies = new Map();
    #fetch;

    constructor(fetch) {
        this.#fetch = fetch;
    }

    /** Opens `url` and returns the query of the callback; rejects when a page wants an answer or the way is too long. */
    async visit(url, callback) {
        let at = new URL(url);
        for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
            if (at.href.startsWith(callback)) return at.searchParams;
            const response = await this.#open(at);
            const location = response.headers.get('location');
            if (!location)
                throw new Error(
                    `the browser stopped at ${at.href}: ${response.status} ${await response.text()}`
                );
            await response.body?.cancel();
            at = new URL(location, at);
        }
        throw new Error(`more than ${MOST_REDIRECTS} redirects, the last to ${at.href}`);
    }

    async #open(url) {
        const jar = this.#jar(url);
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await this.#fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} });
        for (const line of response.headers.getSetCookie()) keep(jar, line);
        return response;
    }

    /** One jar per origin: enough here, and it never lends a cookie to another origin. */
    #jar({ origin }) {
        if (!this.#cookies.has(origin)) this.#cookies.set(origin, new Map());
        return this.#cookies.get(origin);
    }
}

function keep(jar, line) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
    else jar.set(name, value);
}
