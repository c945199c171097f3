export { CALLS, type Call } from './calls.ts';
export { checkLocks, endOf } from './check-locks.ts';
export { DocumentedCosts } from './costs.ts';
export { cutAtEachStatement, type ServerSubject, type StoreSettings } from './cut.ts';
export { describeStatements, testPage } from './describe-costs.ts';
export { writeAfterFailover } from './failover.ts';
export { prepare } from './judge.ts';
export { type EmbeddedSubject, killAtEachStatement, type ProgramModule } from './kill.ts';
export { compactionRounds, killCompactions, roundsTimeout, type SharedSubject } from './kill-compactions.ts';
export { openMetered } from './meter.ts';
export { OWN_TRANSACTIONS, type OwnTransactionSubject } from './own-transactions.ts';
export {
  describeSeveralHosts,
  listed,
  nobody,
  openingFailure,
  type Place,
  storedInTheEnd,
} from './several-hosts.ts';
export {
  CLUSTER_LIMIT,
  type ClusterScene,
  IMPATIENT,
  playClusterScene,
  storedTexts,
} from './steady-writers.ts';
export { checkTouchedRows, type FilledStore, type Touched } from './touched-rows.ts';
