import { createStudio } from '@stackone/sessions-studio';
import { Hono } from 'hono';
import { authorize } from './access.ts';
import { store } from './store.ts';

const studio = createStudio(store, { basePath: '/studio', readOnly: false, authorize });

export const app = new Hono()
  .get('/', (context) => context.text('the application'))
  .all('/studio', (context) => studio(context.req.raw))
  .all('/studio/*', (context) => studio(context.req.raw));
