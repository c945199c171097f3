/** What every store can do over a driver with transactions. */
export const SUPPORT = {
  durable: true,
  shared: true,
  edit: true,
  operations: true,
  transactions: true,
  listing: true,
  conversations: true,
  history: true,
  metadata: true,
  copying: true,
  usage: true,
  runs: true,
  ownTransactions: true,
  erasure: true,
  retention: true,
  restoring: true,
  watching: true,
};

/** For warnings of stores on tables of our own. */
export function failOnWarning(): never {
  throw new Error('a warning about tables of our own');
}
