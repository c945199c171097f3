/** What the application keeps beside the conversations, in SQL for both databases. Conversations are in the tables of the store. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS chat_runs (
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  id TEXT NOT NULL,
  until DOUBLE PRECISION NOT NULL,
  stop INTEGER NOT NULL,
  PRIMARY KEY (tenant, conversation)
);
CREATE TABLE IF NOT EXISTS chat_approvals (
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  id TEXT NOT NULL,
  calls TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (tenant, conversation)
);
CREATE TABLE IF NOT EXISTS shop_refunds (
  tenant TEXT NOT NULL,
  call_id TEXT NOT NULL,
  order_number TEXT NOT NULL,
  PRIMARY KEY (tenant, call_id)
);
`;
