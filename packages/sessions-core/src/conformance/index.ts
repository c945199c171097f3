export { BACKEND_CONTRACTS, type BackendSubject } from './backend-verbs.js';
export {
  type BackendConformanceOptions,
  type BackendSuiteOptions,
  backendConformance,
  backendSuite,
} from './backends.js';
export {
  type CaseReport,
  type ConformanceReport,
  type ContractReport,
  checkConformance,
} from './check.js';
export {
  type Case,
  type Contract,
  type Coverage,
  type Features,
  runCase,
  type SessionSource,
  type SessionSubject,
  type Suite,
  type TestRunner,
} from './harness.js';
export {
  SESSION_CONTRACTS,
  type SessionConformanceOptions,
  type SessionFeatures,
  type SessionSuiteOptions,
  sessionConformance,
  sessionFeatures,
  sessionSuite,
} from './sessions.js';
export {
  type ConformingStore,
  STORE_CONTRACTS,
  type StoreConformanceOptions,
  type StoreFeatures,
  type StoreParts,
  type StoreSubject,
  type StoreSuiteOptions,
  storeConformance,
  storeSuite,
  type TransactionEnd,
} from './stores.js';
