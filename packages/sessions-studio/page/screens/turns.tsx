import { useMemo } from 'preact/hooks';
import type { SessionDetails, ShownEntry } from '../../src/wire.ts';
import { confirm } from '../confirm.tsx';
import type { EntryWindow } from '../entry-window.ts';
import { Entry } from '../items/entry.tsx';
import { paired } from '../items/item-parts.ts';
import { change } from '../server.ts';
import { durationText, timeText } from '../times.ts';
import { VirtualList } from '../virtual-list.tsx';
import { wholeItem } from '../whole-item.ts';

interface TurnsProps {
  readonly details: SessionDetails;
  readonly held: EntryWindow;
  readonly rewinds: boolean;
  readonly again: () => void;
}

/** An entry with its result; the first one of a turn with what is to be said of the turn. */
interface TurnRow {
  readonly entry: ShownEntry;
  readonly result?: ShownEntry;
  readonly turn?: readonly ShownEntry[];
}

/** A conversation turn by turn, for people to read. */
export function TurnsView({ details, held, rewinds, again }: TurnsProps) {
  const entries = held.entries.value;
  const rows = useMemo(() => rowsOf(entries), [entries]);
  const whole = (entry: ShownEntry) => wholeItem(details.id, entry, entries);
  const usage = useMemo(() => new Map(details.usage.map((one) => [one.turn, one])), [details]);
  if (entries.length === 0) return <p class="empty">There is no item in it.</p>;
  const rewind = (turn: string) =>
    confirm({
      title: 'Turn back?',
      text: 'This turn and all that follows it are removed. They cannot be brought back.',
      action: 'Remove them',
      isHarm: true,
      act: async () => {
        await change('rewind', { id: details.id, turn });
        again();
      },
    });
  const aboutOf = (turn: readonly ShownEntry[]) => {
    const [first] = turn;
    const last = turn.at(-1);
    const used = first?.turn === undefined ? undefined : usage.get(first.turn);
    const took = first && last && durationText(first.createdAt, last.createdAt);
    return (
      <p class="about">
        {first && timeText(first.createdAt)}
        {took !== undefined && `, took ${took}`}
        {used &&
          `, ${used.totalTokens.toLocaleString()} tokens (${used.inputTokens.toLocaleString()} in, ${used.outputTokens.toLocaleString()} out)`}
        {rewinds && first?.turn === first?.id && first && (
          <button type="button" class="quiet" onClick={() => rewind(first.id)}>
            Turn back to before this
          </button>
        )}
      </p>
    );
  };
  return (
    <VirtualList
      class="turns"
      rows={rows}
      keyOf={({ entry }) => entry.id}
      height={90}
      fromEnd
      nearStart={held.older}
      nearEnd={held.newer}
      show={({ entry, result, turn }) => ({
        class: turn ? 'turn' : 'on',
        isStep: turn !== undefined,
        content: (
          <>
            {turn && aboutOf(turn)}
            <Entry entry={entry} result={result} whole={whole} />
          </>
        ),
      })}
    />
  );
}

function rowsOf(entries: readonly ShownEntry[]): TurnRow[] {
  return byTurn(entries).flatMap((turn) =>
    paired(turn).map((row, at) => (at === 0 ? { ...row, turn } : row)),
  );
}

function byTurn(entries: readonly ShownEntry[]): ShownEntry[][] {
  const turns: ShownEntry[][] = [];
  for (const entry of entries) {
    const current = turns.at(-1);
    if (current && current[0]?.turn === entry.turn) current.push(entry);
    else turns.push([entry]);
  }
  return turns;
}
