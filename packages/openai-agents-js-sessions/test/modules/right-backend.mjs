export { createToyBackend as open } from '../../../sessions-core/test/conformance/toy-backend.mjs';
