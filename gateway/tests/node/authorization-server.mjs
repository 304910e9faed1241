// The authorization server of the end-to-end tests: npm `oidc-provider` with open registration, PKCE, refresh tokens,
// RFC 9207 `iss`, and a login and consent that answer themselves.
//
// Two tempers, because they decide what a gateway in front of the resource can do:
//   ignore  knows nothing of RFC 8707; `resource` changes nothing.
//   bind    RFC 8707: only listed resources, the token is a JWT whose `aud` is that resource, else `invalid_target`.
import { createServer } from 'node:http';
import express from 'express';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { errors } from 'oidc-provider';
import { announceReady, endWhenAsked, listen, log, readOptions, wholeNumber } from './lib/program.mjs';

const RESOURCE_SERVER = { client_id: 'resource-server', client_secret: 'resource-server-secret' };
const SCOPES = ['mcp', 'files:read', 'files:write'];
const ACCOUNT = 'alice';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const options = readOptions({
    port: { type: 'string' },
    temper: { type: 'string', default: 'ignore' },
    'token-format': { type: 'string' },
    resource: { type: 'string', multiple: true, default: [] },
    scope: { type: 'string', multiple: true, default: SCOPES },
    'access-token-ttl': { type: 'string' },
    'issuer-path': { type: 'string', default: '' },
    'no-refresh-tokens': { type: 'boolean', default: false },
    'key-client': { type: 'string' },
});
if (!['ignore', 'bind'].includes(options.temper)) {
    log(`--temper is 'ignore' or 'bind', not '${options.temper}'`);
    process.exit(2);
}
const binds = options.temper === 'bind';
const tokenFormat = options['token-format'] ?? (binds ? 'jwt' : 'opaque');
const lifetime = wholeNumber(options['access-token-ttl'], 3600);
const resources = new Set(options.resource);
const seen = [];

const server = createServer();
const origin = `http://127.0.0.1:${await listen(server, wholeNumber(options.port, 0))}`;
const issuer = `${origin}${options['issuer-path']}`;

/** RFC 8707 as `bind` wants it: a listed resource gets a token for itself alone, any other `invalid_target`. */
function boundResource(_context, resource) {
    if (!resources.has(resource)) {
        throw new errors.InvalidTarget(`resource ${resource} is not registered`);
    }
    return resourceServer(resource);
}

function resourceServer(audience) {
    return {
        scope: options.scope.join(' '),
        audience,
        accessTokenTTL: lifetime,
        accessTokenFormat: tokenFormat,
    };
}

/**
 * oidc-provider makes JWTs for resource servers only, so `ignore` with JWTs gives everyone one fixed audience (as
 * servers that know no `resource` do) and drops the parameter before oidc-provider compares it.
 */
function fixedResource() {
    return {
        enabled: true,
        defaultResource: () => `${issuer}/api`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServer(`${issuer}/api`),
    };
}

function resourceIndicators() {
    if (binds) return { enabled: true, getResourceServerInfo: boundResource };
    return tokenFormat === 'jwt' ? fixedResource() : { enabled: false };
}

async function signingKey() {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    return { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: 'test' };
}

/** Clients that only ask about tokens, one for each way to prove who it is. */
function resourceServers() {
    const asks = { redirect_uris: [], response_types: [], grant_types: [TOKEN_EXCHANGE] };
    const { client_secret } = RESOURCE_SERVER;
    const clients = [
        { ...asks, ...RESOURCE_SERVER, token_endpoint_auth_method: 'client_secret_basic' },
        { ...asks, client_id: 'post-server', client_secret, token_endpoint_auth_method: 'client_secret_post' },
    ];
    if (options['key-client']) {
        const jwks = { keys: [JSON.parse(options['key-client'])] };
        clients.push({
            ...asks,
            client_id: 'key-server',
            jwks,
            token_endpoint_auth_method: 'private_key_jwt',
            token_endpoint_auth_signing_alg: 'EdDSA',
        });
    }
    return clients;
}

