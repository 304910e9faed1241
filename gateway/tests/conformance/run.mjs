// Runs the official MCP conformance suite directly and through Tollgate and compares the two; see README.md.
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Allowed } from './harness/compare.mjs';
import { RESULTS, REVISIONS, planJobs, runJobs } from './harness/jobs.mjs';
import { report } from './harness/report.mjs';

const PARALLEL = 2;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    revision: { type: 'string', multiple: true, default: REVISIONS },
    'direct-only': { type: 'boolean', default: false },
  },
});

function fail(message) {
  console.error(message);
  process.exit(2);
}

const unknown = options.revision.find(revision => !REVISIONS.includes(revision));
if (unknown) fail(`unknown revision ${unknown}; known: ${REVISIONS.join(', ')}`);
if (!options['direct-only'] && !process.env.TOLLGATE_BIN) fail('set TOLLGATE_BIN to the gateway, or give --direct-only');

// The processes that start the gateway run in this folder, wherever this one was called from.
if (process.env.TOLLGATE_BIN) process.env.TOLLGATE_BIN = resolve(process.env.TOLLGATE_BIN);

const listOf = async name => new Allowed(JSON.parse(await readFile(join(import.meta.dirname, name), 'utf8')));
const lists = {
  directFailures: await listOf('direct-failures.json'),
  expectedDifferences: await listOf('expected-differences.json'),
};

const jobs = await planJobs({
  revisions: options.revision,
  only: options.only,
  directOnly: options['direct-only'],
});
if (jobs.length === 0) fail(`no scenario is called ${options.only.join(' or ')}`);

await rm(RESULTS, { recursive: true, force: true });
let done = 0;
const runs = await runJobs(jobs, PARALLEL, job => {
  done += 1;
  console.error(`[${done}/${jobs.length}] ${job.title}`);
});
process.exitCode = report(runs, lists) === 0 ? 0 : 1;
