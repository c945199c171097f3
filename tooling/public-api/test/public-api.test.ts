import { expect, test } from 'vitest';
import { publicEntries, publicNames } from '../src/public-names.ts';

const HEADER = `# Public names

What each entry of each package exports. A test compares this file with the built packages, so that a change of the public
API shows in review. After a change that is meant: \`npm test -- --project @stackone/public-api -u\`.
`;

const names = publicNames();

test('the public names of every entry are those of docs/public-api.md', async () => {
  const sections = [...names].map(
    ([entry, lines]) => `\n## ${entry}\n\n${lines.map((line) => `- ${line}\n`).join('')}`,
  );
  await expect(HEADER + sections.join('')).toMatchFileSnapshot('../../../docs/public-api.md');
});

test('what authors of backends need stands behind a door of its own', () => {
  const [application = [], backend = []] = ['', '/backend'].map((door) =>
    names.get(`@stackone/sessions-core${door}`),
  );
  expect(application.length).toBeLessThan(100);
  for (const name of ['whenReady', 'CallOrder', 'loadFailure', 'checkOptions', 'derivedName', 'hostOf']) {
    expect(backend).toContain(name);
    expect(application).not.toContain(name);
  }
});

test.each(publicEntries())('what the types of $name say is there is there', async ({ name, module }) => {
  const exported = Object.keys(await import(module)).sort();
  expect(names.get(name)?.filter((line) => !line.startsWith('type '))).toEqual(exported);
});
