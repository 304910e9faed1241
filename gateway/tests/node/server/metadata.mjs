// The protected-resource metadata (RFC 9728) of the server: the SDK's router, or what a test puts in its place.
import { setTimeout as sleep } from 'node:timers/promises';
import { mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Fetches the authorization server's own metadata (RFC 8414, else OpenID Connect Discovery's place). */
export async function authorizationServerMetadata(issuer) {
    const { origin, pathname } = new URL(issuer);
    const path = pathname === '/' ? '' : pathname;
    const response = await fetch(`${origin}/.well-known/oauth-authorization-server${path}`);
    if (!response.ok) throw new Error(`no authorization server metadata for ${issuer}: ${response.status}`);
    return response.json();
}

export class ResourceMetadata {
    #router;
    #officialPath;
    #official;
    #change = {};
    #location;

    /** `resource` is what the server calls itself; `location` is the path the document is served at. */
    constructor({ metadata, resource, location, scopes }) {
        const resourceServerUrl = new URL(resource);
        this.#router = mcpAuthMetadataRouter({
            oauthMetadata: metadata,
            resourceServerUrl,
            scopesSupported: scopes,
            resourceName: 'upstream',
        });
        this.#officialPath =
            WELL_KNOWN + (resourceServerUrl.pathname === '/' ? '' : resourceServerUrl.pathname);
        this.#official = {
            resource,
            authorization_servers: [metadata.issuer],
            scopes_supported: scopes,
            resource_name: 'upstream',
        };
        this.#location = location;
    }

    /**
     * What a test wants instead: `members` replace or add members (null removes one), `raw` is
     * `{status, headers, body}` sent as it is, `delayMs` holds the answer back. An empty object undoes all.
     */
    change(change) {
        this.#change = change;
        return change;
    }

    /** Express middleware; answers at `location` only. */
    serve = async (request, response, next) => {
        if (request.path === this.#location) return this.#answer(request, response, next);
        if (request.path.startsWith(WELL_KNOWN)) return response.status(404).json({ error: 'not_found' });
        next();
    };

    async #answer(request, response, next) {
        const { delayMs, raw, members } = this.#change;
        if (delayMs) await sleep(delayMs);
        if (raw)
            return response
                .status(raw.status ?? 200)
                .set(raw.headers ?? JSON_TYPE)
                .send(Buffer.from(raw.body ?? ''));
        if (members) return response.json(withMembers(this.#official, members));
        request.url = this.#officialPath;
        this.#router(request, response, next);
    }
}

const JSON_TYPE = { 'content-type': 'application/json' };

function withMembers(document, members) {
    const merged = { ...document, ...members };
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
