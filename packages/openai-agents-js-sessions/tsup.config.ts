import { publishedPackage } from '@stackone/configs/tsup';

export default publishedPackage(
  {
    index: 'src/index.ts',
    bench: 'src/bench.ts',
    opentelemetry: 'src/opentelemetry.ts',
    torture: 'src/torture.ts',
  },
  { sessions: 'src/command-line/sessions.ts', 'torture-writer': 'src/torture/writer.ts' },
);
