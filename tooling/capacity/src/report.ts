import { markdownTable } from 'markdown-table';
import type { Choice } from './arguments.ts';
import { touchedPages } from './calls.ts';
import { type Comparison, percentOff } from './comparison.ts';
import { type EngineName, modelled, TITLES } from './engines.ts';
import { count, duration, size, threeDigits } from './figures.ts';
import { measuredSpeed } from './measured.ts';
import { needsOf } from './needs.ts';
import { PRUNED_PER_SECOND } from './pruning.ts';
import { itemsOf } from './shape.ts';
import { bytesOf, sum } from './size.ts';

/** What the model says, as Markdown. */
export function reportOf(engine: EngineName, choice: Choice): string {
  const { shape, retentionDays, shardBytes, turnsPerSecond } = choice;
  const sizes = modelled(engine, shape);
  const bytes = sum(sizes.map(bytesOf));
  const pruneRate = choice.pruneRate ?? PRUNED_PER_SECOND[engine];
  const speed = measuredSpeed(engine);
  const needs = needsOf({ shape, bytes, shardBytes, retentionDays, turnsPerSecond, pruneRate, speed });
  const { bySize, byTurns } = needs.shards;
  const shards = Math.max(bySize, byTurns);
  const trees = sizes.flatMap(({ table, rows, parts }) =>
    parts.map((part) => [
      `${table}: ${part.name}`,
      count(rows),
      size(part.bytes),
      part.depth === undefined ? '' : String(part.depth),
    ]),
  );
  const share = { ...shape, conversations: Math.ceil(shape.conversations / shards) };
  const [all, one] = [sizes, modelled(engine, share)].map((of) => touchedPages(engine, shape, of));
  return [
    `## ${TITLES[engine]}`,
    `${count(shape.conversations)} conversations of ${shape.turns} turns of ${shape.itemsPerTurn} items of ${shape.itemBytes} bytes: ${count(itemsOf(shape))} items, **${size(bytes)}**.`,
    markdownTable([['table', 'rows', 'size', 'depth'], ...trees], { align: ['l', 'r', 'r', 'r'] }),
    markdownTable(
      [
        ['call', 'pages', `on each of ${count(shards)} servers`],
        ...(all ?? []).map(({ call, pages }, at) => [call, String(pages), String(one?.[at]?.pages)]),
      ],
      { align: ['l', 'r', 'r'] },
    ),
    markdownTable(
      [
        ['what it takes', ''],
        ['turns a second', threeDigits(needs.turnsPerSecond)],
        [`servers, by size (${size(shardBytes)} each)`, count(bySize)],
        [`servers, by turns (half of ${count(speed.turnsPerSecond)} a second each)`, count(byTurns)],
        ['connections under way, of all processes', count(needs.connections)],
        [`items that go a day, after ${retentionDays} days`, count(needs.retention.rowsPerDay)],
        ['bytes that go a day', size(needs.retention.bytesPerDay)],
        [
          `pruning on each server, a day (${count(pruneRate)} items a second)`,
          duration(needs.retention.seconds),
        ],
      ],
      { align: ['l', 'r'] },
    ),
  ].join('\n\n');
}

/** What a check found, as Markdown. */
export function comparisonReport(title: string, choice: Choice, { parts, total }: Comparison): string {
  const rows = [...parts, total]
    .filter(({ model, real }) => model > 0 || real > 0)
    .map((one) => [one.title, size(one.model), size(one.real), `${percentOff(one).toFixed(1)} %`]);
  return [
    `## ${title}, ${count(itemsOf(choice.shape))} items`,
    markdownTable([['', 'model', 'real', 'off'], ...rows], { align: ['l', 'r', 'r', 'r'] }),
  ].join('\n\n');
}
