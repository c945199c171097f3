export {
  BACKEND_CONTRACTS,
  type BackendConformanceOptions,
  type BackendSubject,
  backendConformance,
} from './backends.js';
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