const provider = new Provider(issuer, {
    clients: resourceServers(),
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    clientDefaults: {
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
    },
    // A registration names the scopes of that day; step-up asks for more later. RFC 7591 §2 lets the server register
    // other values than were sent: this one registers no limit.
    extraClientMetadata: {
        properties: ['registered_without_scope_limit'],
        validator: (_context, _key, _value, metadata) => delete metadata.scope,
    },
    scopes: ['openid', 'offline_access', ...options.scope],
    cookies: { keys: ['only for tests'] },
    jwks: { keys: [await signingKey()] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    ttl: {
        AccessToken: (_context, token) => token.resourceServer?.accessTokenTTL ?? lifetime,
        AuthorizationCode: 60,
        Grant: 86400,
        Interaction: 600,
        RefreshToken: 86400,
        Session: 86400,
    },
    expiresWithSession: () => false,
    issueRefreshToken: (_context, client) =>
        !options['no-refresh-tokens'] && client.grantTypeAllowed('refresh_token'),
    interactions: {
        url: (_context, interaction) => `${options['issuer-path']}/interaction/${interaction.uid}`,
    },
    features: {
        devInteractions: { enabled: false },
        introspection: { enabled: true },
        registration: { enabled: true },
        revocation: { enabled: true },
        rpInitiatedLogout: { enabled: false },
        resourceIndicators: resourceIndicators(),
    },
});
provider.on('server_error', (_context, error) => log('server error:', error.stack));
for (const event of ['authorization.error', 'grant.error', 'registration_create.error']) {
    provider.on(event, (_context, error) => log(event, error.message, error.error_description ?? ''));
}

/** RFC 8693: a token of the same user for a listed resource, issued to the client that asks. */
async function exchangeToken(context) {
    const { client, params } = context.oidc;
    const subject = await provider.AccessToken.find(params.subject_token);
    if (!subject) throw new errors.InvalidRequest('the subject_token is not active');
    const resourceServer = new provider.ResourceServer(params.resource, boundResource(context, params.resource));
    const grant = new provider.Grant({ accountId: subject.accountId, clientId: client.clientId });
    grant.addResourceScope(params.resource, params.scope);
    const token = new provider.AccessToken({
        accountId: subject.accountId,
        client,
        grantId: await grant.save(),
        gty: 'token-exchange',
        resourceServer,
        scope: params.scope,
    });
    context.body = {
        access_token: await token.save(),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: token.expiration,
    };
}
const exchanged = ['subject_token', 'subject_token_type', 'requested_token_type', 'resource', 'audience', 'scope'];
provider.registerGrantType(TOKEN_EXCHANGE, exchangeToken, exchanged);

/** The user who always says yes: logs in and grants everything asked for, in one redirect and without a page. */
async function agree(request, response) {
    const { params, grantId } = await provider.interactionDetails(request, response);
    const grant =
        (grantId && (await provider.Grant.find(grantId))) ||
        new provider.Grant({ accountId: ACCOUNT, clientId: params.client_id });
    if (params.scope) {
        grant.addOIDCScope(params.scope);
        for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(resource, params.scope);
    }
    const consent = { grantId: await grant.save() };
    await provider.interactionFinished(request, response, { login: { accountId: ACCOUNT }, consent });
}

/** Notes what clients sent to the endpoints that take `resource`, and leaves the request as it was. */
function note(endpoint, parameters) {
    seen.push({
        endpoint,
        clientId: parameters.get('client_id'),
        grantType: parameters.get('grant_type'),
        scope: parameters.get('scope'),
        redirectUri: parameters.get('redirect_uri'),
        resource: parameters.getAll('resource'),
    });
}

function noteAuthorization(request, _response, next) {
    const url = new URL(request.originalUrl, origin);
    note('authorize', url.searchParams);
    if (!binds) {
        url.searchParams.delete('resource');
        request.url = `${request.path}?${url.searchParams}`;
    }
    next();
}

function noteToken(request, _response, next) {
    const form = new URLSearchParams(request.body.toString());
    note('token', form);
    if (!binds) form.delete('resource');
    // oidc-provider takes a body somebody else has read from here.
    request.body = Object.fromEntries([...form.keys()].map(key => [key, one(form.getAll(key))]));
    next();
}

function one(values) {
    return values.length === 1 ? values[0] : values;
}

function changeResources(request, response) {
    const { resources: all, add = [], remove = [] } = request.body;
    if (all) resources.clear();
    for (const resource of [...(all ?? []), ...add]) resources.add(resource);
    for (const resource of remove) resources.delete(resource);
    response.json({ resources: [...resources] });
}

const app = express();
app.disable('x-powered-by');
app.post('/test/resources', express.json(), changeResources);
app.get('/test/resources', (_request, response) => response.json({ resources: [...resources] }));
app.get('/test/requests', (_request, response) => response.json(seen));
// RFC 8414 §3.1 puts the well-known part before the issuer's path, oidc-provider only behind it.
app.get(`/.well-known/:document${options['issuer-path']}`, (request, _response, next) => {
    request.url = `${options['issuer-path']}/.well-known/${request.params.document}`;
    next();
});
app.get(`${options['issuer-path']}/interaction/:uid`, (request, response, next) => {
    agree(request, response).catch(next);
});
app.get(`${options['issuer-path']}/auth`, noteAuthorization);
app.post(`${options['issuer-path']}/token`, express.raw({ type: () => true }), noteToken);
app.post(`${options['issuer-path']}/reg`, (_request, _response, next) => {
    note('register', new URLSearchParams());
    next();
});
app.use(options['issuer-path'] || '/', provider.callback());

server.on('request', app);
endWhenAsked({ keepRunning: options['keep-running'], servers: [server] });
announceReady({
    url: origin,
    issuer,
    temper: options.temper,
    tokenFormat,
    introspection: tokenFormat === 'opaque' ? `${issuer}/token/introspection` : undefined,
    resourceServer: RESOURCE_SERVER,
});
