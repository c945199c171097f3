import { expect, test } from 'vitest';
import { describePythonSdk } from '../src/vitest.ts';

describePythonSdk((python, version) => {
  test('the SDK of this version runs an agent that remembers', async () => {
    const session = await python.session({ sessionId: 'chat', path: ':memory:' });
    const answer = {
      type: 'message',
      id: 'm1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'hello', annotations: [] }],
    };
    expect(await session.run('hi', [[answer]])).toMatchObject({ output: 'hello' });
    const { inputs } = await session.run('and now?', [[answer]]);
    expect(inputs[0]).toHaveLength(3);
    await session.close();
    expect(version).toMatch(/^0\.\d+$/);
  });

  test('a failure in Python reaches the caller', async () => {
    await expect(python.session({ sessionId: 'chat', url: 'nonsense://' })).rejects.toThrow(
      /NoSuchModuleError/,
    );
  });
});
