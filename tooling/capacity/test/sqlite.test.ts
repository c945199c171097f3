import { openReal } from '../src/real/open-real.ts';
import { checkModel } from './real-tables.ts';

checkModel('sqlite', () => openReal('sqlite'));
