// Child processes that announce themselves with a line of JSON and are ended with SIGTERM.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const READY_MS = 20_000;
const END_MS = 10_000;

/**
 * Starts `program` and waits for the first line of its output that `isReady` accepts, parsed as JSON.
 * Resolves to that line and an `end()` that resolves once the process is gone. Everything else it prints goes to
 * `log`, a writable stream.
 */
export async function startAndWait(program, args, { isReady, log, ...options }) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  const gone = new Promise(resolve => child.on('close', resolve).on('error', resolve));
  child.stderr.on('data', data => log.write(data));
  const announced = firstLine(child.stdout, isReady, log);
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_MS);
  const ready = await Promise.race([announced, gone.then(() => undefined)]);
  clearTimeout(timer);
  if (ready === undefined) throw new Error(`${program} ended or stayed silent before it was ready`);
  return { ready, end: () => end(program, child, gone) };
}

function firstLine(stdout, isReady, log) {
  return new Promise(resolve => {
    createInterface({ input: stdout }).on('line', line => {
      log.write(`${line}\n`);
      const message = parseOrUndefined(line);
      if (message && isReady(message)) resolve(message);
    });
  });
}

function parseOrUndefined(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Throws where the process had to be killed: what does not end on SIGTERM holds on to something. */
async function end(program, child, gone) {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await gone;
  clearTimeout(timer);
  if (child.signalCode === 'SIGKILL') throw new Error(`${program} was still running ${END_MS} ms after SIGTERM`);
}
