/** One line of a right implementation, what a mistake makes of it, and the case that must notice. */
export interface PlantedFault {
  readonly fault: string;
  readonly line: string;
  readonly becomes: string;
  readonly fails: string;
}
