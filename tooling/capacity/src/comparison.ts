import { type EngineName, modelled } from './engines.ts';
import type { RealTables } from './real/real-tables.ts';
import type { Shape } from './shape.ts';
import { bytesOf, type Part, sum } from './size.ts';

/** A size by the model, and as the engine has it. */
export interface Compared {
  readonly title: string;
  readonly model: number;
  readonly real: number;
}

/** What the model says of real tables. */
export interface Comparison {
  readonly parts: readonly Compared[];
  readonly tables: readonly Compared[];
  readonly total: Compared;
}

/** How far the model is from what is there, in percent of it. */
export const percentOff = ({ model, real }: Compared) => (100 * (model - real)) / real;

/**
 * Compares the tables with the model, part by part.
 *
 * @throws Error if the tables do not have the rows that the shape says: then the sizes mean nothing.
 */
export async function compare(engine: EngineName, shape: Shape, real: RealTables): Promise<Comparison> {
  const models = modelled(engine, shape);
  const sizes = await real.sizes();
  const parts: Compared[] = [];
  const tables: Compared[] = [];
  for (const model of models) {
    const size = sizes.find(({ table }) => table === model.table);
    // a share of the turns ends in the middle of a hundred
    if (!size || Math.abs(size.rows - model.rows) > 100)
      throw new Error(`${model.table} has ${size?.rows} rows and not ${model.rows}`);
    tables.push({ title: model.table, model: bytesOf(model), real: bytesOf(size) });
    const bytes = (all: readonly Part[], name: string) => all.find((part) => part.name === name)?.bytes ?? 0;
    const names = new Set([...model.parts, ...size.parts].map(({ name }) => name));
    for (const name of names)
      parts.push({
        title: `${model.table}: ${name}`,
        model: bytes(model.parts, name),
        real: bytes(size.parts, name),
      });
  }
  const total = { title: 'all', model: sum(models.map(bytesOf)), real: await real.total() };
  return { parts, tables, total };
}
