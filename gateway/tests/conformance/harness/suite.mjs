// Runs the official suite as child processes and reads what it leaves behind: one checks.json per scenario.
import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';

const packageDir = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));
const suiteProgram = join(packageDir, 'dist', 'index.js');
const here = dirname(import.meta.dirname);

/** How long one scenario may take; the slowest need about five seconds on an idle machine. */
const SCENARIO_TIMEOUT_MS = 60_000;

/** The names of the scenarios of `leg` ("server" or "client") in the revision's requirement set, unscored ones included. */
export async function scenariosOf(revision, leg) {
  const set = parse(await readFile(join(packageDir, 'requirements', `${revision}.yaml`), 'utf8'));
  return [...set[leg], ...set.not_scored.filter(entry => entry.leg === leg).map(entry => entry.scenario)];
}

/** Runs every server scenario of `revision` against `url`; resolves to a map from scenario to its checks. */
export async function runServerScenarios({ revision, url, outDir }) {
  const args = ['server', '--url', url, '--requirements', revision, '--timeout', `${SCENARIO_TIMEOUT_MS}`];
  await suite(args, outDir, 'suite.log');
  const checks = new Map();
  for (const scenario of await scenariosOf(revision, 'server')) {
    checks.set(scenario, await readChecks(outDir, `server-${scenario}-`));
  }
  return checks;
}

/** Runs one client scenario with `command` (the suite appends its server's URL); resolves to its checks. */
export async function runClientScenario({ revision, scenario, command, outDir }) {
  const output = await suite(
    [
      ...['client', '--scenario', scenario, '--spec-version', revision, '--force'],
      ...['--command', command, '--timeout', `${SCENARIO_TIMEOUT_MS}`],
    ],
    outDir,
    `${scenario.replaceAll('/', '-')}.log`,
  );
  return [...(await readChecks(outDir, `${scenario}-`)), ...processChecks(output)];
}

/** The suite reports how the client process ended only in words; this makes a check of it. */
function processChecks(output) {
  const ended = /CLIENT TIMED OUT/.test(output)
    ? 'timed out'
    : (/CLIENT EXITED WITH ERROR \(code -?\d+\)/.exec(output)?.[0].toLowerCase() ?? undefined);
  if (ended === undefined) return [{ id: 'client-process', name: 'ClientEndedWell', status: 'SUCCESS' }];
  return [{ id: 'client-process', name: 'ClientEndedWell', status: 'FAILURE', errorMessage: ended }];
}

/** The checks of the only result directory whose name is `prefix` and a date; a failed check where there is none. */
async function readChecks(outDir, prefix) {
  // A scenario's name may hold a slash, which the suite turns into a directory.
  const folder = dirname(join(outDir, `${prefix}x`));
  const start = prefix.slice(prefix.lastIndexOf('/') + 1);
  const entries = await readdir(folder).catch(() => []);
  const found = entries.filter(name => name.startsWith(start) && /^\d{4}-\d\d-\d\dT/.test(name.slice(start.length)));
  try {
    return JSON.parse(await readFile(join(folder, found[0], 'checks.json'), 'utf8'));
  } catch (error) {
    const errorMessage = `no result was written (${error.message})`;
    return [{ id: 'scenario-ran', name: 'ScenarioRan', status: 'FAILURE', errorMessage }];
  }
}

/** Runs the suite; what it says is kept in `logName` beside the results. */
async function suite(args, outDir, logName) {
  await mkdir(outDir, { recursive: true });
  const child = spawn(process.execPath, [suiteProgram, ...args, '-o', outDir], {
    cwd: here,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // The suite starts the client through a shell that has to find this very node.
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      NODE_COMPILE_CACHE: join(here, 'node_modules', '.compile-cache'),
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data));
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  await writeFile(join(outDir, logName), output);
  return output;
}
