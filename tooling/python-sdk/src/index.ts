export { pythonWithSdk } from './environment.ts';
export { sqlalchemyUrl } from './sqlalchemy-url.ts';
