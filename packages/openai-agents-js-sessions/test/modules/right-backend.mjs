export { createToyBackend as open } from '../../../sessions-core/test/toy-backend.mjs';
