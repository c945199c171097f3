/** Names that lead to this machine alone: what a browser has for them cannot come from elsewhere. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** What is said of a page that runs no script but its own, is in no frame, and asks no other host. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // pictures of a conversation stand in it: none is asked of a host, and no script in one runs
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** What every answer carries. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The header that a request that changes something carries: no form of another page can send it. */
const OWN_HEADER = 'x-sessions-studio';

/** Why a request is refused, whoever sends it; nothing where it is not. */
export function refusal(request: Request, hosts: readonly string[]): string | undefined {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (!isNamed(host, [...LOOPBACK, ...hosts])) {
    return 'This studio does not know the name that it was asked by. Give it to createStudio: hosts: ["admin.example.com"].';
  }
  const origin = request.headers.get('origin');
  if (origin !== null && hostOf(origin) !== host) return 'This request came from a page of another origin.';
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none')
    return 'This request came from another site.';
  return undefined;
}

/** Why a request may not change anything; nothing where it may. */
export function refusedChange(request: Request): string | undefined {
  const isOwn = request.headers.get(OWN_HEADER) === '1';
  const isJson = request.headers.get('content-type') === 'application/json';
  if (isOwn && isJson && request.headers.get('origin') !== null) return undefined;
  return `A change is a POST of JSON from the page of the studio, with its Origin and the header ${OWN_HEADER}: 1.`;
}

/** Whether a host, with its port if it has one, is one of these; a name without a port is one with any. */
function isNamed(host: string, names: readonly string[]): boolean {
  const withoutPort = host.replace(/:\d+$/, '');
  return names.includes(host) || names.includes(withoutPort);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
