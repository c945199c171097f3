import { publishedPackage } from '@stackone/configs/tsup';

export default publishedPackage({ index: 'src/index.ts', sessions: 'src/command-line/sessions.ts' });
