import { MysqlSessionStore } from '@stackone/sessions-mysql';

export const open = (url) => MysqlSessionStore.fromUrl(url, { max: 1, maxRetries: 0 });
