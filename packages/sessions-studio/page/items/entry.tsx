import type { ComponentChildren } from 'preact';
import type { ShownEntry } from '../../src/wire.ts';
import { asJson } from '../copies.ts';
import { CopyButton } from '../copy-button.tsx';
import { isUnfolded, keepFold } from '../folds.ts';
import { type Fields, fieldsOf, parsed, partsOf, textField } from './item-parts.ts';
import { JsonTree } from './json-tree.tsx';
import { Markdown } from './markdown.tsx';

/** An item for people to read. */
export function Entry({
  entry,
  result,
}: {
  readonly entry: ShownEntry;
  readonly result?: ShownEntry | undefined;
}) {
  const fields = fieldsOf(entry.item);
  const type = textField(fields, 'type') ?? 'message';
  return (
    <article class={`entry ${kindOf(type, fields)}`} data-entry={entry.id}>
      {shown(type, fields, entry, result)}
      {(entry.isCut || result?.isCut) && (
        <p class="note">Long texts are cut here. The view of raw rows has all of them.</p>
      )}
    </article>
  );
}

function kindOf(type: string, fields: Fields): string {
  if (type !== 'message') return type === 'reasoning' || type === 'compaction' ? type : 'tool';
  const role = textField(fields, 'role');
  return role === 'user' || role === 'assistant' ? role : 'system';
}

function shown(
  type: string,
  fields: Fields,
  entry: ShownEntry,
  result: ShownEntry | undefined,
): ComponentChildren {
  if (type === 'message') {
    return (
      <>
        <Head name={textField(fields, 'role') ?? 'message'} entry={entry} />
        <Parts content={fields.content} />
      </>
    );
  }
  if (type === 'compaction') {
    return <p class="mark">Compacted: the runner does not read what stands before this.</p>;
  }
  if (type === 'reasoning') {
    return (
      <details class="fold" {...foldOf(entry)}>
        <summary>Reasoning</summary>
        <Parts content={fields.rawContent ?? fields.content} />
      </details>
    );
  }
  const answer = result && fieldsOf(result.item);
  return (
    <details class="fold" {...foldOf(entry)}>
      <summary>
        <span class="name">{textField(fields, 'name') ?? type}</span>
        <span class="note"> {answer ? 'answered' : type}</span>
      </summary>
      <p class="label">{answer ? 'Call' : 'Item'}</p>
      <JsonTree
        value={fields.arguments === undefined ? entry.item : parsed(textField(fields, 'arguments'))}
      />
      {answer && (
        <>
          <p class="label">Result</p>
          <Output output={answer.output} />
        </>
      )}
    </details>
  );
}

function foldOf({ id }: ShownEntry) {
  return {
    open: isUnfolded(id),
    onToggle: ({ currentTarget: { open } }: { readonly currentTarget: HTMLDetailsElement }) => {
      if (open !== isUnfolded(id)) keepFold(id, open);
    },
  };
}

function Head({ name, entry }: { readonly name: string; readonly entry: ShownEntry }) {
  return (
    <p class="head">
      <span class="name">{name}</span>
      <CopyButton text={() => asJson(entry.item)} label="Copy as JSON" />
    </p>
  );
}

function Parts({ content }: { readonly content: unknown }) {
  return (
    <>
      {partsOf(content).map((part, at) =>
        'text' in part ? (
          <Markdown key={at} text={part.text} />
        ) : (
          <p key={at} class="note">
            [{part.note}]
          </p>
        ),
      )}
    </>
  );
}

/** What a tool answered: its text, or all of it. */
function Output({ output }: { readonly output: unknown }) {
  const text = typeof output === 'string' ? output : textField(fieldsOf(output), 'text');
  const value = text === undefined ? output : parsed(text);
  if (typeof value === 'string') return <pre>{value}</pre>;
  return <JsonTree value={value} />;
}
