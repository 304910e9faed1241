// The steps a test writes; each returns what it saw, as JSON.
import { setTimeout as sleep } from 'node:timers/promises';

export const STEPS = {
    async connect(session, { sessionId } = {}) {
        await session.connect(sessionId === 'last' ? session.lastSessionId : sessionId);
        session.lastSessionId = session.transport.sessionId ?? session.lastSessionId;
        return {
            sessionId: session.transport.sessionId,
            protocolVersion: session.transport.protocolVersion ?? session.transport._protocolVersion,
            server: session.client.getServerVersion(),
        };
    },

    async listTools(session) {
        const { tools } = await session.listTools();
        return { tools: tools.map(tool => tool.name) };
    },

    callTool: (session, call) => callTool(session, call, {}),

    /** The same call again, on the stream that broke: the answer comes from where `Last-Event-ID` left off. */
    resume: (session, call) => callTool(session, call, { resumptionToken: session.lastEventId }),

    async ping(session) {
        await session.ping();
        return {};
    },

    /** `server/discover` (2026-07-28, SDK v2 only). */
    discover: session => session.discover(),

    /** `subscriptions/listen` (2026-07-28, SDK v2 only); what arrives is in `notifications`. */
    async listen(session, filter) {
        const { honoredFilter } = await session.listen(filter);
        return { honoredFilter };
    },

    async waitMs(_session, milliseconds) {
        await sleep(milliseconds);
        return {};
    },

    /** Waits until `count` notifications have come on the standalone GET stream or a `listen` stream. */
    async waitForNotifications(session, { count, timeoutMs = 10_000 }) {
        const end = Date.now() + timeoutMs;
        while (session.notifications.length < count && Date.now() < end) await sleep(10);
        if (session.notifications.length < count)
            throw new Error(`only ${session.notifications.length} notifications`);
        return { notifications: session.notifications };
    },

    async terminateSession(session) {
        await session.terminate();
        return {};
    },

    async close(session) {
        await session.close();
        return {};
    },

    /** What the client forgets: `all`, `client`, `tokens`, `discovery`, or `accessToken` (the refresh token stays). */
    async forget(session, kind) {
        if (kind === 'accessToken') session.provider.spoilAccessToken();
        else session.provider.invalidateCredentials(kind);
        return {};
    },

    /**
     * A bare request; `authorize` adds the access token, `inSession` the id of the last session. A redirect is
     * reported, not followed.
     */
    async fetch(session, { url, method = 'GET', headers = {}, body, authorize = false, inSession = false }) {
        const all = new Headers(headers);
        if (authorize) all.set('authorization', `Bearer ${session.provider.tokens()?.access_token}`);
        if (inSession) all.set('mcp-session-id', session.lastSessionId);
        const response = await session.recorder.fetch(url, {
            method,
            body,
            headers: all,
            redirect: 'manual',
        });
        return {
            status: response.status,
            headers: Object.fromEntries(response.headers),
            body: await response.text(),
        };
    },
};

/** `closeAfterEvents` closes the whole connection in the middle of the answer; the call then fails. */
async function callTool(session, { name, arguments: input = {}, timeoutMs, closeAfterEvents }, options) {
    const progress = [];
    const eventIds = [];
    const params = { name, arguments: input };
    const result = await session.call(params, {
        ...options,
        timeout: timeoutMs ?? 30_000,
        onprogress: event => {
            progress.push(arrived(event));
            if (progress.length === closeAfterEvents) void session.close();
        },
        onresumptiontoken: id => {
            eventIds.push(id);
            session.lastEventId = id;
        },
    });
    const text = result.content?.map(part => part.text).join('');
    return { text, json: parsed(text), isError: result.isError ?? false, progress, eventIds };
}

/** `lagMs`: how long the event was on its way, by the time of sending in its message. */
function arrived({ progress, total, message }) {
    const arrivedAt = Date.now();
    const sentAt = Number(message);
    return { progress, total, sentAt, arrivedAt, lagMs: arrivedAt - sentAt };
}

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
