import type { PlantedFault } from './fault.js';

const LOST = 'a lease ends by itself and is renewed by each write; who lost the run writes nothing any more';

/** Faults of `toy-backend.mjs` that have to do with runs. */
export const RUN_FAULTS: readonly PlantedFault[] = [
  {
    fault: 'a run that is begun again',
    line: "if (found) return { outcome: 'found', run: shownRun(found) };",
    becomes: '',
    fails: 'there is one run of an id, whoever begins it how often, also at the same moment',
  },
  {
    fault: 'two runs in one conversation',
    line: "if (busy) return { outcome: 'busy', run: shownRun(busy) };",
    becomes: '',
    fails: 'of runs that are to be alone a conversation has one, until it has ended, also at the same moment',
  },
  {
    fault: 'runs that nobody minds keep others out',
    line: 'one.sessionId === wanted.sessionId && one.alone);',
    becomes: 'one.sessionId === wanted.sessionId);',
    fails: 'of runs that are to be alone a conversation has one, until it has ended, also at the same moment',
  },
  {
    fault: 'runs of elsewhere that are held here',
    line: 'const before = was && { ...was, until: 0 };',
    becomes: 'const before = was;',
    fails: 'a run that was in another store is there as it was, and nobody holds it',
  },
  {
    fault: 'runs of elsewhere that begin anew',
    line: 'const before = was && { ...was, until: 0 };',
    becomes: 'const before = was && { until: 0 };',
    fails: 'a run that was in another store is there as it was, and nobody holds it',
  },
  {
    fault: 'nobody knows which runs are alone',
    line: 'alone: alone && isOpen(run),',
    becomes: 'alone: false,',
    fails: 'a run that was in another store is there as it was, and nobody holds it',
  },
  {
    fault: 'writes that look at no lease',
    line: 'if (!isHeld(run, hold.fence)) return false; // a write',
    becomes: '',
    fails: LOST,
  },
  {
    fault: 'writes of whoever held the run before',
    line: "run?.state === 'running' && run.fence === fence && run.until > performance.now();",
    becomes: "run?.state === 'running' && run.until > performance.now();",
    fails: LOST,
  },
  {
    fault: 'writes after the lease',
    line: "run?.state === 'running' && run.fence === fence && run.until > performance.now();",
    becomes: "run?.state === 'running' && run.fence === fence;",
    fails: 'who comes back after the lease writes nothing, also where nobody took the run',
  },
  {
    fault: 'a run that waits is not there to be taken',
    line: "if (run?.state !== 'waiting' && !(",
    becomes: 'if (!(',
    fails: 'a run that waits is taken once, also at the same moment, and one that has ended never',
  },
  {
    fault: 'entries that are written over',
    line: 'if (entry && !run.entries.has(entry.key))',
    becomes: 'if (entry)',
    fails: 'who holds a run keeps entries, each once, and others see them',
  },
  {
    fault: 'the last decision counts',
    line: 'if (run && !run.entries.has(key)) run.entries.set(key, content); // a decision',
    becomes: 'if (run) run.entries.set(key, content);',
    fails: 'of entries that others add to a run the first one counts, also at the same moment',
  },
  {
    fault: 'a run that is taken from who holds it',
    line: "!(run?.state === 'running' && run.until <= performance.now()))",
    becomes: "run?.state !== 'running')",
    fails: 'a run begins held, and is there as it began',
  },
  {
    fault: 'a run that was cancelled goes on',
    line: 'const next = fence === undefined && !released ? run.fence + 1 : run.fence;\n        Object.assign(run, { state,',
    becomes:
      'const next = run.fence;\n        Object.assign(run, { state: fence === undefined ? run.state : state,',
    fails: 'others end a run from outside, or let one go on that waits',
  },
  {
    fault: 'runs of all tenants',
    line: '.filter((run) => tenant === undefined || run.tenant === tenant) // of runs',
    becomes: '',
    fails: 'runs are listed by state, by whether they are held, by conversation and tenant, page by page',
  },
  {
    fault: 'runs that are left behind',
    line: 'runs = runs.filter((one) => !own(one));',
    becomes: '',
    fails: 'runs outlive clear, and go with remove, which says how many rows',
  },
  {
    fault: 'runs that go with their old conversation while they wait',
    line: '(changed >= changedBefore || runs.some(goesOn))',
    becomes: 'changed >= changedBefore',
    fails:
      'removeSome leaves a conversation with a run that goes on or waits, however old it is, and not one whose runs have ended',
  },
  {
    fault: 'runs that are forgotten while they wait',
    line: "one.sessionId.startsWith(prefix) && !['running', 'waiting'].includes(one.state);",
    becomes: 'one.sessionId.startsWith(prefix);',
    fails:
      'forget removes runs that ended before a time, with their steps, of the conversations that are meant',
  },
  {
    fault: 'runs that do not move',
    line: 'for (const one of runs) if (one.sessionId === from) one.sessionId = to;',
    becomes: '',
    fails: 'runs go along with a conversation that is moved, and not with a copy',
  },
  {
    fault: 'runs of conversations that were erased',
    line: 'refuseErased(wanted.sessionId); // a run',
    becomes: '',
    fails: 'no call makes a conversation that is refused, and nothing is written',
  },
];
