import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ShownFinding } from '../../src/wire.ts';
import { ask } from '../server.ts';

const LEVELS = { wrong: 'wrong', improvable: 'could be better', good: 'good' } as const;
const ORDER = ['wrong', 'improvable', 'good'] as const;

/** What is wrong with the database, or could be better: what is worst first. */
export function DoctorScreen() {
  const findings = useSignal<readonly ShownFinding[] | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const end = new AbortController();
    ask<{ data: readonly ShownFinding[] }>('doctor', {}, end.signal).then(
      ({ data }) => {
        findings.value = data.toSorted((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level));
      },
      (error: Error) => {
        if (!end.signal.aborted) failure.value = error.message;
      },
    );
    return () => end.abort();
  }, []);
  const count = (level: ShownFinding['level']) =>
    findings.value?.filter((one) => one.level === level).length ?? 0;
  return (
    <section aria-labelledby="doctor">
      <h2 id="doctor">What the doctor found</h2>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      <p role="status">
        {findings.value
          ? `${count('wrong')} wrong, ${count('improvable')} could be better, ${count('good')} good.`
          : failure.value === undefined && 'Looking…'}
      </p>
      <ul class="turns">
        {findings.value?.map(({ code, level, message, advice }, at) => (
          <li key={at} class={`turn level-${level}`} tabIndex={-1} data-step>
            <article class="entry">
              <p class="head">
                <span class="name">{code}</span> <span class="level">{LEVELS[level]}</span>
              </p>
              <p>{message}</p>
              {advice !== undefined && <p class="plain advice">{advice}</p>}
            </article>
          </li>
        ))}
      </ul>
    </section>
  );
}
