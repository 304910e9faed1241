// The two generations of the official SDK behind one shape: what differs is where things are and how a login ends.
import * as v1 from '@modelcontextprotocol/sdk/client/index.js';
import * as v1auth from '@modelcontextprotocol/sdk/client/auth.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as v1types from '@modelcontextprotocol/sdk/types.js';
import * as v2 from '@modelcontextprotocol/client';

const WHO = { name: 'tollgate-end-to-end', version: '1.0.0' };

export const SDKS = {
    v1: {
        Streamable: StreamableHTTPClientTransport,
        Sse: SSEClientTransport,
        UnauthorizedError: v1auth.UnauthorizedError,
        remember: 'never',
        newClient: () => new v1.Client(WHO),
        /** SDK v1 takes the code only and knows no `iss`. */
        finishLogin: (transport, callback) => transport.finishAuth(callback.get('code')),
        /** Runs `tools/call` with options `callTool` has no room for. */
        call: (client, params, options) =>
            client.request({ method: 'tools/call', params }, v1types.CallToolResultSchema, options),
        onLog: (client, handler) =>
            client.setNotificationHandler(v1types.LoggingMessageNotificationSchema, ({ params }) => handler(params)),
    },
    v2: {
        Streamable: v2.StreamableHTTPClientTransport,
        Sse: v2.SSEClientTransport,
        UnauthorizedError: v2.UnauthorizedError,
        remember: 'login',
        /** `protocol`: one revision to speak, or `auto` to try `server/discover` first; absent, the SDK's choice. */
        newClient: protocol => new v2.Client(WHO, negotiation(protocol)),
        finishLogin: (transport, callback) => transport.finishAuth(callback),
        call: (client, params, options) => client.callTool(params, options),
        onLog: (client, handler) =>
            client.setNotificationHandler('notifications/message', ({ params }) => handler(params)),
    },
};

function negotiation(protocol) {
    if (protocol === undefined) return {};
    if (protocol === 'auto') return { versionNegotiation: { mode: 'auto' } };
    if (protocol >= '2026') return { versionNegotiation: { mode: { pin: protocol } } };
    return { supportedProtocolVersions: [protocol] };
}
