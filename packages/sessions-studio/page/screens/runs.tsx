import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { About, RunsPage, ShownCall, ShownRun } from '../../src/wire.ts';
import { confirm } from '../confirm.tsx';
import { parsed } from '../items/item-parts.ts';
import { JsonTree } from '../items/json-tree.tsx';
import { hashOf } from '../route.ts';
import { ask, change } from '../server.ts';
import { timeText } from '../times.ts';

/** How often it is looked whether others wait, in ms. */
const AGAIN = 2000;

/** The runs that wait for somebody to decide. */
export function RunsScreen({ about, after }: { readonly about: About; readonly after: string | null }) {
  const page = useSignal<RunsPage | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const round = useSignal(0);
  useEffect(() => {
    const end = new AbortController();
    const read = async () => {
      page.value = await ask<RunsPage>('runs', { after: after ?? undefined }, end.signal);
      failure.value = undefined;
    };
    const look = () =>
      read().catch((error: Error) => {
        if (!end.signal.aborted) failure.value = error.message;
      });
    void look();
    const timer = setInterval(look, AGAIN);
    return () => {
      end.abort();
      clearInterval(timer);
    };
  }, [after, round.value]);
  const again = () => {
    round.value++;
  };
  const next = page.value?.nextCursor;
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs that wait</h2>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
      {page.value?.data.length === 0 && (
        <p class="empty" role="status">
          No run waits for a decision.
        </p>
      )}
      <ul class="turns">
        {page.value?.data.map((run) => (
          <Run key={run.id} run={run} decides={!about.readOnly} again={again} />
        ))}
      </ul>
      {next !== undefined && <a href={`#/runs?after=${encodeURIComponent(next)}`}>Next page</a>}
    </section>
  );
}

interface RunProps {
  readonly run: ShownRun;
  readonly decides: boolean;
  readonly again: () => void;
}

function Run({ run, decides, again }: RunProps) {
  const cancel = () =>
    confirm({
      title: 'Cancel this run?',
      text: `Nothing of the run ${run.id} comes into its conversation. It cannot go on.`,
      action: 'Cancel the run',
      isHarm: true,
      act: async () => {
        await change('cancel', { id: run.id });
        again();
      },
    });
  return (
    <li class="turn" tabIndex={-1} data-step>
      <article class="entry">
        <p class="head">
          <span class="name">{run.agent}</span>
          {decides && (
            <button type="button" class="quiet danger" onClick={cancel}>
              Cancel the run
            </button>
          )}
        </p>
        <p class="note">
          run {run.id} in <a href={hashOf(run.sessionId)}>{run.sessionId}</a>, since {timeText(run.changedAt)}
        </p>
        {run.calls.map((call) => (
          <Call key={call.callId} run={run} call={call} decides={decides} again={again} />
        ))}
      </article>
    </li>
  );
}

function Call({ run, call, decides, again }: RunProps & { readonly call: ShownCall }) {
  const decide = (approve: boolean) =>
    confirm({
      title: approve ? 'Approve this call?' : 'Reject this call?',
      text: `${call.tool} is ${approve ? '' : 'not '}called. Another decision is not possible afterwards.`,
      ...(!approve && { input: { label: 'What the model is told', value: '' } }),
      action: approve ? 'Approve' : 'Reject',
      act: async (reason) => {
        await change('decide', { id: run.id, callId: call.callId, approve, ...(reason && { reason }) });
        again();
      },
    });
  return (
    <div class="call">
      <p class="label">
        {call.agent} calls <span class="name">{call.tool}</span>
        {call.decision !== undefined && `: ${call.decision}`}
      </p>
      <JsonTree value={parsed(call.arguments)} />
      {decides && call.decision === undefined && (
        <p class="buttons">
          <button type="button" class="main" onClick={() => decide(true)}>
            Approve
          </button>
          <button type="button" class="danger" onClick={() => decide(false)}>
            Reject
          </button>
        </p>
      )}
    </div>
  );
}
