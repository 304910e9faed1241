// SDK v2: revision 2026-07-28 (`server/discover`, no sessions), and older clients served without sessions.
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { log } from '../lib/program.mjs';
import { content, TOOLS } from './tools.mjs';

function createServer() {
    const server = new McpServer(
        { name: 'upstream', version: '2.0.0' },
        { capabilities: { tools: { listChanged: true } } }
    );
    for (const { name, input, run } of TOOLS) {
        const inputSchema = z.object(input);
        server.registerTool(name, { inputSchema }, async (given, context) =>
            content(await run(given, call(context)))
        );
    }
    return server;
}

function call({ mcpReq, http }) {
    const progressToken = mcpReq._meta?.progressToken;
    return {
        authInfo: http?.authInfo,
        headers: Object.fromEntries(http?.req?.headers ?? []),
        signal: mcpReq.signal,
        closeStream: () => http?.closeSSE?.(),
        progress: (progress, total, message) =>
            mcpReq.notify({
                method: 'notifications/progress',
                params: { progressToken, progress, total, message },
            }),
    };
}

/** Express handler; `modernOnly` refuses clients older than 2026-07-28. */
export function modern({ modernOnly }) {
    const handler = createMcpHandler(createServer, { legacy: modernOnly ? 'reject' : 'stateless' });
    const handleNode = toNodeHandler(handler, { onerror: error => log(error.stack) });

    /** Tells every open `subscriptions/listen` stream that the tools have changed. */
    async function notify() {
        handler.notify.toolsChanged();
        return handler.bus.listenerCount;
    }

    return {
        handle: (request, response) => handleNode(request, response, parsed(request.rawBody)),
        notify,
        sessions: () => [],
    };
}

/** Undefined when it is no JSON: the SDK then reads an empty body and answers with its own parse error. */
function parsed(rawBody) {
    try {
        return JSON.parse(rawBody.toString());
    } catch {
        return undefined;
    }
}
