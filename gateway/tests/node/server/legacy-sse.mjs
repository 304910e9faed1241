// The HTTP+SSE transport of 2024-11-05: a GET opens the stream whose first event names where to POST.
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { createServer } from './sdk-v1.mjs';

/**
 * Two express handlers, for the stream and for the messages.
 * `announce` turns the path the SDK would announce into what goes into the `endpoint` event.
 */
export function legacySse({ messagesPath, announce }) {
    const streams = new Map();

    async function open(request, response) {
        const transport = new SSEServerTransport(messagesPath, announcing(response, announce));
        streams.set(transport.sessionId, transport);
        response.on('close', () => streams.delete(transport.sessionId));
        await createServer().connect(transport);
    }

    async function post(request, response) {
        const transport = streams.get(request.query.sessionId);
        if (!transport) return response.status(404).send('no such stream');
        await transport.handlePostMessage(request, response, request.rawBody.toString());
    }

    return { open, post, streams: () => streams.size };
}

/** Changes the data of the first event only, which the SDK writes in one piece. */
function announcing(response, announce) {
    const write = response.write.bind(response);
    response.write = chunk => {
        response.write = write;
        return write(String(chunk).replace(/^data: (.*)$/m, (_line, path) => `data: ${announce(path)}`));
    };
    return response;
}
