// What Node's JSON.parse makes of bodies, decoded as `Request.json()` does it. In and out it is as read.py says, with
// one reading.
import { buffer } from 'node:stream/consumers';

function reading(body, pointer) {
    let document;
    try {
        document = JSON.parse(new TextDecoder().decode(body));
    } catch {
        return null;
    }
    const messages = Array.isArray(document) ? document : [document];
    return { batch: Array.isArray(document), messages: messages.map((message) => fields(message, pointer)) };
}

/** What a server looks at: strings as they are, of everything else the kind; what is absent is left out. */
function fields(message, pointer) {
    if (kind(message) !== 'object') return null;
    const { params } = message;
    const found = {
        id: message.id,
        method: message.method,
        name: params?.name,
        uri: params?.uri,
        taskId: params?.taskId,
        arguments: params?.arguments,
        revision: params?._meta?.['io.modelcontextprotocol/protocolVersion'],
        'ref type': params?.ref?.type,
        'ref name': params?.ref?.name,
        'ref uri': params?.ref?.uri,
        pointed: pointer === null ? undefined : at(params, pointer),
    };
    const present = Object.entries(found).filter(([, value]) => value !== undefined);
    return Object.fromEntries(present.map(([key, value]) => [key, seen(value)]));
}

function at(value, pointer) {
    const tokens = pointer.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    return tokens.reduce((inner, token) => (typeof inner === 'object' ? inner?.[token] : undefined), value);
}

function seen(value) {
    if (typeof value !== 'string') return { kind: kind(value) };
    return value.isWellFormed() ? value : { kind: 'broken string' };
}

function kind(value) {
    if (value === null) return 'null';
    return Array.isArray(value) ? 'array' : typeof value;
}

const input = await buffer(process.stdin);
const answers = [];
for (let at = 0; at < input.length; ) {
    const end = input.indexOf('\n', at) + 1;
    const { length, pointer } = JSON.parse(input.toString('utf8', at, end));
    at = end + length;
    answers.push(`${JSON.stringify({ node: reading(input.subarray(end, at), pointer) })}\n`);
}
process.stdout.write(answers.join(''));
