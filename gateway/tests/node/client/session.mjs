// One connection of the SDK's client to a server, and the log-in-and-try-again that the SDK leaves to applications.
import { Browser } from './browser.mjs';
import { Provider } from './provider.mjs';
import { Recorder } from './recorder.mjs';

const WHO = { name: 'tollgate-end-to-end', version: '1.0.0' };
// Loaded when asked for: each takes a noticeable part of the program's start.
const SDKS = { v1: () => import('./sdk-v1.mjs'), v2: () => import('./sdk-v2.mjs') };

/** Makes the session a script asks for, not yet connected. */
export async function createSession(script) {
    const load = SDKS[script.sdk ?? 'v1'];
    if (!load) throw new Error(`sdk is 'v1' or 'v2', not '${script.sdk}'`);
    return new Session(script, await load());
}

class Session {
    recorder = new Recorder();
    notifications = [];
    errors = [];
    lastEventId;
    #script;
    #sdk;

    constructor(script, sdk) {
        this.#script = script;
        this.#sdk = sdk;
        this.provider = new Provider(new Browser(this.recorder.fetch), {
            remember: script.rememberDiscovery ?? sdk.remember,
            refreshOnStepUp: script.refreshOnStepUp ?? false,
            scope: script.scope,
        });
        this.recorder.onInsufficientScope = () => this.provider.needMoreScope();
    }

    /** Connects anew; with `sessionId` it goes on with that session instead of initializing one. */
    async connect(sessionId) {
        await this.close();
        await this.#loggingIn(async () => {
            const { client, transport } = this.#open(sessionId);
            this.transport = transport;
            await client.connect(transport);
            this.client = client;
        });
    }

    /** `tools/call`; `options` are the SDK's request options. */
    call(params, options) {
        return this.#loggingIn(() => this.#sdk.call(this.client, params, options));
    }

    listTools() {
        return this.#loggingIn(() => this.client.listTools());
    }

    ping() {
        return this.#loggingIn(() => this.client.ping());
    }

    discover() {
        return this.#loggingIn(() => this.client.discover());
    }

    listen(filter) {
        return this.#loggingIn(() => this.client.listen(filter));
    }

    terminate() {
        return this.#loggingIn(() => this.transport.terminateSession());
    }

    async close() {
        await this.client?.close();
        this.client = undefined;
    }

    #open(sessionId) {
        const { Streamable, Sse, newClient, onNotification } = this.#sdk;
        const options = {
            authProvider: this.provider,
            fetch: this.recorder.fetch,
            sessionId,
            reconnectionOptions: { ...RECONNECTION, ...this.#script.reconnection },
        };
        const Transport = this.#script.transport === 'sse' ? Sse : Streamable;
        const transport = new Transport(new URL(this.#script.url), options);
        const client = newClient(WHO, this.#script.protocol);
        client.onerror = error => this.errors.push(String(error.message ?? error));
        onNotification(client, ({ method, params }) =>
            this.notifications.push({ at: Date.now(), method, params })
        );
        return { client, transport };
    }

    /**
     * The SDK throws `UnauthorizedError` once it has sent the user away; the application then hands it the code and
     * tries again. One login per attempt: a second refusal is the result.
     */
    async #loggingIn(attempt) {
        try {
            return await attempt();
        } catch (error) {
            const callback = error instanceof this.#sdk.UnauthorizedError && this.provider.takeCallback();
            if (!callback) throw error;
            if (callback.get('error')) {
                throw new Error(
                    `login failed: ${callback.get('error')}: ${callback.get('error_description')}`
                );
            }
            await this.#sdk.finishLogin(this.transport, callback);
            return attempt();
        }
    }
}

const RECONNECTION = {
    initialReconnectionDelay: 50,
    maxReconnectionDelay: 1000,
    reconnectionDelayGrowFactor: 1.5,
    maxRetries: 5,
};
