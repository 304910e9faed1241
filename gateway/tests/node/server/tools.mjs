// The tools of the server under test, on the official SDK v1.
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** The scope `write_file` wants on top of the others; the HTTP layer challenges for it (403, step-up). */
export const WRITE_SCOPE = 'files:write';

export function text(value) {
    return { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] };
}

/** Who the token says is calling, without the token. */
export function caller(authInfo) {
    if (!authInfo) return { anonymous: true };
    const { clientId, scopes, extra } = authInfo;
    return { clientId, scopes, ...extra };
}

export function createServer() {
    const server = new McpServer({ name: 'upstream', version: '1.0.0' }, { capabilities: { logging: {} } });
    server.registerTool('echo', { inputSchema: { text: z.string() } }, input => text(input.text));
    server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => text(String(a + b)));
    server.registerTool('whoami', {}, extra => text(caller(extra.authInfo)));
    server.registerTool('headers', {}, extra => text(extra.requestInfo.headers));
    server.registerTool(
        'write_file',
        { inputSchema: { name: z.string(), content: z.string() } },
        input => text(`wrote ${input.content.length} characters to ${input.name}`)
    );
    server.registerTool('slow_stream', { inputSchema: SLOW_STREAM }, slowStream);
    return server;
}

const SLOW_STREAM = {
    count: z.number().int().default(5),
    gapMs: z.number().int().default(100),
    /** After this many events the server closes the stream; the client resumes with Last-Event-ID. */
    closeAfter: z.number().int().optional(),
};

/** Sends `count` progress events, `gapMs` apart; `message` carries the time of sending in milliseconds. */
async function slowStream({ count, gapMs, closeAfter }, extra) {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= count; progress += 1) {
        await sleep(gapMs, undefined, { signal: extra.signal });
        await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken, progress, total: count, message: String(Date.now()) },
        });
        if (progress === closeAfter) extra.closeSSEStream?.();
    }
    return text(`sent ${count} events`);
}
