/** Stands for the id of the client's process in the words of a program. */
export const CLIENT_PROCESS = 'CLIENT_PROCESS';

/** A command of the test. */
export type Order =
  /** Listens at this address, which must be there. */
  | { readonly listen: { readonly host: string; readonly port: number } }
  /** Runs a program in the namespace of the client or in this one. */
  | { readonly run: readonly string[]; readonly as: 'client' | 'server' }
  /** Ends every connection with a reset. */
  | { readonly reset: true }
  /** Lets the client go on. */
  | { readonly release: true };

/** What is told: that an order was carried out or not, or a line of the client. */
export type Report = { readonly done: true } | { readonly failed: string } | { readonly client: string };
