// What the client does in each scenario, beyond connecting.

/** The act for `scenario`; a scenario without one of its own lists the tools and calls the first. */
export function actFor(scenario) {
  return ACTS[scenario] ?? listAndCallFirst;
}

async function listAndCallFirst(session) {
  const { tools } = await session.listTools();
  if (tools.length > 0) await session.callTool(tools[0].name);
}

async function callEveryTool(session) {
  const { tools } = await session.listTools();
  for (const tool of tools) await session.callTool(tool.name, requiredArguments(tool));
}

/** Something of the right type for each argument the tool insists on. */
function requiredArguments({ inputSchema: { properties = {}, required = [] } }) {
  const samples = { string: 'sample', number: 1, integer: 1, boolean: true };
  return Object.fromEntries(required.map(name => [name, samples[properties[name]?.type] ?? {}]));
}

/** The SDK refuses a result without `resultType`, which is no new round either; the scenario asks no more. */
function ignoreRefusedResult(error) {
  if (error.code !== 'INVALID_RESULT') throw error;
}

const ACTS = {
  initialize: session => session.listTools(),

  async tools_call(session) {
    await session.listTools();
    await session.callTool('add_numbers', { a: 5, b: 3 });
  },

  'elicitation-sep1034-client-defaults': callEveryTool,
  'sse-retry': callEveryTool,
  'http-invalid-tool-headers': callEveryTool,

  // Between the two rounds of one call another tool is called: the rounds must not leak into it.
  async 'sep-2322-client-request-state'(session) {
    await session.listTools();
    await Promise.all([
      session.callTool('test_mrtr_echo_state'),
      session.callTool('test_mrtr_unrelated'),
      session.callTool('test_mrtr_no_state'),
    ]);
    await session.callTool('test_mrtr_no_result_type').catch(ignoreRefusedResult);
  },

  async 'http-standard-headers'(session) {
    await callEveryTool(session);
    const { resources } = await session.run(client => client.listResources());
    for (const { uri } of resources) await session.run(client => client.readResource({ uri }));
    const { prompts } = await session.run(client => client.listPrompts());
    for (const { name } of prompts) await session.run(client => client.getPrompt({ name }));
  },

  async 'http-custom-headers'(session, context) {
    await session.listTools();
    for (const { name, arguments: args } of context.toolCalls) await session.callTool(name, args);
  },

  'json-schema-ref-no-deref': session => session.listTools(),

  async 'json-schema-2020-12-preservation'(session) {
    const { tools } = await session.listTools();
    const focal = tools.find(tool => tool.name === 'json_schema_2020_12_tool');
    await session.callTool('json_schema_echo', { schema: focal.inputSchema });
  },
};
