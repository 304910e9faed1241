// Puts one server instance together; the same definition serves both eras.
import { randomBytes } from 'node:crypto';
import { McpServer, createRequestStateCodec } from '@modelcontextprotocol/server';
import { addContentTools } from './content-tools.mjs';
import { addInputTools } from './input-tools.mjs';
import { addNotifyingTools } from './notifying-tools.mjs';
import { addPrompts } from './prompts.mjs';
import { addResources } from './resources.mjs';
import { addSchemaTools } from './schema-tools.mjs';

// One process serves every round of a flow, so a key of its own is enough to sign requestState.
const requestState = createRequestStateCodec({ key: randomBytes(32) });

/** `notifier` returns the publisher of the 2026-07-28 `subscriptions/listen` streams. */
export function newServer(notifier) {
  const server = new McpServer(
    { name: 'tollgate-everything-server', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: requestState.verify },
    },
  );
  addContentTools(server);
  addSchemaTools(server);
  addNotifyingTools(server, notifier);
  addInputTools(server, requestState);
  addResources(server);
  addPrompts(server);
  return server;
}
