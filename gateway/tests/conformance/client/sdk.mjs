// The two official SDK lines behind one small face: v1 speaks the 2025 revisions, v2 speaks 2026-07-28. Using both
// puts two independent OAuth clients through the gateway.

/** Scenarios whose OAuth extension only v2 implements; v2 then speaks the 2025 handshake too. */
const ONLY_IN_V2 = /^auth\/(dpop|enterprise-managed-authorization)/;

const INFO = { name: 'tollgate-everything-client', version: '1.0.0' };
// `applyDefaults` has the SDK fill omitted form fields from the schema (SEP-1034).
const CAPABILITIES = { elicitation: { form: { applyDefaults: true } } };

export async function sdkFor(revision, scenario) {
  const modern = revision >= '2026-07-28';
  return modern || ONLY_IN_V2.test(scenario) ? v2(modern) : v1();
}

/** Accepts every form, filling in only what the form requires; the SDK adds the defaults. */
function acceptForm({ params }) {
  const { properties = {}, required = [] } = params.requestedSchema ?? {};
  const confirmed = required.filter(name => properties[name]?.type === 'boolean').map(name => [name, true]);
  return { action: 'accept', content: Object.fromEntries(confirmed) };
}

async function v1() {
  const [{ Client }, { StreamableHTTPClientTransport }, { UnauthorizedError }, grants, { ElicitRequestSchema }] =
    await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
      import('@modelcontextprotocol/sdk/client/auth.js'),
      import('@modelcontextprotocol/sdk/client/auth-extensions.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]);
  return {
    grants,
    UnauthorizedError,
    newTransport: (url, authProvider) => new StreamableHTTPClientTransport(new URL(url), { authProvider }),
    newClient() {
      const client = new Client(INFO, { capabilities: CAPABILITIES });
      client.setRequestHandler(ElicitRequestSchema, acceptForm);
      return client;
    },
    finishAuth: (transport, callback) => transport.finishAuth(callback.get('code')),
  };
}

async function v2(modern) {
  const sdk = await import('@modelcontextprotocol/client');
  return {
    grants: sdk,
    UnauthorizedError: sdk.UnauthorizedError,
    newTransport: (url, authProvider) => new sdk.StreamableHTTPClientTransport(new URL(url), { authProvider }),
    newClient() {
      const versionNegotiation = { mode: modern ? 'auto' : 'legacy' };
      const client = new sdk.Client(INFO, { capabilities: CAPABILITIES, versionNegotiation });
      client.setRequestHandler('elicitation/create', acceptForm);
      return client;
    },
    // The whole callback, so that the SDK can check `iss` (RFC 9207) before it reads the code.
    finishAuth: (transport, callback) => transport.finishAuth(callback),
  };
}
