export type { StudioAccess } from './access.js';
export { type ServedStudio, type ServeOptions, serveStudio } from './serve.js';
export { createStudio, type Studio, type StudioOptions } from './studio.js';
