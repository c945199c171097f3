import type { ComponentChildren } from 'preact';
import type { ShownEntry } from '../../src/wire.ts';
import { asJson } from '../copies.ts';
import { CopyButton } from '../copy-button.tsx';
import { isUnfolded, keepFold } from '../folds.ts';
import { type Fields, fieldsOf, textField } from './fields.ts';
import { parsed, partsOf } from './item-parts.ts';
import { JsonTree } from './json-tree.tsx';
import { Markdown } from './markdown.tsx';
import { isCutOffText } from './media.ts';
import { MediaPart } from './media-part.tsx';

/** An item for people to read. */
interface EntryProps {
  readonly entry: ShownEntry;
  readonly result?: ShownEntry | undefined;
  /** Reads the item of an entry again where it was cut. */
  readonly whole: (entry: ShownEntry) => Promise<unknown>;
}

export function Entry(props: EntryProps) {
  const { entry, result } = props;
  const fields = fieldsOf(entry.item);
  const type = textField(fields, 'type') ?? 'message';
  return (
    <article class={`entry ${kindOf(type, fields)}`} data-entry={entry.id}>
      {shown(type, fields, props)}
      {(isTextCut(type, entry) || result?.isCut) && (
        <p class="note">Long texts are cut here. The view of raw rows has all of them.</p>
      )}
    </article>
  );
}

/** In characters: so much of the arguments of a call is seen while it is folded. */
const GLIMPSE = 100;

/** Whether a text was cut that is not the content of a picture or a file. */
function isTextCut(type: string, { item, isCut }: ShownEntry): boolean {
  if (!isCut || type !== 'message') return isCut;
  const parts = partsOf(fieldsOf(item).content);
  return parts.some((part) => 'text' in part && isCutOffText(part.text));
}

function kindOf(type: string, fields: Fields): string {
  if (type !== 'message') return type === 'reasoning' || type === 'compaction' ? type : 'tool';
  const role = textField(fields, 'role');
  return role === 'user' || role === 'assistant' ? role : 'system';
}

function shown(type: string, fields: Fields, { entry, result, whole }: EntryProps): ComponentChildren {
  if (type === 'message') {
    return (
      <>
        <Head name={textField(fields, 'role') ?? 'message'} json={async () => asJson(await whole(entry))} />
        <Parts content={fields.content} whole={async () => fieldsOf(await whole(entry)).content} />
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
        <Parts content={thoughtsOf(fields)} whole={async () => thoughtsOf(fieldsOf(await whole(entry)))} />
      </details>
    );
  }
  const answer = result && fieldsOf(result.item);
  return (
    <details class="fold" {...foldOf(entry)}>
      <summary>
        <span class="name">{textField(fields, 'name') ?? type}</span>
        <span class="note"> {answer ? 'answered' : type}</span>{' '}
        <code class="glimpse">{textField(fields, 'arguments')?.slice(0, GLIMPSE)}</code>
      </summary>
      <p class="label">{answer ? 'Call' : 'Item'}</p>
      <JsonTree
        value={fields.arguments === undefined ? entry.item : parsed(textField(fields, 'arguments'))}
      />
      {answer && (
        <>
          <p class="label">Result</p>
          <Output output={answer.output} whole={async () => fieldsOf(await whole(result)).output} />
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

/** What a model thought, in full where it is told. */
function thoughtsOf({ rawContent, content }: Fields): unknown {
  return Array.isArray(rawContent) && rawContent.length > 0 ? rawContent : content;
}

function Head({ name, json }: { readonly name: string; readonly json: () => Promise<string> }) {
  return (
    <p class="head">
      <span class="name">{name}</span>
      <CopyButton text={json} label="Copy as JSON" />
    </p>
  );
}

interface ContentProps {
  readonly content: unknown;
  /** All of it, where it was cut. */
  readonly whole: () => Promise<unknown>;
}

function Parts({ content, whole }: ContentProps) {
  const wholeMedia = async (at: number) => {
    const part = partsOf(await whole())[at];
    return part && 'media' in part ? part.media : undefined;
  };
  return (
    <>
      {partsOf(content).map((part, at) =>
        'text' in part ? (
          <Markdown key={at} text={part.text} />
        ) : (
          <MediaPart key={at} media={part.media} whole={() => wholeMedia(at)} />
        ),
      )}
    </>
  );
}

const MEDIA = /^(input_)?(image|file)$|^computer_screenshot$/;

/** What a tool answered: its text, its pictures and files, or all of it as it is. */
function Output({ output, whole }: { readonly output: unknown; readonly whole: () => Promise<unknown> }) {
  const parts = Array.isArray(output) ? output : [output];
  if (parts.some((part) => MEDIA.test(textField(fieldsOf(part), 'type') ?? ''))) {
    const wholeParts = async () => [await whole()].flat();
    return <Parts content={parts} whole={wholeParts} />;
  }
  const text = typeof output === 'string' ? output : textField(fieldsOf(output), 'text');
  const value = text === undefined ? output : parsed(text);
  if (typeof value === 'string') return <pre>{value}</pre>;
  return <JsonTree value={value} />;
}
