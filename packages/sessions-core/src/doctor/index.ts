// What "sessions doctor" is made of: for backends that have one, and for programs that want its findings.
export { conversationFindings, ONLY_LOOKING } from './conversations.js';
export {
  type Doctor,
  type ExamineOptions,
  FINDING_CODES,
  type Finding,
  type FindingCode,
  good,
  improvable,
  type Look,
  wrong,
} from './finding.js';
export {
  type ConnectionNumbers,
  clockFinding,
  connectionFinding,
  growthFinding,
  layoutFindings,
  NEWEST_ITEMS,
  NEWEST_READ,
  orphanItemFinding,
  orphanOperationFinding,
  rowIdFinding,
  type Socket,
  sizeText,
  tlsFinding,
} from './judgements.js';
export { findingsOf, tableFindings } from './looks.js';
