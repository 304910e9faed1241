// The MCP client the suite's client scenarios run: `everything-client.mjs SERVER_URL`, told by the environment which
// scenario it is in (MCP_CONFORMANCE_SCENARIO), at which revision (MCP_CONFORMANCE_PROTOCOL_VERSION) and with which
// credentials (MCP_CONFORMANCE_CONTEXT). It does what a user of an official SDK would do, without a browser.
import { actFor } from './client/acts.mjs';
import { credentialsFor } from './client/credentials.mjs';
import { McpSession } from './client/session.mjs';
import { sdkFor } from './client/sdk.mjs';

const serverUrl = process.argv.at(-1);
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? '2026-07-28';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');

const sdk = await sdkFor(revision, scenario);
const credentials = await credentialsFor(scenario, context, serverUrl, sdk);
const session = new McpSession(serverUrl, sdk, credentials);
try {
  await actFor(scenario)(session, context);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await session.close();
}
