// The MCP client of the end-to-end tests: runs a script of steps with the official SDK and prints one JSON document of
// what happened. It logs in by itself when the server asks for it.
import { readOptions, wholeNumber } from './lib/program.mjs';
import { createSession } from './client/session.mjs';
import { STEPS } from './client/steps.mjs';

const options = readOptions({
    script: { type: 'string' },
    sdk: { type: 'string' },
    'timeout-ms': { type: 'string' },
});

async function readScript() {
    if (options.script !== undefined) return JSON.parse(options.script);
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString());
}

/** Runs one step, `{kind: argument, mayFail?}`. */
async function run(session, { mayFail = false, ...step }) {
    const [[kind, argument]] = Object.entries(step);
    const begin = Date.now();
    const outcome = { step: kind, ok: false, mayFail };
    try {
        if (!STEPS[kind]) throw new Error(`there is no step '${kind}'`);
        outcome.result = await STEPS[kind](session, argument === true ? undefined : argument);
        outcome.ok = true;
    } catch (error) {
        outcome.error = errorFacts(error);
    }
    outcome.ms = Date.now() - begin;
    return outcome;
}

function errorFacts(error) {
    return { name: error.constructor.name, message: error.message, code: error.code ?? error.cause?.code };
}

const script = await readScript();
const session = await createSession({ ...script, sdk: options.sdk ?? script.sdk });
const steps = [];
let timedOut = false;

function report() {
    const { recorder, provider } = session;
    return {
        ok: !timedOut && steps.every(step => step.ok || step.mayFail),
        timedOut,
        steps,
        oauth: { logins: provider.logins, registrations: provider.registrations, ...recorder.oauth },
        contacted: recorder.contacted,
        requests: recorder.requests,
        errors: session.errors,
        notifications: session.notifications,
    };
}

function finish() {
    process.stdout.write(`${JSON.stringify(report())}\n`, () => process.exit(0));
}

setTimeout(
    () => {
        timedOut = true;
        finish();
    },
    wholeNumber(options['timeout-ms'], 60_000)
);
for (const step of script.steps) {
    const outcome = await run(session, step);
    steps.push(outcome);
    if (!outcome.ok && !outcome.mayFail) break;
}
await session.close();
if (!timedOut) finish();
