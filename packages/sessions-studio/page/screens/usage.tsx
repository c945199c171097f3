import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { UsageShown } from '../../src/wire.ts';
import { Chart, colourClass } from '../chart.tsx';
import { goTo } from '../route.ts';
import { ask } from '../server.ts';

const PERIODS = ['7', '30', '90', '365'] as const;

/** What models used, and how much is talked, day by day. */
export function UsageScreen({ days }: { readonly days: string }) {
  const shown = useSignal<UsageShown | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const end = new AbortController();
    ask<UsageShown>('usage', { days }, end.signal).then(
      (answer) => {
        shown.value = answer;
        failure.value = undefined;
      },
      (error: Error) => {
        if (!end.signal.aborted) failure.value = error.message;
      },
    );
    return () => end.abort();
  }, [days]);
  return (
    <section aria-labelledby="usage">
      <h2 id="usage">Usage and growth</h2>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Days{' '}
          <select value={days} onChange={(event) => goTo(`#/usage?days=${event.currentTarget.value}`)}>
            {PERIODS.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      </form>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      {shown.value && <Charts {...shown.value} />}
    </section>
  );
}

function Charts({ used, growth, conversations }: UsageShown) {
  const days = growth.map(({ day }) => day);
  const models = [...new Set(used.map(({ model }) => model))].map((model) => {
    const own = used.filter((one) => one.model === model);
    const byDay = new Map(own.map((one) => [one.day, one.inputTokens + one.outputTokens]));
    const sum = (count: 'requests' | 'inputTokens' | 'outputTokens' | 'cachedTokens') =>
      own.reduce((total, one) => total + one[count], 0);
    return {
      name: model ?? 'unknown',
      values: days.map((day) => byDay.get(day) ?? 0),
      sums: [sum('requests'), sum('inputTokens'), sum('cachedTokens'), sum('outputTokens')],
    };
  });
  return (
    <>
      <div class="panel">
        <h3>Tokens by day and model</h3>
        {models.length === 0 ? (
          <p role="status">No usage was recorded in these days.</p>
        ) : (
          <>
            <Chart label="Tokens by day and model; the sums stand in the table" days={days} series={models} />
            <table class="sums">
              <thead>
                <tr>
                  {['Model', 'Requests', 'Input tokens', 'of them cached', 'Output tokens'].map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {models.map(({ name, sums }, at) => (
                  <tr key={name}>
                    <th scope="row">
                      <span class={colourClass(at)} /> {name}
                    </th>
                    {sums.map((count, column) => (
                      <td key={column}>{count.toLocaleString()}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </div>
      <div class="panel">
        <h3>Conversations by the day of their last change</h3>
        <Chart
          label="Conversations by the day of their last change"
          days={days}
          series={[{ name: 'conversations', values: growth.map((one) => one.conversations) }]}
        />
        <p class="sums">
          {growth.reduce((sum, one) => sum + one.conversations, 0).toLocaleString()} of{' '}
          {conversations.toLocaleString()} conversations changed in these {days.length} days.
        </p>
      </div>
    </>
  );
}
