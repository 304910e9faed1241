// A server that says about each request how it came: the version of HTTP, the name the handshake asked for, the
// certificate the client showed, what it was told of whom the request is from, and a number for the connection.
//
// Arguments: a JSON object with `cert` and `key` (files; without them in clear text), `ca` (a file: clients must show a
// certificate of it), `protocols` (for ALPN), `http2` (without TLS, spoken from the first byte on), `hold` (requests
// that are answered only once so many are there).
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";

const settings = JSON.parse(process.argv[2]);
const read = (file) => file && readFileSync(file);
const numbers = new WeakMap();
let connections = 0;
let held = [];

function describe(request) {
  const socket = request.stream?.session?.socket ?? request.socket;
  // Of HTTP/2 every request has the session's socket behind a proxy of its own.
  const key = request.stream?.session ?? socket;
  if (!numbers.has(key)) numbers.set(key, ++connections);
  const certificate = socket.getPeerCertificate?.();
  return {
    version: request.httpVersion,
    servername: socket.servername || null,
    client: certificate?.subject?.CN ?? null,
    forwarded: request.headers.forwarded ?? null,
    connection: numbers.get(key),
  };
}

function answer(request, response) {
  request.resume();
  request.on("end", () => {
    const send = () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(describe(request)));
    };
    held.push(send);
    if (held.length < (settings.hold ?? 1)) return;
    for (const next of held) next();
    held = [];
  });
}

const tls = {
  cert: read(settings.cert),
  key: read(settings.key),
  ca: read(settings.ca),
  requestCert: Boolean(settings.ca),
  rejectUnauthorized: Boolean(settings.ca),
};
const protocols = settings.protocols ?? ["http/1.1"];
let server;
if (!settings.cert) server = http2.createServer(answer);
else if (protocols.includes("h2")) {
  server = http2.createSecureServer({ ...tls, allowHTTP1: protocols.includes("http/1.1") }, answer);
} else server = https.createServer(tls, answer);
server.listen(0, "127.0.0.1", () => {
  const origin = `${settings.cert ? "https" : "http"}://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ ready: true, origin, url: `${origin}/mcp` }));
});
