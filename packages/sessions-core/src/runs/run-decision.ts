/** What a person decided about a call. */
export interface RunDecision {
  readonly approve: boolean;
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  /** In ms since 1970, by the clock of the process in which it was made. */
  readonly at: number;
}
