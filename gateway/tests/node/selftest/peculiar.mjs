// The ways real servers differ: names, places, paths, redirects, cookies, faulty metadata, and how programs end.
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { authorizationServer, end, get, mcpServer, pair, post, runClient, start } from './parts.mjs';

const CONNECT = [{ connect: true }];

export const cases = {
    'GET, HEAD, POST and DELETE without a token are challenged': async () => {
        const { server } = await pair('bind');
        for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
            const response = await fetch(server.url, { method });
            equal(response.status, 401, method);
            match(
                response.headers.get('www-authenticate'),
                new RegExp(`^Bearer .*resource_metadata="${server.prm}"`)
            );
        }
    },

    'metadata in a place of its own': async () => {
        const { server } = await pair('bind', ['--prm-location', '/custom/prm.json']);
        equal(server.prm, `${server.origin}/custom/prm.json`);
        const standard = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
        equal(standard.status, 404);
        ok((await runClient({ url: server.url, steps: CONNECT })).ok);
    },

    'a server that calls itself by another name is refused by clients who dial it directly': async () => {
        const { server } = await pair('bind', ['--resource', 'https://files.example/api']);
        equal((await get(server.prm)).resource, 'https://files.example/api');
        const report = await runClient({ url: server.url, steps: CONNECT });
        match(report.steps[0].error.message, /does not match expected/);
    },

    'a 401 without a challenge': async () => {
        const { server } = await pair('bind', ['--no-challenge']);
        const response = await fetch(server.url, { method: 'POST' });
        equal(response.status, 401);
        equal(response.headers.has('www-authenticate'), false);
        ok((await runClient({ url: server.url, steps: CONNECT })).ok);
    },

    "challenges of a test's choice, several fields": async () => {
        const { server } = await pair('bind');
        await post(`${server.control}/challenge`, {
            fields: ['Basic realm="a, b"', 'Bearer resource_metadata="{prm}"'],
        });
        const response = await fetch(server.url);
        equal(
            response.headers.get('www-authenticate'),
            `Basic realm="a, b", Bearer resource_metadata="${server.prm}"`
        );
        await post(`${server.control}/challenge`, {});
        match((await fetch(server.url)).headers.get('www-authenticate'), /^Bearer error=/);
    },

    'metadata changed while running': async () => {
        const { server } = await pair('bind');
        const official = await get(server.prm);
        await post(`${server.control}/prm`, {
            members: { authorization_servers: ['https://as.example'], resource_name: null },
        });
        const changed = await get(server.prm);
        deepEqual(changed.authorization_servers, ['https://as.example']);
        equal(changed.resource_name, undefined);
        await post(`${server.control}/prm`, {
            raw: { status: 503, headers: { 'content-type': 'text/html' }, body: '<p>' },
            delayMs: 50,
        });
        const raw = await fetch(server.prm);
        deepEqual([raw.status, await raw.text()], [503, '<p>']);
        await post(`${server.control}/prm`, {});
        deepEqual(await get(server.prm), official);
    },

    'a path with its slash, and only with it': async () => {
        const { server } = await pair('bind', ['--path', '/mcp/']);
        match(server.url, /\/mcp\/$/);
        equal((await fetch(server.url.slice(0, -1))).status, 404);
        ok((await runClient({ url: server.url, steps: CONNECT })).ok);
    },

    'redirects home and abroad': async () => {
        const server = await mcpServer('--redirect');
        const location = async path =>
            (await fetch(server.origin + path, { redirect: 'manual' })).headers.get('location');
        equal(await location('/old'), server.url);
        equal(await location('/mcp/old'), server.url);
        equal(await location('/foreign'), 'https://foreign.example/mcp');
    },

    cookies: async () => {
        const server = await mcpServer('--cookie');
        const cookies = (await fetch(server.url, { method: 'POST' })).headers.getSetCookie();
        deepEqual(cookies, [
            'upstream=1; Path=/mcp; Domain=127.0.0.1; HttpOnly',
            'everywhere=2; Path=/; SameSite=Lax',
        ]);
    },

    "the journal has raw headers, the body's hash and the status": async () => {
        const server = await mcpServer();
        await fetch(`${server.url}?q=1`, { method: 'POST', body: 'abc', headers: { 'X-Case': 'Kept' } });
        const [request] = await get(`${server.control}/requests`);
        deepEqual(
            [request.method, request.path, request.status, request.bodyBytes],
            ['POST', '/mcp?q=1', 406, 3]
        );
        equal(request.bodySha256, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
        ok(request.rawHeaders.some(([, value]) => value === 'Kept'));
        equal((await get(`${server.control}/counters`)).total, 1);
        await post(`${server.control}/forget`);
        deepEqual(await get(`${server.control}/requests`), []);
    },

    'programs end with 0 when stdin closes and on SIGTERM': async () => {
        const as = await authorizationServer();
        const server = await mcpServer();
        equal(await end(as.child), 0);
        server.child.kill('SIGTERM');
        deepEqual(await once(server.child, 'exit'), [0, null]);
    },

    'an unknown option ends a program with 2': async () => {
        await start('mcp-server.mjs', ['--no-such-option']).then(
            () => notEqual('ready', 'refused'),
            error => match(error.message, /ended with 2/)
        );
    },
};
