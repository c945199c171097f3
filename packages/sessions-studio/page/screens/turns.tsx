import type { SessionDetails, ShownEntry } from '../../src/wire.ts';
import { confirm } from '../confirm.tsx';
import { Entry } from '../items/entry.tsx';
import { paired } from '../items/item-parts.ts';
import { change } from '../server.ts';
import { durationText, timeText } from '../times.ts';

interface TurnsProps {
  readonly details: SessionDetails;
  readonly entries: readonly ShownEntry[];
  readonly rewinds: boolean;
  readonly again: () => void;
}

/** A conversation turn by turn, for people to read. */
export function TurnsView({ details, entries, rewinds, again }: TurnsProps) {
  if (entries.length === 0) return <p>There is no item in it.</p>;
  const usage = new Map(details.usage.map((one) => [one.turn, one]));
  const rewind = (turn: string) =>
    confirm({
      title: 'Turn back?',
      text: 'This turn and all that follows it are removed. They cannot be brought back.',
      action: 'Remove them',
      act: async () => {
        await change('rewind', { id: details.id, turn });
        again();
      },
    });
  return (
    <ol class="turns">
      {byTurn(entries).map((turn) => {
        const [first] = turn;
        const last = turn.at(-1);
        const used = first?.turn === undefined ? undefined : usage.get(first.turn);
        const took = first && last && durationText(first.createdAt, last.createdAt);
        return (
          <li key={first?.id} class="turn" tabIndex={-1} data-step>
            <p class="about">
              {first && timeText(first.createdAt)}
              {took !== undefined && `, took ${took}`}
              {used && `, ${used.totalTokens} tokens (${used.inputTokens} in, ${used.outputTokens} out)`}
              {rewinds && first?.turn === first?.id && first && (
                <button type="button" class="quiet" onClick={() => rewind(first.id)}>
                  Turn back to before this
                </button>
              )}
            </p>
            {paired(turn).map(({ entry, result }) => (
              <Entry key={entry.id} entry={entry} result={result} />
            ))}
          </li>
        );
      })}
    </ol>
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
