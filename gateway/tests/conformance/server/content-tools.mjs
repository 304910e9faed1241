// Tools that answer at once, one per kind of content.
import { audio, image, resource, text } from './content.mjs';

export function addContentTools(server) {
  const answer = (name, description, ...content) =>
    server.registerTool(name, { description }, async () => ({ content }));

  answer('test_simple_text', 'Returns one text block', text('This is a simple text response for testing.'));
  answer('test_image_content', 'Returns one image', image());
  answer('test_audio_content', 'Returns one sound', audio());
  answer(
    'test_embedded_resource',
    'Returns one embedded resource',
    resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  );
  answer(
    'test_multiple_content_types',
    'Returns text, an image and an embedded resource',
    text('Multiple content types test:'),
    image(),
    resource('test://mixed-content-resource', 'application/json', JSON.stringify({ test: 'data', value: 123 })),
  );
  server.registerTool('test_error_handling', { description: 'Always fails' }, async () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}
