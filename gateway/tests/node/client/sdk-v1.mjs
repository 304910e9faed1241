// SDK v1 (`@modelcontextprotocol/sdk`) in the shape `session.mjs` wants; `sdk-v2.mjs` has the same exports.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as Sse } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as Streamable } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

export { Sse, Streamable, UnauthorizedError };

/** When discovery results are handed back to the SDK, unless the script says otherwise; see `Provider`. */
export const remember = 'never';

/** SDK v1 speaks the newest revision it knows and takes no wish. */
export function newClient(who, protocol) {
    if (protocol !== undefined) throw new Error('SDK v1 has no choice of protocol');
    return new Client(who);
}

/** SDK v1 takes the code only and knows no `iss`. */
export function finishLogin(transport, callback) {
    return transport.finishAuth(callback.get('code'));
}

/** `tools/call`; `callTool` of this SDK has no room for resumption tokens. */
export function call(client, params, options) {
    return client.request({ method: 'tools/call', params }, CallToolResultSchema, options);
}

export function onNotification(client, handler) {
    client.setNotificationHandler(LoggingMessageNotificationSchema, handler);
}
