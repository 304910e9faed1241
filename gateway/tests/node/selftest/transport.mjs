// The transports: sessions, streams, resumption, TLS, legacy HTTP+SSE and revision 2026-07-28.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { makeCertificate } from './certificate.mjs';
import { get, mcpServer, pair, post, runClient, until } from './parts.mjs';

const ECHO = { callTool: { name: 'echo', arguments: { text: 'hello' } } };
const slow = options => ({ callTool: { name: 'slow_stream', arguments: options } });

export const cases = {
    'progress events arrive in order, each before the next is sent': () =>
        everySdk(async sdk => {
            const report = await run({
                sdk,
                url: (await mcpServer()).url,
                steps: [{ connect: true }, slow({ count: 5, gapMs: 200 })],
            });
            const { progress } = report.steps[1].result;
            deepEqual(
                progress.map(event => event.progress),
                [1, 2, 3, 4, 5]
            );
            ok(
                progress.slice(1).every((event, i) => progress[i].arrivedAt <= event.sentAt),
                JSON.stringify(progress)
            );
        }),

    'a stream the server closes is resumed with Last-Event-ID': () =>
        everySdk(async sdk => {
            const server = await mcpServer('--retry-interval', '50');
            const report = await run({
                sdk,
                url: server.url,
                steps: [{ connect: true }, slow({ count: 5, gapMs: 50, closeAfter: 2 })],
            });
            deepEqual(
                report.steps[1].result.progress.map(event => event.progress),
                [1, 2, 3, 4, 5]
            );
            equal(report.requests.filter(request => request['last-event-id']).length, 1);
        }),

    'a stream that breaks on the way is resumed with Last-Event-ID': () =>
        everySdk(async sdk => {
            const server = await mcpServer();
            const [report] = await Promise.all([
                run({ sdk, url: server.url, steps: [{ connect: true }, slow({ count: 10, gapMs: 100 })] }),
                until(async () => (await get(`${server.control}/counters`)).streams.POST >= 1).then(() =>
                    post(`${server.control}/break-streams`, { method: 'POST' })
                ),
            ]);
            deepEqual(
                report.steps[1].result.progress.map(event => event.progress),
                [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
            );
            ok(report.requests.some(request => request['last-event-id']));
        }),

    'a client that went away resumes its session and its call': async () => {
        const server = await mcpServer();
        const call = { name: 'slow_stream', arguments: { count: 5, gapMs: 100 } };
        const report = await run({
            url: server.url,
            steps: [
                { connect: true },
                { callTool: { ...call, closeAfterEvents: 2 }, mayFail: true },
                { connect: { sessionId: 'last' } },
                { resume: call },
            ],
        });
        equal(report.steps[1].ok, false);
        equal(report.steps[3].result.text, 'sent 5 events');
        const requests = await get(`${server.control}/requests`);
        ok(requests.some(({ disconnectedAt, method }) => method === 'POST' && disconnectedAt));
    },

    'a session ends with DELETE and is 404 afterwards': () =>
        everySdk(async sdk => {
            const server = await mcpServer();
            const report = await run({
                sdk,
                url: server.url,
                steps: [{ connect: true }, ECHO, { terminateSession: true }, ping(server)],
            });
            equal(report.steps[3].result.status, 404);
            deepEqual((await get(`${server.control}/counters`)).sessions, []);
        }),

    'notifications of the server arrive on the standalone stream': () =>
        everySdk(async sdk => {
            const server = await mcpServer();
            const [report] = await Promise.all([
                run({
                    sdk,
                    url: server.url,
                    steps: [{ connect: true }, { waitForNotifications: { count: 1 } }],
                }),
                until(async () => (await get(`${server.control}/counters`)).streams.GET >= 1).then(() =>
                    post(`${server.control}/notify`, { hello: 'world' })
                ),
            ]);
            deepEqual(report.notifications[0].params.data, { hello: 'world' });
        }),

    'stateless, and JSON instead of event streams': () =>
        everySdk(async sdk => {
            for (const option of ['--stateless', '--json-response']) {
                const report = await run({
                    sdk,
                    url: (await mcpServer(option)).url,
                    steps: [{ connect: true }, ECHO],
                });
                equal(report.steps[1].result.text, 'hello');
                equal(report.steps[0].result.sessionId === undefined, option === '--stateless');
            }
        }),

    'the older revisions': async () => {
        for (const protocol of ['2025-03-26', '2025-06-18', '2025-11-25']) {
            const report = await run({
                sdk: 'v2',
                protocol,
                url: (await mcpServer()).url,
                steps: [{ connect: true }, ECHO],
            });
            equal(report.steps[0].result.protocolVersion, protocol);
        }
    },

    'TLS with a private authority, trusted only by those who know it': async () => {
        const tls = makeCertificate();
        const options = ['--tls-cert', tls.cert, '--tls-key', tls.key, '--public-url', 'https://localhost:0'];
        const { server } = await pair('bind', options);
        const script = { url: server.url, steps: [{ connect: true }, ECHO] };
        match(server.url, /^https:\/\/localhost:\d+\/mcp$/);
        ok((await runClient(script, { NODE_EXTRA_CA_CERTS: tls.ca })).ok);
        const stranger = await runClient(script);
        equal(stranger.ok, false);
        rmSync(tls.folder, { recursive: true });
    },

    'legacy HTTP+SSE, with a login': () =>
        everySdk(async sdk => {
            for (const form of ['path', 'absolute']) {
                const { server } = await pair('bind', ['--legacy-sse', '--sse-endpoint', form]);
                const report = await run({
                    sdk,
                    transport: 'sse',
                    url: server.url,
                    steps: [{ connect: true }, ECHO, slow({ count: 3 })],
                });
                equal(report.steps[2].result.progress.length, 3);
                equal(report.oauth.logins.length, 1);
            }
        }),

    'legacy HTTP+SSE: an endpoint on another origin is refused': () =>
        everySdk(async sdk => {
            const server = await mcpServer('--legacy-sse', '--sse-endpoint', 'foreign');
            const report = await runClient({
                sdk,
                transport: 'sse',
                url: server.url,
                steps: [{ connect: true }],
            });
            match(report.steps[0].error.message, /origin does not match/);
        }),

    '2026-07-28: discover, call, progress, header parameters, step-up and listen': async () => {
        const { server } = await pair('bind', ['--sdk', 'v2', '--modern-only']);
        const labelled = { callTool: { name: 'echo', arguments: { text: 'hello', label: 'blue' } } };
        const script = {
            sdk: 'v2',
            protocol: '2026-07-28',
            url: server.url,
            steps: [
                { connect: true },
                { discover: true },
                { listTools: true },
                labelled,
                slow({ count: 3 }),
                { callTool: { name: 'write_file', arguments: { name: 'a', content: 'b' } } },
                { listen: { toolsListChanged: true } },
                { waitForNotifications: { count: 1 } },
            ],
        };
        const notify = async () => (await post(`${server.control}/notify`)).sent > 0;
        const [report] = await Promise.all([run(script), until(notify)]);
        equal(report.steps[0].result.protocolVersion, '2026-07-28');
        equal(report.steps[4].result.progress.length, 3);
        equal(report.notifications[0].method, 'notifications/tools/list_changed');
        const requests = await get(`${server.control}/requests`);
        ok(
            requests.some(
                ({ headers }) => headers['mcp-param-label'] === 'blue' && headers['mcp-name'] === 'echo'
            )
        );
    },

    '2026-07-28 tried first at an older server falls back': async () => {
        const { server } = await pair('ignore');
        const report = await run({
            sdk: 'v2',
            protocol: 'auto',
            url: server.url,
            steps: [{ connect: true }, ECHO],
        });
        equal(report.steps[0].result.protocolVersion, '2025-11-25');
        equal(report.requests[0]['mcp-method'], 'server/discover');
    },
};

function ping(server) {
    return {
        fetch: {
            url: server.url,
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
            inSession: true,
        },
    };
}

async function run(script) {
    const report = await runClient(script);
    ok(report.ok, JSON.stringify(report.steps.find(step => !step.ok)));
    return report;
}

async function everySdk(test) {
    await Promise.all(['v1', 'v2'].map(test));
}
