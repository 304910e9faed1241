// The 2025-era half of the endpoint: one transport per session, with an event store so that a stream that ended
// early can be resumed with Last-Event-ID (2025-11-25 basic/transports, "Resumability and Redelivery").
import { randomUUID } from 'node:crypto';
import { isInitializeRequest } from '@modelcontextprotocol/server';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';

const RETRY_MS = 100;

/** Keeps every event of one session, in order; an event id is `<stream>_<sequence number>`. */
class SessionEvents {
  #events = [];

  async storeEvent(streamId, message) {
    const id = `${streamId}_${this.#events.length}`;
    this.#events.push({ id, streamId, message });
    return id;
  }

  async getStreamIdForEventId(eventId) {
    return this.#events.find(event => event.id === eventId)?.streamId;
  }

  async replayEventsAfter(lastEventId, { send }) {
    const last = this.#events.findIndex(event => event.id === lastEventId);
    if (last < 0) throw new Error(`unknown event id ${lastEventId}`);
    const { streamId } = this.#events[last];
    for (const event of this.#events.slice(last + 1)) {
      // A priming event is stored as an empty object and carries nothing to replay.
      if (event.streamId === streamId && event.message.jsonrpc) await send(event.id, event.message);
    }
    return streamId;
  }
}

export class SessionEndpoint {
  #transports = new Map();
  #newServer;

  constructor(newServer) {
    this.#newServer = newServer;
  }

  async handle(req, res, body) {
    const id = req.headers['mcp-session-id'];
    const transport = this.#transports.get(id) ?? (await this.#open(id, body));
    if (!transport) return refuse(res, id);
    await transport.handleRequest(req, res, body);
  }

  async #open(id, body) {
    if (id !== undefined || !isInitializeRequest(body)) return undefined;
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new SessionEvents(),
      retryInterval: RETRY_MS,
      onsessioninitialized: session => this.#transports.set(session, transport),
      onsessionclosed: session => this.#transports.delete(session),
    });
    await this.#newServer().connect(transport);
    return transport;
  }
}

/** 404 for a session that is not (or no longer) there, 400 for a request that names none. */
function refuse(res, id) {
  const status = id === undefined ? 400 : 404;
  const message = id === undefined ? 'No session: send initialize first' : 'Session not found';
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }));
}
