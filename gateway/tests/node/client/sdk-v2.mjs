// SDK v2 (`@modelcontextprotocol/client`) in the shape `session.mjs` wants; `sdk-v1.mjs` has the same exports.
import {
    Client,
    SSEClientTransport as Sse,
    StreamableHTTPClientTransport as Streamable,
    UnauthorizedError,
} from '@modelcontextprotocol/client';

export { Sse, Streamable, UnauthorizedError };

/** SDK v2 insists on the discovery results of the login it finishes. */
export const remember = 'login';

/** `protocol`: one revision to speak, or `auto` to try `server/discover` first; absent, the SDK's choice. */
export function newClient(who, protocol) {
    return new Client(who, negotiation(protocol));
}

function negotiation(protocol) {
    if (protocol === undefined) return {};
    if (protocol === 'auto') return { versionNegotiation: { mode: 'auto' } };
    if (protocol >= '2026') return { versionNegotiation: { mode: { pin: protocol } } };
    return { supportedProtocolVersions: [protocol] };
}

/** Gives the whole query, so that the SDK checks `iss` (RFC 9207). */
export function finishLogin(transport, callback) {
    return transport.finishAuth(callback);
}

export function call(client, params, options) {
    return client.callTool(params, options);
}

export function onNotification(client, handler) {
    client.setNotificationHandler('notifications/message', handler);
    client.setNotificationHandler('notifications/tools/list_changed', handler);
}
