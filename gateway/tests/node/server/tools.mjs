// The tools of the server under test, written once for both generations of the SDK.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** The scope `write_file` wants on top of the others; the HTTP layer challenges for it (403, step-up). */
export const WRITE_SCOPE = 'files:write';

/**
 * Each tool's `run` gets its input and what it may know of the call: `authInfo`, `headers`, `signal`,
 * `progress(count, total, message)` and `closeStream()`, which ends the event stream before the answer.
 */
export const TOOLS = [
    {
        name: 'echo',
        // 2026-07-28 clients repeat `label` in the header `Mcp-Param-Label`, and the server compares.
        input: { text: z.string(), label: z.string().optional().meta({ 'x-mcp-header': 'Label' }) },
        run: ({ text }) => text,
    },
    { name: 'add', input: { a: z.number(), b: z.number() }, run: ({ a, b }) => String(a + b) },
    { name: 'whoami', input: {}, run: (_input, call) => caller(call.authInfo) },
    { name: 'headers', input: {}, run: (_input, call) => call.headers },
    {
        name: 'write_file',
        input: { name: z.string(), content: z.string() },
        run: ({ name, content }) => `wrote ${content.length} characters to ${name}`,
    },
    {
        name: 'slow_stream',
        input: {
            count: z.number().int().default(5),
            gapMs: z.number().int().default(100),
            closeAfter: z.number().int().optional(),
        },
        run: slowStream,
    },
];

/** A tool's answer as MCP content; anything but text goes as JSON. */
export function content(value) {
    return { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] };
}

/** Who the token says is calling, without the token. */
function caller(authInfo) {
    if (!authInfo) return { anonymous: true };
    const { clientId, scopes, extra } = authInfo;
    return { clientId, scopes, ...extra };
}

/**
 * Sends `count` progress events, each followed by a gap, the last one too: the SDK's client loses an event that comes
 * in one piece with the answer. `message` carries the time of sending in milliseconds.
 */
async function slowStream({ count, gapMs, closeAfter }, call) {
    for (let sent = 1; sent <= count; sent += 1) {
        await call.progress(sent, count, String(Date.now()));
        if (sent === closeAfter) call.closeStream();
        await sleep(gapMs, undefined, { signal: call.signal });
    }
    return `sent ${count} events`;
}
