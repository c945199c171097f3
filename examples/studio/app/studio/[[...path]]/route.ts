import { createStudio } from '@stackone/sessions-studio';
import { authorize } from '../../../access.ts';
import { store } from '../../../store.ts';

const studio = createStudio(store, { basePath: '/studio', readOnly: false, authorize });

// what comes is told as it comes: nothing of it may be kept
export const dynamic = 'force-dynamic';
export { studio as GET, studio as POST };
