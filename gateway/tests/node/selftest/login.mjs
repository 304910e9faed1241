// Logging in: discovery, registration, `resource`, audiences, refresh and step-up.
import { equal, deepEqual, match, ok } from 'node:assert/strict';
import { authorizationServer, get, mcpServer, pair, post, runClient } from './parts.mjs';

const WHOAMI = { callTool: { name: 'whoami' } };
const WRITE = { callTool: { name: 'write_file', arguments: { name: 'a.txt', content: 'abc' } } };

export const cases = {
    'bind: the token goes to the resource that was asked for': () =>
        everySdk(async sdk => {
            const { as, server } = await pair('bind');
            const report = await run(sdk, server, [{ connect: true }, { listTools: true }, WHOAMI]);
            deepEqual(
                report.oauth.logins.map(login => login.resource),
                [[server.url]]
            );
            deepEqual(
                report.oauth.tokenRequests.map(token => token.resource),
                [[server.url]]
            );
            deepEqual(report.steps[2].result.json.audience, [server.url]);
            deepEqual(report.contacted.toSorted(), [as.url, server.origin].toSorted());
            equal(report.oauth.registrations, 1);
            equal(report.oauth.logins[0].iss, as.issuer);
        }),

    'ignore: an opaque token without audience, whatever the resource': () =>
        everySdk(async sdk => {
            const { as, server } = await pair('ignore');
            const report = await run(sdk, server, [{ connect: true }, WHOAMI]);
            deepEqual(report.steps[1].result.json.audience, []);
            const seen = await get(`${as.url}/test/requests`);
            const told = seen.filter(({ resource }) => resource.includes(server.url));
            deepEqual(
                told.map(({ endpoint }) => endpoint),
                ['authorize', 'token']
            );
        }),

    'ignore with JWTs: one fixed audience': async () => {
        const { as, server } = await pair('ignore', ['--any-audience'], ['--token-format', 'jwt']);
        const report = await run('v1', server, [{ connect: true }, WHOAMI]);
        deepEqual(report.steps[1].result.json.audience, [`${as.issuer}/api`]);
    },

    'bind: an unknown resource is invalid_target until it is listed': () =>
        everySdk(async sdk => {
            const as = await authorizationServer(
                '--temper',
                'bind',
                '--resource',
                'https://other.example/mcp'
            );
            const server = await mcpServer('--issuer', as.issuer);
            const refused = await runClient({ sdk, url: server.url, steps: [{ connect: true }] });
            equal(refused.ok, false);
            match(refused.steps[0].error.message, /invalid_target/);
            await post(`${as.url}/test/resources`, { add: [server.url] });
            await run(sdk, server, [{ connect: true }]);
        }),

    'a token for another audience is refused until that audience is accepted': () =>
        everySdk(async sdk => {
            const { server } = await pair('bind', [], []);
            await post(`${server.control}/audiences`, { accept: ['https://other.example/mcp'] });
            const refused = await runClient({ sdk, url: server.url, steps: [{ connect: true }] });
            equal(refused.ok, false);
            await post(`${server.control}/audiences`, { accept: [server.url] });
            await run(sdk, server, [{ connect: true }]);
        }),

    'an expired token is refreshed, with the resource': () =>
        everyTemper(async (temper, sdk) => {
            const { server } = await pair(temper, [], ['--access-token-ttl', '3']);
            const report = await run(sdk, server, [{ connect: true }, { waitMs: 4000 }, WHOAMI]);
            equal(report.oauth.logins.length, 1);
            ok(report.oauth.refreshes >= 1);
            deepEqual(report.oauth.tokenRequests[1].resource, [server.url]);
        }),

    'revoked tokens are refused in the middle of a session, and refreshed': () =>
        everyTemper(async (temper, sdk) => {
            const { server } = await pair(temper);
            const revoke = { fetch: { url: `${server.control}/revoke`, method: 'POST' } };
            const report = await run(sdk, server, [{ connect: true }, WHOAMI, revoke, WHOAMI]);
            ok(report.oauth.refreshes >= 1);
            equal(report.oauth.logins.length, 1);
        }),

    'without refresh tokens the user logs in again': () =>
        everySdk(async sdk => {
            const { server } = await pair('bind', [], ['--no-refresh-tokens']);
            const report = await run(sdk, server, [{ connect: true }, { forget: 'accessToken' }, WHOAMI]);
            equal(report.oauth.logins.length, 2);
            equal(report.oauth.refreshes, 0);
        }),

    'a 403 insufficient_scope leads to a login with more scope': () =>
        everyTemper(async (temper, sdk) => {
            const { server } = await pair(temper);
            const report = await run(sdk, server, [{ connect: true }, WRITE, WHOAMI]);
            equal(report.oauth.logins.length, 2);
            match(report.oauth.logins[1].scope, /files:write/);
            deepEqual(
                report.oauth.challenges.map(({ status }) => status),
                [401, 403]
            );
            equal(report.steps[1].result.text, 'wrote 3 characters to a.txt');
            ok(report.steps[2].result.json.scopes.includes('files:write'));
        }),

    'an issuer with a path': () =>
        everySdk(async sdk => {
            const { as, server } = await pair('bind', [], ['--issuer-path', '/realms/test']);
            const report = await run(sdk, server, [{ connect: true }, WHOAMI, WRITE]);
            equal(report.steps[1].result.json.issuer, `${as.url}/realms/test`);
        }),
};

async function run(sdk, server, steps) {
    const report = await runClient({ sdk, url: server.url, steps });
    ok(report.ok, JSON.stringify(report.steps.find(step => !step.ok)));
    return report;
}

async function everySdk(test) {
    await Promise.all(['v1', 'v2'].map(test));
}

async function everyTemper(test) {
    await Promise.all(['ignore', 'bind'].map(temper => everySdk(sdk => test(temper, sdk))));
}
