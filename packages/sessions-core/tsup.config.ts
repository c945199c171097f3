import { publishedPackage } from '@stackone/configs/tsup';

export default publishedPackage({
  index: 'src/index.ts',
  backend: 'src/backend.ts',
  conformance: 'src/conformance/index.ts',
  doctor: 'src/doctor/index.ts',
});
