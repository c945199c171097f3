import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScript } from '../commands.mjs';

describe('scripts', () => {
  test('run one after the other, the extra arguments go to the last', () => {
    expect(parseScript('quiet locked turbo run build && vitest run', ['-t', 'two words'])).toEqual([
      { words: ['turbo', 'run', 'build'], quiet: true, locked: true },
      { words: ['vitest', 'run', '-t', 'two words'], quiet: false, locked: false },
    ]);
  });

  test.each(['a | b', 'a; b', 'a & b', 'a > b', 'echo $HOME', 'echo "a b"'])(
    'refuse what a shell would do: %s',
    (script) => {
      expect(() => parseScript(script, [])).toThrow(/only words joined by &&/);
    },
  );

  test.each(['', 'a &&', 'quiet && b'])('refuse an empty command: "%s"', (script) => {
    expect(() => parseScript(script, [])).toThrow(/a command is missing/);
  });

  test('of the root package.json are all understood', () => {
    const { scripts } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as {
      scripts: Record<string, string>;
    };
    for (const script of Object.values(scripts)) {
      const [, quoted] = /^node tooling\/bootstrap\/run\.mjs "(.+)"$/.exec(script) ?? [];
      expect(parseScript(quoted ?? '', []).length).toBeGreaterThan(0);
    }
  });
});
