import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** A row as it is laid out. */
interface ShownRow {
  readonly class?: string;
  /** Whether the keys for next and previous stop at it. */
  readonly isStep?: boolean;
  readonly content: ComponentChildren;
}

interface VirtualListProps<Row> {
  readonly class: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** How high a row is about, in pixels, before it was laid out. */
  readonly height: number;
  readonly show: (row: Row) => ShownRow;
  /** Whether it begins at its end, and stays there when rows come. */
  readonly fromEnd?: boolean;
  /** Called where its beginning or end comes near. */
  readonly nearStart?: (() => void) | undefined;
  readonly nearEnd?: (() => void) | undefined;
}

/** So many rows beyond what is seen are laid out, and so near is near. */
const BEYOND = 6;
/** In pixels from the top or the end of the page: whoever is there wants to see what comes there. */
const EDGE = 100;

// The policy of the page forbids styles in attributes; a rule that the script changes is none.
const sheet = new CSSStyleSheet();
const [before, after] = ['.space-before', '.space-after'].map(
  (name, at) => sheet.cssRules[sheet.insertRule(`${name} {}`, at)] as CSSStyleRule,
);
document.adoptedStyleSheets.push(sheet);

/** A list of any length, of which only the rows near what is seen are in the page. One is shown at a time. */
export function VirtualList<Row>(props: VirtualListProps<Row>) {
  const { rows, show, keyOf, fromEnd = false } = props;
  const [, layOut] = useReducer((round: number) => round + 1, 0);
  const place = useRef<HTMLDivElement>(null);
  const margin = useRef(0);
  const isPlaced = useRef(false);
  const given = useRef(props);
  given.current = props;
  const [virtualizer] = useState(() => new Virtualizer<Window, HTMLLIElement>(optionsOf(given, layOut)));
  virtualizer.setOptions({
    ...virtualizer.options,
    count: rows.length,
    scrollMargin: margin.current,
    // what is read stays where it is when rows come before it
    anchorTo: fromEnd || scrollY > EDGE ? 'end' : 'start',
    // what somebody unfolds at the end must not move away: only rows that come are followed
    scrollEndThreshold: -1,
  });

  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => {
    const { top } = place.current?.getBoundingClientRect() ?? { top: 0 };
    const found = Math.round(top + scrollY);
    if (found !== margin.current) {
      margin.current = found;
      layOut(0);
    }
    virtualizer._willUpdate();
  });
  const lastRow = rows.at(-1);
  const lastKey = lastRow === undefined ? undefined : keyOf(lastRow);
  // as it was before these rows are laid out
  const isAtEnd = document.documentElement.scrollHeight - innerHeight - scrollY < EDGE;
  useLayoutEffect(() => {
    if (fromEnd && isAtEnd && isPlaced.current) virtualizer.scrollToIndex(rows.length - 1, { align: 'end' });
  }, [lastKey]);
  const isEmpty = rows.length === 0;
  useLayoutEffect(() => {
    if (isEmpty) return undefined;
    if (fromEnd) virtualizer.scrollToIndex(rows.length - 1, { align: 'end' });
    let tries = 0;
    // on a busy machine rows are laid out late, and the end is somewhere else then
    const settle = () => {
      const end = given.current.rows.length - 1;
      if (fromEnd && tries < 20 && virtualizer.getVirtualItems().at(-1)?.index !== end) {
        tries++;
        virtualizer.scrollToIndex(end, { align: 'end' });
        timer = setTimeout(settle, 50);
        return;
      }
      isPlaced.current = true;
      layOut(0);
    };
    let timer = setTimeout(settle, 50);
    return () => clearTimeout(timer);
  }, [isEmpty]);

  const items = virtualizer.getVirtualItems();
  const first = items[0];
  const last = items.at(-1);
  useEffect(() => {
    if (!isPlaced.current || !first || !last) return;
    if (first.index < BEYOND) props.nearStart?.();
    if (last.index >= rows.length - BEYOND) props.nearEnd?.();
  });
  before?.style.setProperty('height', `${first ? first.start - margin.current : 0}px`);
  after?.style.setProperty(
    'height',
    `${last ? virtualizer.getTotalSize() - (last.end - margin.current) : 0}px`,
  );
  return (
    <div ref={place}>
      <div class="space-before" />
      <ol class={props.class}>
        {items.map(({ index }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const { class: name, isStep = false, content } = show(row);
          return (
            <li
              key={keyOf(row)}
              ref={virtualizer.measureElement}
              class={name}
              data-index={index}
              {...(isStep && { tabIndex: -1, 'data-step': true })}
            >
              {content}
            </li>
          );
        })}
      </ol>
      <div class="space-after" />
    </div>
  );
}

function optionsOf<Row>(given: { readonly current: VirtualListProps<Row> }, layOut: (action: 0) => void) {
  const keyAt = (index: number) => {
    const { rows, keyOf } = given.current;
    const row = rows[index];
    return row === undefined ? `${index}` : keyOf(row);
  };
  return {
    count: 0,
    overscan: BEYOND,
    getItemKey: keyAt,
    estimateSize: () => given.current.height,
    getScrollElement: () => window,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    initialOffset: () => scrollY,
    onChange: () => layOut(0),
  };
}
