/** How much is measured. Times in ms. */
export interface Effort {
  readonly rounds: number;
  /** How often each package is loaded, and a fresh process stores its first turn. */
  readonly imports: number;
  /** How many operations make up a round, whose value is their median. */
  readonly operations: number;
  /** How many operations come before those that count, so that the compilers have done their work. */
  readonly warmUps: number;
  /** A contender that has spent more on them has warmed up. */
  readonly warmUpTime: number;
  /** How long the callers of one round are at work. */
  readonly callersTime: number;
  /** How long callers append in one round while the event loop is watched. */
  readonly loopTime: number;
  /** How many callers there are. */
  readonly callers: readonly number[];
  /** How many items a conversation has when it is read and appended to. */
  readonly sizes: readonly number[];
  /** How many conversations an application holds when its memory is looked at. */
  readonly conversations: number;
  /** Whether other libraries take part in what needs a process for each: memory and loading. */
  readonly peersAlone: boolean;
  /** The longest conversation that is filled through a library's own calls. */
  readonly largestFill: number;
  /** What does not end within this time counts as hung. */
  readonly deadline: number;
  /** A peer that has spent more on one workload takes part in no further rounds of it. */
  readonly budget: number;
}

export const FULL: Effort = {
  rounds: 15,
  imports: 15,
  operations: 10,
  warmUps: 1000,
  warmUpTime: 500,
  callersTime: 250,
  loopTime: 500,
  callers: [16, 64, 256],
  sizes: [100, 1000, 10_000, 100_000, 1_000_000],
  conversations: 10_000,
  peersAlone: true,
  largestFill: 10_000,
  deadline: 10_000,
  budget: 10_000,
};

/** The same workloads in under two minutes, for four engines. */
export const QUICK: Effort = {
  rounds: 3,
  imports: 1,
  operations: 5,
  warmUps: 50,
  warmUpTime: 50,
  callersTime: 60,
  loopTime: 100,
  callers: [16, 64],
  sizes: [100, 10_000],
  conversations: 500,
  peersAlone: false,
  largestFill: 100,
  deadline: 20_000,
  budget: 600,
};
