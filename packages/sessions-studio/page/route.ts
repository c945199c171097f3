import { signal } from '@preact/signals';

/** The views of a conversation. */
export const VIEWS = ['conversation', 'next', 'raw'] as const;
export type View = (typeof VIEWS)[number];

/** What is shown of the whole store. */
export const SCREENS = ['list', 'runs', 'usage', 'doctor', 'prune'] as const;
export type Screen = (typeof SCREENS)[number];

/** What is shown: a screen with what was chosen there, or a view of a conversation. */
export type Route =
  | { readonly id?: undefined; readonly screen: Screen; readonly filters: URLSearchParams }
  | { readonly id: string; readonly view: View };

/** The hash of a view, which can be kept and shared: there is no secret in it. */
export function hashOf(id: string, view: View = 'conversation'): string {
  const path = `#/c/${encodeURIComponent(id)}`;
  return view === 'conversation' ? path : `${path}/${view}`;
}

/** The hash of a screen, which can be kept as well. */
export function hashOfScreen(screen: Screen, filters?: URLSearchParams): string {
  const path = screen === 'list' ? '#/' : `#/${screen}`;
  return filters && filters.size > 0 ? `${path}?${filters}` : path;
}

function routeOf(hash: string): Route {
  const [, encoded, name] = /^#\/c\/([^/]*)(?:\/(\w+))?$/.exec(hash) ?? [];
  const id = encoded && decoded(encoded);
  if (id) return { id, view: VIEWS.find((view) => view === name) ?? 'conversation' };
  const [path, query = ''] = hash.split('?');
  const screen = SCREENS.find((one) => hashOfScreen(one) === path) ?? 'list';
  return { screen, filters: new URLSearchParams(query) };
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
  // at once: who types the next letter meanwhile must not find the old text
  route.value = routeOf(location.hash);
}
