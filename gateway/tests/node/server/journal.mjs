// What the server under test saw: every request as it arrived, for tests that assert what a gateway let through.
import { createHash } from 'node:crypto';

export class Journal {
    #requests = [];
    #open = new Map();

    /** Express middleware: reads the whole body into `request.rawBody` (the SDK's transport takes it from there). */
    record = async (request, response, next) => {
        const entry = this.#begin(request);
        const chunks = [];
        try {
            for await (const chunk of request) chunks.push(chunk);
        } catch {
            entry.bodyCut = true;
            return;
        }
        request.rawBody = Buffer.concat(chunks);
        entry.bodyBytes = request.rawBody.length;
        entry.bodySha256 = createHash('sha256').update(request.rawBody).digest('hex');
        this.#follow(entry, response);
        next();
    };

    #begin(request) {
        const entry = {
            number: this.#requests.length + 1,
            at: Date.now(),
            method: request.method,
            path: request.originalUrl,
            httpVersion: request.httpVersion,
            headers: request.headers,
            rawHeaders: pairs(request.rawHeaders),
        };
        this.#requests.push(entry);
        return entry;
    }

    /** `disconnectedAt`: the peer went away before the answer was complete. */
    #follow(entry, response) {
        this.#open.set(response, entry);
        noteContentType(entry, response);
        response.on('close', () => {
            this.#open.delete(response);
            entry.status = response.headersSent ? response.statusCode : undefined;
            if (response.writableFinished) entry.finishedAt = Date.now();
            else entry.disconnectedAt = Date.now();
        });
    }

    get requests() {
        return this.#requests;
    }

    /**
     * How many requests there were, by `METHOD /path status`, how many are still open, and the open event streams by
     * method.
     */
    get counters() {
        const byKind = {};
        for (const { method, path, status } of this.#requests) {
            const kind = `${method} ${path.split('?')[0]} ${status ?? 'open'}`;
            byKind[kind] = (byKind[kind] ?? 0) + 1;
        }
        const streams = { GET: 0, POST: 0 };
        for (const entry of this.#open.values()) {
            if (isEventStream(entry)) streams[entry.method] += 1;
        }
        return { total: this.#requests.length, open: this.#open.size, streams, byKind };
    }

    forget() {
        this.#requests = [];
    }

    /** Breaks the event streams that answer `method` (all without it) in the middle, as a failing network would. */
    breakStreams(method) {
        const streams = [...this.#open].filter(([, entry]) => {
            return isEventStream(entry) && (method === undefined || method === entry.method);
        });
        for (const [response] of streams) response.destroy();
        return streams.length;
    }
}

function isEventStream({ contentType }) {
    return contentType?.startsWith('text/event-stream') ?? false;
}

/** Headers given to `writeHead` cannot be asked for later, and that is how the SDK gives them. */
function noteContentType(entry, response) {
    const writeHead = response.writeHead;
    response.writeHead = (...given) => {
        const headers = given.find(argument => typeof argument === 'object');
        const own = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type');
        entry.contentType = own?.[1] ?? response.getHeader('content-type');
        return writeHead.apply(response, given);
    };
}

function pairs(rawHeaders) {
    const result = [];
    for (let i = 0; i < rawHeaders.length; i += 2) result.push([rawHeaders[i], rawHeaders[i + 1]]);
    return result;
}
