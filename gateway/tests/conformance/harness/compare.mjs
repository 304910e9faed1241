// What counts as a difference between a direct run and one through the gateway, and which differences are expected.
//
// A check is known by its id and name; where a scenario emits it several times the worst outcome counts. A check that
// passed directly and is missing through the gateway is a difference too: the scenario did not get that far.

const RANK = { SUCCESS: 0, absent: 1, WARNING: 2, FAILURE: 3 };

/** Map from check to its worst outcome; notes (INFO) and skipped checks have none. */
function outcomes(checks) {
  const worst = new Map();
  for (const { id, name, status, errorMessage } of checks) {
    if (!(status in RANK)) continue;
    const key = `${id} (${name})`;
    const before = worst.get(key);
    if (!before || RANK[status] > RANK[before.status]) worst.set(key, { id, status, errorMessage });
  }
  return worst;
}

/** The checks of one run that did not pass, as `{ check, status, detail }`. */
export function failures(checks) {
  return [...outcomes(checks)]
    .filter(([, { status }]) => status !== 'SUCCESS')
    .map(([key, { id, status, errorMessage }]) => ({ check: id, key, status, detail: errorMessage ?? '' }));
}

export const passes = checks => [...outcomes(checks).values()].filter(({ status }) => status === 'SUCCESS').length;

/** The checks that came out worse through the gateway than directly. */
export function differences(direct, through) {
  const before = outcomes(direct);
  const after = outcomes(through);
  const found = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(key) ?? { status: 'absent' };
    const is = after.get(key) ?? { status: 'absent' };
    if (RANK[is.status] <= RANK[was.status]) continue;
    const check = is.id ?? was.id;
    found.push({ check, key, status: is.status, detail: is.errorMessage ?? `${was.status} directly` });
  }
  return found;
}

/**
 * A list of allowed findings, `{ scenario, check?, revision?, reason }` each; without `check` the entry covers every
 * check of the scenario. `unused` names the entries that covered nothing in the runs of their scenario: a list that
 * allows what does not happen would hide the day it does.
 */
export class Allowed {
  #entries;
  #used = new Set();
  #seen = new Set();

  constructor(entries) {
    for (const entry of entries) {
      if (!entry.scenario || !entry.reason) throw new Error(`entry without scenario or reason: ${JSON.stringify(entry)}`);
    }
    this.#entries = entries;
  }

  /** Splits `findings` of one run into those that are allowed and the rest. */
  sort(run, findings) {
    const mine = this.#entries.filter(({ scenario, revision }) =>
      scenario === run.scenario && (revision === undefined || revision === run.revision));
    mine.forEach(entry => this.#seen.add(occurrence(entry, run)));
    const expected = [];
    const unexpected = [];
    for (const finding of findings) {
      const entries = mine.filter(({ check }) => check === undefined || check === finding.check);
      entries.forEach(entry => this.#used.add(occurrence(entry, run)));
      (entries.length > 0 ? expected : unexpected).push(finding);
    }
    return { expected, unexpected };
  }

  unused() {
    return [...this.#seen].filter(entry => !this.#used.has(entry)).map(entry => JSON.parse(entry));
  }
}

/** An entry has to occur in each run of its scenario it applies to, not just in one of them. */
function occurrence({ scenario, check }, { revision, mode }) {
  return JSON.stringify({ scenario, check, revision, mode });
}
