// Starts Tollgate (the program in TOLLGATE_BIN) in front of one MCP server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAndWait } from './processes.mjs';

const own = ({ pathname }) => (pathname === '/' ? '/mcp' : pathname);

/**
 * Where the API is mounted: at the server's own path, or at a path that has nothing to do with it; or at its own path
 * with every policy there is, none of which has anything against what the suite does.
 */
export const LAYOUTS = { same: own, moved: () => '/team/tools', policies: own };

const POLICIES = `policies:
  - audit: { to: stdout, methods: ["*"] }
  - ip_filter: { allow: [127.0.0.0/8, "::1"] }
  - mcp_acl: { allow: [{}], deny: [{ tools: [no_such_tool], resources: ["no-such:*"], prompts: [no_such_prompt] }] }
  - cors: { allowed_origins: ["https://*.example.com"], private_network: true }
  - rate_limit: { by: [address, tool], count: tools/call, windows: [{ requests: 100000, per: 1m }] }
  - concurrency: { by: [address, tool], max: 1000 }
  - size_limits:
      request_bytes: 4000000
      response_bytes: 4000000
      event_bytes: 4000000
      json_depth: 64
      json_members: 10000
  - headers: { request: { set: { x-edge: here } }, response: { set: { x-edge: here } } }
`;

function configFor(upstream, path, layout) {
  return `listeners: [{ address: "127.0.0.1:0" }]
${layout === 'policies' ? POLICIES : ''}apis:
  - name: conformance
    path: ${path}
    endpoints: ["${upstream}"]
    plans: [keyless]
`;
}

/** Resolves to the URL clients dial and an `end()`. What the gateway logs goes to `log`. */
export async function startGateway(upstream, layout, log) {
  const path = LAYOUTS[layout](new URL(upstream));
  const dir = await mkdtemp(join(tmpdir(), 'tollgate-conformance-'));
  const file = join(dir, 'tollgate.yaml');
  await writeFile(file, configFor(upstream, path, layout));
  try {
    const isReady = message => message.event === 'listening';
    const { ready, end } = await startAndWait(process.env.TOLLGATE_BIN, ['run', '-c', file], { isReady, log });
    const port = ready.address.slice(ready.address.lastIndexOf(':') + 1);
    return { url: `http://localhost:${port}${path}`, end };
  } finally {
    await rm(dir, { recursive: true });
  }
}
