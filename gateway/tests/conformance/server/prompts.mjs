// Prompts: plain, with arguments that complete, with embedded content, and one that needs input (SEP-2322).
import { acceptedContent, fromJsonSchema, inputRequired } from '@modelcontextprotocol/server';
import { objectWith } from './elicitation-schemas.mjs';
import { image, resource, text } from './content.mjs';

const user = content => ({ role: 'user', content });
const messages = (...contents) => ({ messages: contents.map(user) });

export function addPrompts(server) {
  server.registerPrompt('test_simple_prompt', { description: 'A prompt without arguments' }, async () =>
    messages(text('This is a simple prompt for testing.')),
  );
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'A prompt with two arguments',
      argsSchema: fromJsonSchema({
        type: 'object',
        properties: {
          arg1: { type: 'string', description: 'First test argument' },
          arg2: { type: 'string', description: 'Second test argument' },
        },
        required: ['arg1', 'arg2'],
      }),
    },
    async ({ arg1, arg2 }) => messages(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'A prompt that embeds a resource', argsSchema: fromJsonSchema(objectWith('resourceUri', 'string')) },
    async ({ resourceUri }) =>
      messages(
        resource(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'A prompt with an image' }, async () =>
    messages(image(), text('Please analyze the image above.')),
  );
  addPromptWithInput(server);
  addCompletion(server);
}

function addPromptWithInput(server) {
  const user_context = inputRequired.elicit({
    message: 'What context should the prompt use?',
    requestedSchema: objectWith('context', 'string'),
  });
  const name = 'test_input_required_result_prompt';
  server.registerPrompt(name, { description: 'A prompt that asks for its context' }, async ctx => {
    const answer = acceptedContent(ctx.mcpReq.inputResponses, 'user_context');
    if (!answer) return inputRequired({ inputRequests: { user_context } });
    return messages(text(`Use this context: ${answer.context}`));
  });
}

/** Any argument completes to the words below that start with what was typed. */
function addCompletion(server) {
  const words = ['paris', 'park', 'party'];
  server.server.setRequestHandler('completion/complete', async ({ params }) => {
    const values = words.filter(word => word.startsWith(params.argument.value));
    return { completion: { values, total: values.length, hasMore: false } };
  });
}
