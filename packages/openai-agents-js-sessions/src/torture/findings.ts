import type { TortureRow } from '../torture.js';
import { judge, PROBLEMS, type Problem, type WriterCalls } from './judge.js';

const EXAMPLES = 5;

/** What was found, by fault. */
export class Findings {
  readonly #faults: readonly string[];
  readonly #rounds = new Map<string, number>();
  /** By conversation. */
  readonly #faultOf = new Map<string, string>();
  readonly #popped = new Set<string>();
  readonly #found: { readonly fault: string; readonly problem: Problem; readonly text: string }[] = [];
  readonly #acknowledged = new Map<string, number>();
  readonly #errors = new Map<string, Map<string, number>>();
  #current = '';

  constructor(faults: readonly string[]) {
    this.#faults = faults;
  }

  /** A round begins; what is found from now on belongs to it. From the last of the conversations items are popped. */
  begin(fault: string, conversations: readonly string[]): void {
    this.#current = fault;
    this.#rounds.set(fault, (this.#rounds.get(fault) ?? 0) + 1);
    for (const id of conversations) this.#faultOf.set(id, fault);
    this.#popped.add(conversations.at(-1) ?? '');
  }

  add(problem: Problem, text: string): void {
    this.#found.push({ fault: this.#current, problem, text });
  }

  /** Nobody gets anything of a conversation any more, though nothing goes wrong: all of it counts as lost. */
  addUnreadable(id: string, code: string): void {
    const text = `the conversation cannot be read: ${code} (${id})`;
    this.#found.push({ fault: this.#faultOf.get(id) ?? '', problem: 'lost', text });
  }

  /** Compares all conversations with what was noted. */
  judge(
    ids: readonly string[],
    items: ReadonlyMap<string, readonly unknown[]>,
    writers: readonly WriterCalls[],
    isStore: boolean,
  ): void {
    for (const id of ids) {
      const fault = this.#faultOf.get(id) ?? '';
      const conversation = { id, items: items.get(id) ?? [], isPopped: this.#popped.has(id) };
      for (const { problem, text } of judge(conversation, writers, isStore)) {
        this.#found.push({ fault, problem, text: `${text} (${id})` });
      }
    }
    for (const { end, does, conversation } of writers.flatMap(({ calls }) => calls)) {
      const fault = this.#faultOf.get(conversation) ?? '';
      if (end?.outcome === 'stored') {
        if (does === 'append') this.#acknowledged.set(fault, (this.#acknowledged.get(fault) ?? 0) + 1);
      } else if (end?.code) {
        const codes = this.#errors.get(fault) ?? new Map<string, number>();
        this.#errors.set(fault, codes.set(end.code, (codes.get(end.code) ?? 0) + 1));
      }
    }
  }

  get isSound(): boolean {
    return this.#found.length === 0;
  }

  get rows(): TortureRow[] {
    return this.#faults.map((fault) => {
      const own = this.#found.filter((one) => one.fault === fault);
      const count = (problem: Problem) => own.filter((one) => one.problem === problem).length;
      return {
        fault,
        rounds: this.#rounds.get(fault) ?? 0,
        acknowledged: this.#acknowledged.get(fault) ?? 0,
        errors: Object.fromEntries(this.#errors.get(fault) ?? []),
        problems: Object.fromEntries(PROBLEMS.map((problem) => [problem, count(problem)])) as Record<
          Problem,
          number
        >,
        examples: own.slice(0, EXAMPLES).map(({ problem, text }) => `${problem}: ${text}`),
      };
    });
  }
}
