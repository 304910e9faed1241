// The streamable HTTP transport of SDK v1 (revisions up to 2025-11-25), with sessions or without.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { EventStore } from './event-store.mjs';
import { content, TOOLS } from './tools.mjs';

export function createServer() {
    const server = new McpServer({ name: 'upstream', version: '1.0.0' }, { capabilities: { logging: {} } });
    for (const { name, input, run } of TOOLS) {
        server.registerTool(name, { inputSchema: input }, async (given, extra) =>
            content(await run(given, call(extra)))
        );
    }
    return server;
}

function call(extra) {
    const progressToken = extra._meta?.progressToken;
    return {
        authInfo: extra.authInfo,
        headers: extra.requestInfo?.headers,
        signal: extra.signal,
        closeStream: () => extra.closeSSEStream?.(),
        progress: (progress, total, message) =>
            extra.sendNotification({
                method: 'notifications/progress',
                params: { progressToken, progress, total, message },
            }),
    };
}

/** Express handler that keeps a transport per session; a closed or unknown session is 404 (-32001). */
export function withSessions({ jsonResponse, retryInterval }) {
    const sessions = new Map();

    async function open() {
        const server = createServer();
        const transport = new StreamableHTTPServerTransport({
            sessionIdGenerator: randomUUID,
            eventStore: new EventStore(),
            enableJsonResponse: jsonResponse,
            retryInterval,
            onsessioninitialized: id => void sessions.set(id, { transport, server }),
            onsessionclosed: id => void sessions.delete(id),
        });
        await server.connect(transport);
        return transport;
    }

    async function handle(request, response) {
        const id = request.headers['mcp-session-id'];
        if (id && !sessions.has(id)) return sessionNotFound(response);
        const transport = id ? sessions.get(id).transport : await open();
        await transport.handleRequest(request, response);
    }

    /** Sends a log message to every session on its standalone GET stream. */
    async function notify(data) {
        for (const { server } of sessions.values()) await server.sendLoggingMessage({ level: 'info', data });
        return sessions.size;
    }

    return { handle, notify, sessions: () => [...sessions.keys()] };
}

/** Express handler without sessions: a transport per POST, 405 for GET and DELETE. */
export function withoutSessions({ jsonResponse }) {
    async function handle(request, response) {
        if (request.method !== 'POST') return methodNotAllowed(response);
        const transport = new StreamableHTTPServerTransport({
            sessionIdGenerator: undefined,
            enableJsonResponse: jsonResponse,
        });
        const server = createServer();
        await server.connect(transport);
        response.on('close', () => void server.close());
        await transport.handleRequest(request, response);
    }
    return { handle, notify: async () => 0, sessions: () => [] };
}

function sessionNotFound(response) {
    response.status(404).json(rpcError(-32001, 'Session not found'));
}

function methodNotAllowed(response) {
    response.status(405).set('Allow', 'POST').json(rpcError(-32000, 'Method not allowed.'));
}

function rpcError(code, message) {
    return { jsonrpc: '2.0', error: { code, message }, id: null };
}
