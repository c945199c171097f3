import { publishedPackage } from '@stackone/configs/tsup';

export default publishedPackage(
  { index: 'src/index.ts', bench: 'src/bench.ts' },
  { sessions: 'src/command-line/sessions.ts' },
);
