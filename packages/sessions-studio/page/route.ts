import { signal } from '@preact/signals';

/** The views of a conversation. */
export const VIEWS = ['conversation', 'next', 'raw'] as const;
export type View = (typeof VIEWS)[number];

/** What is shown: the list with its filters, or a view of a conversation. */
export type Route =
  | { readonly id?: undefined; readonly filters: URLSearchParams }
  | { readonly id: string; readonly view: View };

/** The hash of a view, which can be kept and shared: there is no secret in it. */
export function hashOf(id: string, view: View = 'conversation'): string {
  const path = `#/c/${encodeURIComponent(id)}`;
  return view === 'conversation' ? path : `${path}/${view}`;
}

function routeOf(hash: string): Route {
  const [, encoded, name] = /^#\/c\/([^/]*)(?:\/(\w+))?$/.exec(hash) ?? [];
  const id = encoded && decoded(encoded);
  if (!id) return { filters: new URLSearchParams(hash.split('?')[1] ?? '') };
  return { id, view: VIEWS.find((view) => view === name) ?? 'conversation' };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // an address that was cut off
  }
}

export const route = signal<Route>(routeOf(location.hash));

addEventListener('hashchange', () => {
  route.value = routeOf(location.hash);
});

export function goTo(hash: string): void {
  location.hash = hash;
}
