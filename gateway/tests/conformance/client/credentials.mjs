// Which OAuth grant a scenario is about, with the credentials its context holds.
import { HeadlessLogin } from './login.mjs';

/** The OAuth provider for `scenario`; undefined where the scenario has no authorization. */
export async function credentialsFor(scenario, context, serverUrl, { grants }) {
  const { client_id: clientId, client_secret: clientSecret } = context;
  switch (scenario) {
    case 'auth/client-credentials-basic':
      return new grants.ClientCredentialsProvider({ clientId, clientSecret });
    case 'auth/client-credentials-jwt':
      return new grants.PrivateKeyJwtProvider({
        clientId,
        privateKey: context.private_key_pem,
        algorithm: context.signing_algorithm,
      });
    case 'auth/enterprise-managed-authorization':
      return new grants.CrossAppAccessProvider({ clientId, clientSecret, assertion: idJag(context, grants) });
    case 'auth/wif-jwt-bearer':
      return new WorkloadIdentity(clientId, context.valid_jwt);
    case 'auth/pre-registration':
      return new HeadlessLogin({ client_id: clientId, client_secret: clientSecret });
    case 'auth/dpop':
    case 'auth/dpop-nonce':
      return new BoundLogin(await grants.DpopSession.create());
    default:
      return scenario.startsWith('auth/') ? new HeadlessLogin() : undefined;
  }
}

/** Exchanges the user's ID token for an ID-JAG at the enterprise identity provider (RFC 8693). */
function idJag(context, grants) {
  return async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
    const { jwtAuthGrant } = await grants.requestJwtAuthorizationGrant({
      tokenEndpoint: context.idp_token_endpoint,
      audience: authorizationServerUrl,
      resource: resourceUrl,
      idToken: context.idp_id_token,
      clientId: context.idp_client_id,
      scope,
      fetchFn,
    });
    return jwtAuthGrant;
  };
}

/** A login whose tokens are bound to a key (RFC 9449). */
class BoundLogin extends HeadlessLogin {
  #session;

  constructor(session) {
    super();
    this.#session = session;
  }

  dpop() {
    return this.#session;
  }
}

/** Trades a workload's own JWT for an access token (RFC 7523); there is no login and no client secret. */
class WorkloadIdentity extends HeadlessLogin {
  redirectUrl = undefined;
  #assertion;

  constructor(clientId, assertion) {
    super({ client_id: clientId });
    this.clientMetadata = { ...this.clientMetadata, token_endpoint_auth_method: 'none' };
    this.#assertion = assertion;
  }

  prepareTokenRequest(scope) {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    return new URLSearchParams({ grant_type, assertion: this.#assertion, ...(scope && { scope }) });
  }
}
