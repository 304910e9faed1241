// Judges the runs and prints one table, what went wrong, and the closing count.
import { DIRECT } from './jobs.mjs';
import { differences, failures, passes } from './compare.mjs';

/** Groups runs of the same scenario, in the order of the first of them. */
function byScenario(runs) {
  const groups = new Map();
  for (const run of runs) {
    const key = [run.revision, run.leg, run.scenario].join(' ');
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(run);
  }
  return [...groups.values()];
}

/** One table row: what each mode of one scenario came to, and the findings nothing allows. */
function judge(runs, directFailures, expectedDifferences) {
  const direct = runs.find(run => run.mode === DIRECT);
  const problems = [];
  const cells = {};
  for (const run of runs) {
    const findings = run === direct ? failures(run.checks) : differences(direct.checks, run.checks);
    const allowed = run === direct ? directFailures : expectedDifferences;
    const { expected, unexpected } = allowed.sort(run, findings);
    cells[run.mode] = cell(run, direct, expected, unexpected);
    problems.push(...unexpected.map(finding => ({ ...run, ...finding })));
  }
  return { ...direct, cells, problems };
}

function cell(run, direct, expected, unexpected) {
  const count = `${passes(run.checks)} ok`;
  const word = run === direct ? 'failing' : 'worse';
  if (unexpected.length > 0) return `${count}, ${unexpected.length} ${word.toUpperCase()}`;
  if (expected.length > 0) return `${count}, ${expected.length} ${word} (expected)`;
  return count;
}

function printTable(rows, modes) {
  const header = ['revision', 'leg', 'scenario', ...modes, ''];
  const lines = rows.map(row => [
    ...[row.revision, row.leg, row.scenario],
    ...modes.map(mode => row.cells[mode] ?? '-'),
    row.problems.length === 0 ? 'passed' : 'FAILED',
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map(line => line[column].length)));
  for (const line of [header, ...lines]) {
    console.log(line.map((text, column) => text.padEnd(widths[column])).join('  ').trimEnd());
  }
}

/** Prints the report; returns how many scenarios (and list entries) failed. */
export function report(runs, { directFailures, expectedDifferences }) {
  const rows = byScenario(runs).map(group => judge(group, directFailures, expectedDifferences));
  const modes = [...new Set(runs.map(run => run.mode))];
  console.log();
  printTable(rows, modes);
  for (const { revision, scenario, mode, key, status, detail } of rows.flatMap(row => row.problems)) {
    console.log(`\n${revision} ${scenario}, ${mode}: ${status} ${key}\n    ${detail}`);
  }
  const stale = [...directFailures.unused(), ...expectedDifferences.unused()];
  for (const { scenario, check, revision, mode } of stale) {
    console.log(`\nlisted but did not occur: ${scenario} ${check ?? ''} at ${revision}, ${mode}`);
  }
  const bad = rows.filter(row => row.problems.length > 0).length;
  console.log(`\n${rows.length - bad} passed, ${bad + stale.length} failed`);
  return bad + stale.length;
}
