// How the server checks access tokens: JWTs by the issuer's keys (RFC 9068), opaque ones by introspection (RFC 7662).
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';

/** An `OAuthTokenVerifier` for `requireBearerAuth`. */
export class TokenVerifier {
    #metadata;
    #credentials;
    #keys;
    #seen = new Set();
    #revoked = new Set();

    /** `audiences`: the values of `aud` to accept; null accepts any. A token without `aud` is always accepted. */
    constructor(metadata, credentials, audiences) {
        this.#metadata = metadata;
        this.#credentials = credentials;
        this.#keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
        this.audiences = audiences;
    }

    async verifyAccessToken(token) {
        if (this.#revoked.has(token)) throw new InvalidTokenError('Token has been revoked');
        const claims =
            token.split('.').length === 3 ? await this.#verify(token) : await this.#introspect(token);
        const audience = [claims.aud ?? []].flat();
        this.#checkAudience(audience);
        this.#seen.add(token);
        return {
            token,
            clientId: claims.client_id,
            scopes: (claims.scope ?? '').split(' ').filter(Boolean),
            expiresAt: claims.exp,
            extra: { subject: claims.sub, audience, issuer: claims.iss },
        };
    }

    /** Every token used so far stops working; ones issued later work. Returns how many. */
    revokeAll() {
        for (const token of this.#seen) this.#revoked.add(token);
        this.#seen.clear();
        return this.#revoked.size;
    }

    #checkAudience(audience) {
        if (this.audiences === null || audience.length === 0) return;
        if (audience.some(value => this.audiences.includes(value))) return;
        throw new InvalidTokenError('Token was not issued for this resource');
    }

    async #verify(token) {
        try {
            const { payload } = await jwtVerify(token, this.#keys, { issuer: this.#metadata.issuer });
            return payload;
        } catch (error) {
            throw new InvalidTokenError(error.code ?? 'Token is invalid');
        }
    }

    async #introspect(token) {
        const { client_id: id, client_secret: secret } = this.#credentials;
        const response = await fetch(this.#metadata.introspection_endpoint, {
            method: 'POST',
            headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
            body: new URLSearchParams({ token }),
        });
        if (!response.ok) throw new Error(`introspection answered ${response.status}`);
        const claims = await response.json();
        if (!claims.active) throw new InvalidTokenError('Token is not active');
        return claims;
    }
}
