import { publishedPackage } from '@stackone/configs/tsup';

export default publishedPackage({ index: 'src/index.ts' });
