// Tools that are there for their input schema: JSON Schema 2020-12 keywords (SEP-1613, SEP-2106) and parameters
// mirrored into `Mcp-Param-*` headers (SEP-2243).
import { fromJsonSchema } from '@modelcontextprotocol/server';
import { text } from './content.mjs';

const CONTACT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const HEADER_SCHEMA = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
  required: ['region'],
};

export function addSchemaTools(server) {
  const echo = (name, description, schema) =>
    server.registerTool(name, { description, inputSchema: fromJsonSchema(schema) }, async args => ({
      content: [text(JSON.stringify(args))],
    }));

  echo('json_schema_2020_12_tool', 'Tool with JSON Schema 2020-12 features', CONTACT_SCHEMA);
  echo('test_x_mcp_header', 'Takes a region that clients repeat in Mcp-Param-Region', HEADER_SCHEMA);
}
