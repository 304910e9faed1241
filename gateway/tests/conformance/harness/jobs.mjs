// The runs to make: each leg of each revision, directly and through the gateway in each layout.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LAYOUTS, startGateway } from './gateway.mjs';
import { startAndWait } from './processes.mjs';
import { runClientScenario, runServerScenarios, scenariosOf } from './suite.mjs';

const here = dirname(import.meta.dirname);
export const RESULTS = join(here, 'results');
export const REVISIONS = ['2025-11-25', '2026-07-28'];
export const DIRECT = 'direct';

/** Client scenarios worth a second path layout: those about where metadata is found or which resource it names. */
const PATH_MATTERS = /^auth\/(metadata-|resource-mismatch|scope-step-up|authorization-server-migration)/;

/** Client scenarios in which policies read something: what clients send to servers that are no more than secured. */
const MESSAGES_MATTER = /^(?!auth\/)/;

/** Lists the jobs for `{ revisions, only, directOnly }`; running one resolves to a map from scenario to its checks. */
export async function planJobs({ revisions, only, directOnly }) {
  const modes = directOnly ? [DIRECT] : [DIRECT, ...Object.keys(LAYOUTS)];
  const matters = { moved: PATH_MATTERS, policies: MESSAGES_MATTER };
  const modesFor = scenario => modes.filter(mode => matters[mode]?.test(scenario) ?? true);
  const wanted = scenario => only.length === 0 || only.includes(scenario);
  const jobs = [];
  for (const revision of revisions) {
    const ofServer = (await scenariosOf(revision, 'server')).filter(wanted);
    const ofClient = (await scenariosOf(revision, 'client')).filter(wanted);
    for (const mode of modes) {
      if (ofServer.length > 0) jobs.push(serverJob(revision, mode, ofServer));
    }
    for (const scenario of ofClient) {
      for (const mode of modesFor(scenario)) jobs.push(clientJob(revision, mode, scenario));
    }
  }
  return jobs;
}

/** The suite runs a revision's server scenarios in one process; `scenarios` are those whose results are wanted. */
function serverJob(revision, mode, scenarios) {
  const run = () => {
    const outDir = join(RESULTS, revision, 'server', mode);
    return withServer(outDir, mode, url => runServerScenarios({ revision, url, outDir }));
  };
  return { title: `${revision} server scenarios, ${mode}`, revision, leg: 'server', mode, scenarios, run };
}

async function withServer(outDir, mode, use) {
  await mkdir(outDir, { recursive: true });
  const log = createWriteStream(join(outDir, 'processes.log'));
  const isReady = message => message.ready === true;
  const server = await startAndWait(process.execPath, [join(here, 'everything-server.mjs')], { isReady, log });
  try {
    if (mode === DIRECT) return await use(server.ready.url);
    const gateway = await startGateway(server.ready.url, mode, log);
    try {
      return await use(gateway.url);
    } finally {
      await gateway.end();
    }
  } finally {
    await server.end();
    log.end();
  }
}

function clientJob(revision, mode, scenario) {
  const run = async () => {
    const outDir = join(RESULTS, revision, 'client', mode);
    // `exec` leaves no shell between the suite and the client, so that its signal on a timeout arrives.
    const wrapper = mode === DIRECT ? '' : `through-gateway.mjs ${mode} `;
    const command = `exec node ${wrapper}everything-client.mjs`;
    return new Map([[scenario, await runClientScenario({ revision, scenario, command, outDir })]]);
  };
  return { title: `${revision} ${scenario}, ${mode}`, revision, leg: 'client', mode, scenarios: [scenario], run };
}

/** Runs the jobs, `parallel` at a time; resolves to `{ revision, leg, mode, scenario, checks }` for each scenario. */
export async function runJobs(jobs, parallel, onDone) {
  const queue = jobs.entries();
  const results = [];
  const worker = async () => {
    for (const [index, job] of queue) {
      const { revision, leg, mode, scenarios } = job;
      const checks = await job.run().catch(error => new Map(scenarios.map(scenario => [scenario, [couldNotRun(error)]])));
      results[index] = scenarios.map(scenario => ({ revision, leg, mode, scenario, checks: checks.get(scenario) }));
      onDone(job);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results.flat();
}

function couldNotRun(error) {
  return { id: 'job-ran', name: 'JobRan', status: 'FAILURE', errorMessage: error.message };
}
