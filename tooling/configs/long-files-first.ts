import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first, as they are called in every package. */
const LONG = [
  'outcomes.test.ts',
  'model.test.ts',
  'readme-samples.test.ts',
  'conformance.test.ts',
  'interruptions.test.ts',
  'kernel-errors.matrix.test.ts',
  'idle-connections.matrix.test.ts',
  'compaction.test.ts',
  'chat.test.ts',
  'silent-servers.test.ts',
  'planted-faults.test.ts',
];

const place = ({ moduleId }: TestSpecification) => {
  const index = LONG.indexOf(basename(moduleId));
  return index < 0 ? LONG.length : index;
};

/**
 * Starts the longest files first, so that none is left running alone at the end. Where no times of an earlier run are
 * kept, as in a fresh clone, Vitest itself goes by the size of a file, which says little here.
 */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}
