// Resources of every kind the scenarios read, and subscriptions to them (2025 revisions).
import { ResourceTemplate } from '@modelcontextprotocol/server';
import { PNG_1X1 } from './content.mjs';

export function addResources(server) {
  const textResource = (name, uri, description, value) =>
    server.registerResource(name, uri, { description, mimeType: 'text/plain' }, async () => ({
      contents: [{ uri, mimeType: 'text/plain', text: value }],
    }));

  textResource(
    'static-text',
    'test://static-text',
    'A fixed text',
    'This is the content of the static text resource.',
  );
  textResource('watched', 'test://watched-resource', 'A resource to subscribe to', 'Watched resource content.');

  const binary = 'test://static-binary';
  server.registerResource('static-binary', binary, { description: 'A fixed image', mimeType: 'image/png' }, async () => ({
    contents: [{ uri: binary, mimeType: 'image/png', blob: PNG_1X1 }],
  }));

  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  const config = { description: 'A document per id', mimeType: 'application/json' };
  server.registerResource('template', template, config, async (uri, { id }) => ({
    contents: [
      {
        uri: uri.href,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
      },
    ],
  }));

  // No resource here ever changes, so a subscription has nothing to keep.
  server.server.setRequestHandler('resources/subscribe', async () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', async () => ({}));
}
