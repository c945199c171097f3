// Compiled as an ES module and as CommonJS, then run, with nothing installed but the package.
import { SessionStore } from '@stackone/sessions-core';
import { createStudio, type Studio, serveStudio } from '@stackone/sessions-studio';

async function main(): Promise<void> {
  const never = () => {
    throw new Error('there is no database');
  };
  const supports = { durable: false, shared: false, edit: false, operations: false, transactions: false };
  const store = new SessionStore({ name: 'none', supports, open: never });
  const studio: Studio = createStudio(store, { authorize: () => ({ tenant: 'acme' }) });
  const page = await (await studio(new Request('http://localhost/'))).text();
  if (!page.includes('Sessions studio')) throw new Error('there is no page');
  const served = await serveStudio(store);
  const script = await fetch(new URL('/studio.js', served.url));
  if (script.status !== 200) throw new Error(`the page has no script: ${script.status}`);
  await served.close();
}

void main();
