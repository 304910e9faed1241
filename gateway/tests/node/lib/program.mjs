// What the programs share: options, the ready line, the way they end.
//
// A test that is killed cannot clean up, so every program also ends when its stdin closes: the pipe the test holds
// breaks with the test.
import { once } from 'node:events';
import { parseArgs } from 'node:util';

/**
 * Reads `--key value` options; an unknown one ends the program with status 2.
 * `--keep-running` (for use by hand) keeps a program alive after its stdin has closed.
 */
export function readOptions(options) {
    try {
        const known = { ...options, 'keep-running': { type: 'boolean', default: false } };
        return parseArgs({ options: known, allowPositionals: false }).values;
    } catch (error) {
        process.stderr.write(`${error.message}\n`);
        process.exit(2);
    }
}

/** Reads an option that is a whole number of at least 0; `fallback` when it is absent. */
export function wholeNumber(text, fallback) {
    if (text === undefined) return fallback;
    if (!/^\d+$/.test(text)) {
        process.stderr.write(`'${text}' is not a whole number\n`);
        process.exit(2);
    }
    return Number(text);
}

/** Binds `server` to 127.0.0.1 and returns the port (the one the system chose, when asked for 0). */
export async function listen(server, port = 0) {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
}

export function log(...words) {
    process.stderr.write(`${words.join(' ')}\n`);
}

/** The one line on stdout a test waits for. */
export function announceReady(facts) {
    process.stdout.write(`${JSON.stringify({ ready: true, ...facts })}\n`);
}

/** Ends the program with status 0 on SIGTERM, SIGINT and, unless `keepRunning`, when stdin closes. */
export function endWhenAsked({ keepRunning = false, servers = [] }) {
    const end = () => {
        for (const server of servers) {
            server.close();
            server.closeAllConnections();
        }
        process.exit(0);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    if (keepRunning) return;
    process.stdin.on('end', end);
    process.stdin.on('close', end);
    process.stdin.on('error', end);
    process.stdin.resume();
}
