export {
  type BackendConformanceOptions,
  type BackendSuiteOptions,
  backendConformance,
  backendSuite,
} from './backend/backends.js';
export type { BackendSubject } from './backend/subject.js';
export { BACKEND_CONTRACTS } from './backend/verbs.js';
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
} from './session/sessions.js';
export {
  STORE_CONTRACTS,
  type StoreConformanceOptions,
  type StoreFeatures,
  type StoreSuiteOptions,
  storeConformance,
  storeSuite,
} from './store/stores.js';
export type { ConformingStore, StoreParts, StoreSubject, TransactionEnd } from './store/subject.js';
