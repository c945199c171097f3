export { CALLS, type Call } from './calls.ts';
export { type Cost, documentedCosts } from './costs.ts';
export { cutAtEachStatement, type ServerSubject, type StoreSettings } from './cut.ts';
export { type EmbeddedSubject, killAtEachStatement, type ProgramModule } from './kill.ts';
