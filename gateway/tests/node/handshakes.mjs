// Connects over TLS without a pause, asks for one page on each connection, and never resumes a session.
//
// Standard input: a line {"port", "ca" (file), "parallel", "most"}; its end is the order to stop.
// Standard output: a line {"serial"} for each certificate that was not shown before, at the end one
// {"connections", "failures": [text]}. Ends by itself after "most" connections.

import { readFileSync } from 'node:fs';
import readline from 'node:readline';
import tls from 'node:tls';

const lines = readline.createInterface({ input: process.stdin });
const script = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const options = {
    host: '127.0.0.1',
    port: script.port,
    ca: readFileSync(script.ca),
    ALPNProtocols: ['http/1.1'],
};
const request = `GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:${script.port}\r\nConnection: close\r\n\r\n`;
const serials = new Set();
const failures = [];
let connections = 0;
let stopped = false;
lines.on('close', () => (stopped = true));
process.stdin.resume();

const say = message => process.stdout.write(`${JSON.stringify(message)}\n`);

/** One connection, up to the end of its answer: with TLS 1.3 a client is done before the server is. */
function connect() {
    return new Promise(resolve => {
        let answer = '';
        const socket = tls.connect(options, () => {
            const { serialNumber } = socket.getPeerCertificate();
            if (!serials.has(serialNumber)) {
                serials.add(serialNumber);
                say({ serial: serialNumber });
            }
            socket.write(request);
        });
        socket.setEncoding('utf8');
        socket.on('data', text => (answer += text));
        socket.on('error', error => failures.push(error.code ?? error.message));
        socket.on('close', () => {
            if (!answer.startsWith('HTTP/1.1 404 ')) failures.push(`answered ${JSON.stringify(answer)}`);
            resolve();
        });
    });
}

async function connectOnAndOn() {
    while (!stopped && connections < script.most) {
        connections += 1;
        await connect();
    }
}

await Promise.all(Array.from({ length: script.parallel }, connectOnAndOn));
say({ connections, failures });
process.exit(0);
