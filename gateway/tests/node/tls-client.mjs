// A TLS client that says what it saw: one handshake, then requests over HTTP/1.1 or HTTP/2, as negotiated.
//
// Standard input: {"port", "servername"?, "ca" (file), "cert"?, "key"? (files), "protocols"? (ALPN), "minVersion"?,
// "maxVersion"?, "prior"? (HTTP/2 without TLS), "preamble"? (sent before anything else),
// "requests": [{"method", "path", "headers", "body", and over HTTP/2 "unfinished"? (the body seems to go on),
// "split"? (the end of the body comes alone), "until"? (goes away once it has read this)}]}
// Standard output: one line {"connected", "error"?, "names", "serial", "alpn", "version",
// "responses": [{"status", "headers", "body", "error"?}]}

import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const script = JSON.parse(Buffer.concat(chunks).toString());
const file = name => (script[name] === undefined ? undefined : readFileSync(script[name]));

const options = {
    host: '127.0.0.1',
    port: script.port,
    servername: script.servername ?? '',
    ca: file('ca'),
    cert: file('cert'),
    key: file('key'),
    minVersion: script.minVersion,
    maxVersion: script.maxVersion,
    ALPNProtocols: script.protocols ?? ['h2', 'http/1.1'],
    // Which certificate came is what a test wants to know, whatever name it asked for.
    checkServerIdentity: () => undefined,
};

function report(outcome) {
    process.stdout.write(`${JSON.stringify({ responses: [], ...outcome })}\n`, () => process.exit(0));
}

/** The bare connection, where something is to be sent on it ahead of everything else. */
function announced() {
    if (script.preamble === undefined) return undefined;
    const socket = net.connect(script.port, '127.0.0.1');
    socket.write(script.preamble);
    return socket;
}

function connect() {
    return new Promise((resolve, reject) => {
        const socket = tls.connect({ ...options, socket: announced() }, () => resolve(socket));
        socket.on('error', reject);
    });
}

/** One request of HTTP/2; a stream the server resets is an answer too. */
function overHttp2(session, { method = 'GET', path, headers = {}, body, unfinished = false, split = false, until }) {
    return new Promise(resolve => {
        const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: false });
        const answer = { status: 0, headers: {}, body: '' };
        stream.setEncoding('utf8');
        stream.on('response', fields => {
            answer.status = fields[':status'];
            answer.headers = { ...fields };
        });
        stream.on('data', text => {
            answer.body += text;
            if (until !== undefined && answer.body.includes(until)) stream.close();
        });
        stream.on('error', error => (answer.error = error.code ?? error.message));
        stream.on('close', () => resolve(answer));
        if (unfinished) stream.write(body);
        else if (split) stream.write(body, () => stream.end());
        else stream.end(body);
    });
}

function overHttp1(socket, { method = 'GET', path, headers = {}, body }) {
    return new Promise(resolve => {
        const fields = { host: `127.0.0.1:${script.port}`, ...headers };
        const request = https.request({ createConnection: () => socket, method, path, headers: fields });
        request.on('error', error => resolve({ status: 0, headers: {}, body: '', error: error.code ?? error.message }));
        request.on('response', async response => {
            const parts = [];
            for await (const part of response) parts.push(part);
            resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() });
        });
        request.end(body);
    });
}

async function requests(session, send) {
    const responses = [];
    for (const request of script.requests ?? []) responses.push(await send(session, request));
    return responses;
}

async function http2Session(url, createConnection) {
    const session = http2.connect(url, createConnection && { createConnection });
    await new Promise((resolve, reject) => {
        session.on('error', reject);
        // The server's first frame: with TLS 1.3 a refused client certificate only shows after the handshake.
        session.on('remoteSettings', resolve);
    });
    return session;
}

try {
    if (script.prior) {
        const socket = announced();
        const session = await http2Session(`http://127.0.0.1:${script.port}`, socket && (() => socket));
        report({ connected: true, alpn: 'h2c', responses: await requests(session, overHttp2) });
    } else {
        const socket = await connect();
        const { subjectaltname, serialNumber } = socket.getPeerCertificate();
        const seen = {
            connected: true,
            names: subjectaltname,
            serial: serialNumber,
            alpn: socket.alpnProtocol,
            version: socket.getProtocol(),
        };
        if (socket.alpnProtocol === 'h2') {
            const authority = script.servername || '127.0.0.1';
            const session = await http2Session(`https://${authority}:${script.port}`, () => socket);
            report({ ...seen, responses: await requests(session, overHttp2) });
        } else {
            report({ ...seen, responses: await requests(socket, overHttp1) });
        }
    }
} catch (error) {
    report({ connected: false, error: error.code ?? error.message });
}
