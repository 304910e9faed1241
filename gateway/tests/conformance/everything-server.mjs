// The MCP server the suite's server scenarios are run against: every tool, resource and prompt they name, on the
// official SDK, in both eras on one endpoint (2026-07-28 stateless; 2025 revisions with sessions and resumable
// streams). Prints one line `{"ready":true,"url":…}` and ends on SIGTERM or when its standard input closes.
import { createServer } from 'node:http';
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { newServer } from './server/build.mjs';
import { SessionEndpoint } from './server/sessions.mjs';

const PATH = '/mcp';
const hostIsLocal = localhostHostValidation();
const originIsLocal = localhostOriginValidation();

const modern = createMcpHandler(() => newServer(() => modern.notify), { legacy: 'reject' });
const serveModern = toNodeHandler(modern);
const sessions = new SessionEndpoint(() => newServer(() => modern.notify));

async function readJson(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  if (chunks.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

async function serve(req, res) {
  if (!hostIsLocal(req, res) || !originIsLocal(req, res)) return;
  if (new URL(req.url, 'http://localhost').pathname !== PATH) {
    res.writeHead(404).end();
    return;
  }
  const body = req.method === 'POST' ? await readJson(req) : undefined;
  if (await isLegacyRequest(await toWebRequest(req, body), body)) await sessions.handle(req, res, body);
  else await serveModern(req, res, body);
}

const http = createServer((req, res) => {
  serve(req, res).catch(error => {
    console.error(error);
    if (res.headersSent) res.destroy();
    else res.writeHead(500).end();
  });
});

http.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ ready: true, url: `http://localhost:${http.address().port}${PATH}` }));
});

const end = () => process.exit(0);
process.on('SIGTERM', end);
process.stdin.on('end', end).resume();
