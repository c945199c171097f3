export { BACKEND_CONTRACTS, type BackendSubject } from './backend-verbs.js';
export { type BackendConformanceOptions, backendConformance } from './backends.js';
export {
  type Case,
  type Contract,
  type Coverage,
  runCase,
  type SessionSource,
  type SessionSubject,
  type TestRunner,
} from './harness.js';
export {
  SESSION_CONTRACTS,
  type SessionConformanceOptions,
  type SessionFeatures,
  sessionConformance,
} from './sessions.js';
