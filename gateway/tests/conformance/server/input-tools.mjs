// Tools that need something from the client before they can answer. Written once as multi-round-trip handlers
// (SEP-2322); on 2025 connections the SDK turns the same returns into server-to-client requests.
import { acceptedContent, fromJsonSchema, inputRequired } from '@modelcontextprotocol/server';
import { DEFAULTS_SCHEMA, ENUMS_SCHEMA, USER_SCHEMA, objectWith } from './elicitation-schemas.mjs';
import { text } from './content.mjs';

const NO_CAPABILITIES = {};

const askName = inputRequired.elicit({ message: 'What is your name?', requestedSchema: objectWith('name', 'string') });
const askOk = inputRequired.elicit({ message: 'Please confirm', requestedSchema: objectWith('ok', 'boolean') });

function askModel(prompt, maxTokens = 100) {
  return inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens });
}

const say = value => ({ content: [text(value)] });
const need = (inputRequests, requestState) =>
  inputRequired(requestState === undefined ? { inputRequests } : { inputRequests, requestState });

const answers = ctx => ctx.mcpReq.inputResponses ?? {};
const capabilities = ctx =>
  ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? NO_CAPABILITIES;

export function addInputTools(server, requestState) {
  const tool = (name, description, run) => server.registerTool(name, { description }, async ctx => run(ctx));
  addElicitationTools(server, tool);
  addSamplingTools(server, tool);
  addRoundTripTools(tool);
  addStatefulTools(tool, requestState);
}

function addElicitationTools(server, tool) {
  const ask = (name, message, requestedSchema, label) =>
    tool(name, `Elicits: ${message}`, ctx => {
      const answer = answers(ctx).form;
      if (!answer) return need({ form: inputRequired.elicit({ message, requestedSchema }) });
      return say(`${label} action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    });
  ask('test_elicitation_sep1034_defaults', 'Please review the values', DEFAULTS_SCHEMA, 'Elicitation completed:');
  ask('test_elicitation_sep1330_enums', 'Please choose', ENUMS_SCHEMA, 'Elicitation completed:');
  ask('test_streaming_elicitation', 'Please go on', objectWith('ok', 'boolean'), 'Elicitation completed:');

  const inputSchema = fromJsonSchema(objectWith('message', 'string'));
  const config = { description: 'Elicits a user name and an address', inputSchema };
  server.registerTool('test_elicitation', config, async ({ message }, ctx) => {
    const answer = answers(ctx).user;
    if (!answer) return need({ user: inputRequired.elicit({ message, requestedSchema: USER_SCHEMA }) });
    return say(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
  });
}

function addSamplingTools(server, tool) {
  const inputSchema = fromJsonSchema(objectWith('prompt', 'string'));
  const config = { description: 'Has the client\'s model answer a prompt', inputSchema };
  server.registerTool('test_sampling', config, async ({ prompt }, ctx) => {
    const answer = answers(ctx).completion;
    if (!answer) return need({ completion: askModel(prompt) });
    return say(`LLM response: ${answer.content?.text ?? JSON.stringify(answer.content)}`);
  });
  // Asking for sampling is refused by the SDK with -32021 when the client did not declare it.
  tool('test_missing_capability', 'Needs a client that can sample', ctx =>
    answers(ctx).completion ? say('The client can sample') : need({ completion: askModel('Say yes') }),
  );
}

function addRoundTripTools(tool) {
  tool('test_input_required_result_elicitation', 'Asks for a name', ctx => {
    const name = acceptedContent(answers(ctx), 'user_name')?.name;
    return typeof name === 'string' ? say(`Hello, ${name}!`) : need({ user_name: askName });
  });
  tool('test_input_required_result_sampling', 'Asks the model for a capital', ctx => {
    const answer = answers(ctx).capital_question;
    return answer
      ? say(`The model says: ${answer.content?.text}`)
      : need({ capital_question: askModel('What is the capital of France?') });
  });
  tool('test_input_required_result_list_roots', 'Asks for the roots', ctx => {
    const answer = answers(ctx).client_roots;
    return answer
      ? say(`Roots: ${answer.roots.map(root => root.uri).join(', ')}`)
      : need({ client_roots: inputRequired.listRoots() });
  });
  tool('test_input_required_result_capabilities', 'Asks only what the client can answer', ctx => {
    if (Object.keys(answers(ctx)).length > 0) return say('Answered');
    const { elicitation, sampling } = capabilities(ctx);
    const asked = { ...(elicitation && { user_name: askName }), ...(sampling && { greeting: askModel('Say hello') }) };
    return Object.keys(asked).length > 0 ? need(asked) : say('The client can answer nothing');
  });
}

function addStatefulTools(tool, requestState) {
  const confirmed = ctx => ctx.mcpReq.requestState() !== undefined && acceptedContent(answers(ctx), 'confirm');
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    tool(name, 'Asks for a confirmation and carries signed state', async ctx =>
      confirmed(ctx) ? say('state-ok') : need({ confirm: askOk }, await requestState.mint({ asked: true })),
    );
  }
  tool('test_input_required_result_multiple_inputs', 'Asks for three things at once', async ctx => {
    const { user_name, greeting, client_roots } = answers(ctx);
    if (user_name && greeting && client_roots) return say('All three inputs received');
    const asked = {
      user_name: askName,
      greeting: askModel('Generate a greeting', 50),
      client_roots: inputRequired.listRoots(),
    };
    return need(asked, await requestState.mint({ asked: Object.keys(asked) }));
  });
  tool('test_input_required_result_multi_round', 'Asks for a name, then for a colour', async ctx => {
    const { name = acceptedContent(answers(ctx), 'step1')?.name } = ctx.mcpReq.requestState() ?? {};
    if (name === undefined) {
      const step1 = inputRequired.elicit({
        message: 'Step 1: What is your name?',
        requestedSchema: objectWith('name', 'string'),
      });
      return need({ step1 }, await requestState.mint({ round: 1 }));
    }
    const color = acceptedContent(answers(ctx), 'step2')?.color;
    if (color !== undefined) return say(`${name} likes ${color}`);
    const step2 = inputRequired.elicit({
      message: 'Step 2: What is your favorite color?',
      requestedSchema: objectWith('color', 'string'),
    });
    return need({ step2 }, await requestState.mint({ round: 2, name }));
  });
}
