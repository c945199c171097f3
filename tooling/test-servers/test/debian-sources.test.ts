import { expect, test } from 'vitest';
import { archiveIn } from '../src/debian-sources.ts';

const uri = 'http://mirror.example/debian';

test.each([
  ['one line', 'a.list', `deb ${uri} bookworm main contrib`, { uri, signedBy: undefined }],
  [
    'one line with options',
    'a.list',
    `# a comment\ndeb-src ${uri}/src sid main\ndeb [arch=amd64 signed-by=/keys/a.gpg] ${uri} trixie main`,
    { uri, signedBy: '/keys/a.gpg' },
  ],
  [
    'a paragraph',
    'a.sources',
    `Types: deb deb-src\n# ${uri}/commented\nURIs: ${uri}\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /keys/a.gpg\n`,
    { uri, signedBy: '/keys/a.gpg' },
  ],
  [
    'the second of two paragraphs, with a key in its text',
    'a.sources',
    `Types: deb\nURIs: ${uri}-security\nSuites: bookworm-security\nComponents: main\n\nTypes: deb\nURIs: ${uri}\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n`,
    { uri, signedBy: undefined },
  ],
  [
    'a paragraph that is off',
    'a.sources',
    `Enabled: no\nTypes: deb\nURIs: ${uri}\nSuites: sid\nComponents: main`,
    undefined,
  ],
  ['a derivative', 'a.list', `deb ${uri} noble main universe`, undefined],
  ["a third party's", 'a.list', `deb ${uri} bookworm stable\ndeb ${uri} bookworm-pgdg main`, undefined],
  ['another kind of file', 'a.list.save', `deb ${uri} bookworm main`, undefined],
])('%s', (_, file, text, expected) => {
  expect(archiveIn(text, file)).toEqual(expected);
});
