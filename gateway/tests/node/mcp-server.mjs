// The MCP server of the end-to-end tests: the official SDK's transports behind its `requireBearerAuth` and
// `mcpAuthMetadataRouter`, with options for the ways real servers differ.
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import express from 'express';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { announceReady, endWhenAsked, listen, log, readOptions, wholeNumber } from './lib/program.mjs';
import { controlApp } from './server/control.mjs';
import { Journal } from './server/journal.mjs';
import { authorizationServerMetadata, ResourceMetadata } from './server/metadata.mjs';
import { TokenVerifier } from './server/tokens.mjs';
import { WRITE_SCOPE } from './server/tools.mjs';

const options = readOptions({
    port: { type: 'string' },
    path: { type: 'string' },
    sdk: { type: 'string', default: 'v1' },
    'modern-only': { type: 'boolean', default: false },
    'messages-path': { type: 'string', default: '/messages' },
    'public-url': { type: 'string' },
    issuer: { type: 'string' },
    'client-id': { type: 'string', default: 'resource-server' },
    'client-secret': { type: 'string', default: 'resource-server-secret' },
    resource: { type: 'string' },
    'accept-audience': { type: 'string', multiple: true, default: [] },
    'any-audience': { type: 'boolean', default: false },
    'required-scope': { type: 'string', multiple: true, default: ['mcp'] },
    'tls-cert': { type: 'string' },
    'tls-key': { type: 'string' },
    'prm-location': { type: 'string' },
    'no-challenge': { type: 'boolean', default: false },
    stateless: { type: 'boolean', default: false },
    'json-response': { type: 'boolean', default: false },
    'retry-interval': { type: 'string' },
    'legacy-sse': { type: 'boolean', default: false },
    'sse-endpoint': { type: 'string', default: 'path' },
    redirect: { type: 'boolean', default: false },
    foreign: { type: 'string', default: 'https://foreign.example/mcp' },
    cookie: { type: 'boolean', default: false },
});

const path = options.path ?? (options['legacy-sse'] ? '/sse' : '/mcp');
const scheme = options['tls-cert'] ? 'https' : 'http';
const server = options['tls-cert']
    ? https.createServer({ cert: readFileSync(options['tls-cert']), key: readFileSync(options['tls-key']) })
    : http.createServer();
const port = await listen(server, wholeNumber(options.port, 0));
const origin = publicOrigin();
const url = origin + path;

/** What the server calls its own origin; port 0 in `--public-url` stands for the port it got. */
function publicOrigin() {
    const given = new URL(options['public-url'] ?? `${scheme}://127.0.0.1:0`);
    if (given.port === '0') given.port = String(port);
    return given.origin;
}

const journal = new Journal();
const challenge = { fields: options['no-challenge'] ? [] : undefined };
const authorization = options.issuer ? await protectedBy(options.issuer) : undefined;
const transport = await chooseTransport();

/** Loads the generation of the SDK asked for, and only that. */
async function chooseTransport() {
    if (options.sdk === 'v2') {
        const { modern } = await import('./server/sdk-v2.mjs');
        return modern({ modernOnly: options['modern-only'] });
    }
    const { withoutSessions, withSessions } = await import('./server/sdk-v1.mjs');
    const jsonResponse = options['json-response'];
    if (options.stateless) return withoutSessions({ jsonResponse });
    return withSessions({ jsonResponse, retryInterval: wholeNumber(options['retry-interval'], undefined) });
}

async function protectedBy(issuer) {
    const metadata = await authorizationServerMetadata(issuer);
    const resource = options.resource ?? url;
    const credentials = { client_id: options['client-id'], client_secret: options['client-secret'] };
    const audiences = options['any-audience'] ? null : [resource, ...options['accept-audience']];
    const location =
        options['prm-location'] ?? `/.well-known/oauth-protected-resource${path === '/' ? '' : path}`;
    const verifier = new TokenVerifier(metadata, credentials, audiences);
    const scopes = [...options['required-scope']];
    const require = requiredScopes =>
        requireBearerAuth({ verifier, requiredScopes, resourceMetadataUrl: origin + location });
    return {
        verifier,
        prm: origin + location,
        resourceMetadata: new ResourceMetadata({ metadata, resource, location, scopes }),
        guard: require(scopes),
        writeGuard: require([...scopes, WRITE_SCOPE]),
    };
}

/** Lets a test replace the challenges the SDK makes: one field per entry, `{prm}` standing for the document's URL. */
function replaceChallenges(_request, response, next) {
    const set = response.set.bind(response);
    response.set = (...given) => {
        const [name] = given;
        if (challenge.fields === undefined || name !== 'WWW-Authenticate') return set(...given);
        const fields = challenge.fields.map(field => field.replaceAll('{prm}', authorization.prm));
        return fields.length ? set(name, fields) : response;
    };
    next();
}

/** Calls of `write_file` need one more scope, checked before the MCP layer as the SDK's middleware does. */
function guard(request, response, next) {
    if (!authorization) return next();
    const check = callsTool(request, 'write_file') ? authorization.writeGuard : authorization.guard;
    return check(request, response, next);
}

function callsTool(request, name) {
    try {
        const message = JSON.parse(request.rawBody.toString());
        return message.method === 'tools/call' && message.params?.name === name;
    } catch {
        return false;
    }
}

function setCookies(_request, response, next) {
    const { hostname } = new URL(origin);
    response.append('Set-Cookie', `upstream=1; Path=${path}; Domain=${hostname}; HttpOnly`);
    response.append('Set-Cookie', 'everywhere=2; Path=/; SameSite=Lax');
    next();
}

function announcedEndpoint(messages) {
    if (options['sse-endpoint'] === 'absolute') return origin + messages;
    if (options['sse-endpoint'] === 'foreign') return new URL(messages, options.foreign).href;
    return messages;
}

function addRedirects(app) {
    const beneath = path.replace(/\/$/, '');
    app.all(['/old', `${beneath}/old`], (_request, response) => response.redirect(307, url));
    app.all(['/foreign', `${beneath}/foreign`], (_request, response) =>
        response.redirect(307, options.foreign)
    );
}

const app = express();
app.disable('x-powered-by');
app.enable('strict routing');
app.use(journal.record, replaceChallenges);
if (authorization) app.use(authorization.resourceMetadata.serve);
if (options.redirect) addRedirects(app);
if (options.cookie) app.use(path, setCookies);
if (options['legacy-sse']) {
    const { legacySse } = await import('./server/legacy-sse.mjs');
    const legacy = legacySse({ messagesPath: options['messages-path'], announce: announcedEndpoint });
    app.get(path, guard, legacy.open);
    app.post(options['messages-path'], guard, legacy.post);
} else {
    app.all(path, guard, transport.handle);
}
app.use((error, request, response, _next) => {
    log(`${request.method} ${request.originalUrl}: ${error.stack}`);
    if (response.headersSent) response.destroy();
    else response.status(500).json({ error: 'server_error' });
});
server.on('request', app);

const control = http.createServer(controlApp({ journal, challenge, transport, ...authorization }));
const controlPort = await listen(control);
endWhenAsked({ keepRunning: options['keep-running'], servers: [server, control] });
announceReady({
    url,
    origin,
    port,
    resource: options.resource ?? url,
    prm: authorization?.prm,
    control: `http://127.0.0.1:${controlPort}`,
});
