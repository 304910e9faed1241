// Starts the programs as a test does: by their command line, their ready line and their stdin.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const running = new Set();
const lasting = new Set();
const shared = new Map();

/** Starts a program and resolves with its ready line and the process; rejects when it ends before. */
export async function start(program, options = [], environment = {}) {
    const child = spawn(process.execPath, [path(program), ...options], {
        stdio: ['pipe', 'pipe', process.env.SELFTEST_LOGS ? 'inherit' : 'ignore'],
        env: { ...process.env, ...environment },
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    const lines = createInterface({ input: child.stdout });
    const [line] = await Promise.race([once(lines, 'line'), ended(child, program)]);
    return { ...JSON.parse(line), child };
}

async function ended(child, program) {
    const [status] = await once(child, 'exit');
    throw new Error(`${program} ended with ${status} before it was ready`);
}

export const authorizationServer = (...options) => start('authorization-server.mjs', options);
export const mcpServer = (...options) => start('mcp-server.mjs', options);

/** An authorization server of a temper and an MCP server that trusts it; `bind` knows the server's URL. */
export async function pair(temper, serverOptions = [], issuerOptions = []) {
    const as = await sharedAuthorizationServer('--temper', temper, ...issuerOptions);
    const server = await mcpServer('--issuer', as.issuer, ...serverOptions);
    if (temper === 'bind') await post(`${as.url}/test/resources`, { add: [server.resource] });
    return { as, server };
}

/** One authorization server per set of options for all cases: it is the slowest to start. */
function sharedAuthorizationServer(...options) {
    const key = options.join(' ');
    if (!shared.has(key)) {
        const started = authorizationServer(...options);
        shared.set(key, started);
        started.then(
            ({ child }) => running.delete(child) && lasting.add(child),
            () => {}
        );
    }
    return shared.get(key);
}

/** Runs a script of steps and resolves with the client's report. */
export async function runClient(script, environment = {}) {
    const child = spawn(process.execPath, [path('mcp-client.mjs')], {
        stdio: ['pipe', 'pipe', process.env.SELFTEST_LOGS ? 'inherit' : 'ignore'],
        env: { ...process.env, ...environment },
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    child.stdin.end(JSON.stringify(script));
    const chunks = [];
    for await (const chunk of child.stdout) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString());
}

export async function get(url) {
    return (await fetch(url)).json();
}

export async function post(url, body = {}) {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.json();
}

/** Asks `probe` until it says yes. */
export async function until(probe, timeoutMs = 10_000) {
    const end = Date.now() + timeoutMs;
    while (!(await probe())) {
        if (Date.now() > end) throw new Error('waited in vain');
        await new Promise(resolve => setTimeout(resolve, 20));
    }
}

/** Ends what a case has started, by closing its stdin. */
export async function endCase() {
    await Promise.all([...running].map(end));
}

/** Ends what cases share. */
export async function endShared() {
    await Promise.all([...lasting].map(end));
}

export async function end(child) {
    if (child.exitCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.stdin.end();
    return (await exit)[0];
}

function path(program) {
    return fileURLToPath(new URL(`../${program}`, import.meta.url));
}
