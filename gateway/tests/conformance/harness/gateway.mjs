// Starts Tollgate (the program in TOLLGATE_BIN) in front of one MCP server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAndWait } from './processes.mjs';

/** Where the API is mounted: at the server's own path, or at a path that has nothing to do with it. */
export const LAYOUTS = {
  same: ({ pathname }) => (pathname === '/' ? '/mcp' : pathname),
  moved: () => '/team/tools',
};

function configFor(upstream, path) {
  return `listeners: [{ address: "127.0.0.1:0" }]
apis:
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
  await writeFile(file, configFor(upstream, path));
  try {
    const isReady = message => message.event === 'listening';
    const { ready, end } = await startAndWait(process.env.TOLLGATE_BIN, ['run', '-c', file], { isReady, log });
    const port = ready.address.slice(ready.address.lastIndexOf(':') + 1);
    return { url: `http://localhost:${port}${path}`, end };
  } finally {
    await rm(dir, { recursive: true });
  }
}
