/** Something the application should know, though the call succeeded. */
export interface SessionWarning {
  /**
   * What it is about: `CORRUPT_ITEM` (a row was skipped or removed), `DECRYPTION_FAILED` (a row was skipped and kept),
   * `INDEX_MISSING`, `RETENTION` (old conversations could not be removed), `SCHEMA` (tables that others, or Drizzle, made).
   */
  readonly code: 'CORRUPT_ITEM' | 'DECRYPTION_FAILED' | 'INDEX_MISSING' | 'RETENTION' | 'SCHEMA';
  /** What happened and what to do. Never data of the application. */
  readonly message: string;
  /** The row in the messages table that it is about. */
  readonly rowId?: string;
  /** The run that it is about. */
  readonly runId?: string;
}

/** Takes a warning on its way to the application. */
export type WarningReporter = (warning: SessionWarning) => void;
