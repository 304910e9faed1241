// Stands between the suite and a client: `through-gateway.mjs LAYOUT CLIENT SERVER_URL` starts a gateway in front of
// SERVER_URL, runs CLIENT (a script beside this one) against the gateway instead, and ends with the client's code.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startGateway } from './harness/gateway.mjs';

const [layout, clientScript, serverUrl] = process.argv.slice(2);
const gateway = await startGateway(serverUrl, layout, process.stderr);
const client = spawn(process.execPath, [join(import.meta.dirname, clientScript), gateway.url], { stdio: 'inherit' });
// The suite ends a client that takes too long; the gateway must not outlive it.
process.on('SIGTERM', () => client.kill('SIGTERM'));
const [code] = await once(client, 'close');
await gateway.end();
process.exitCode = code ?? 1;
