import { getRequestListener } from '@hono/node-server';
import { createStudio } from '@stackone/sessions-studio';
import express from 'express';
import { authorize } from './access.ts';
import { store } from './store.ts';

const studio = createStudio(store, { basePath: '/studio', readOnly: false, authorize });

export const app = express();
app.get('/', (_request, response) => void response.send('the application'));
// before express.json(), which would read the bodies of requests; not app.use('/studio'), which would cut the path
app.all('/studio{/*path}', getRequestListener(studio));
