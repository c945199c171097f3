import { PostgresSessionStore } from '@stackone/sessions-postgres';

export const open = (url) => PostgresSessionStore.fromUrl(url, { max: 1, maxRetries: 0 });
