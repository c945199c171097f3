const { MemorySessionStore } = require('@stackone/openai-agents-js-sessions');

const store = new MemorySessionStore();

module.exports = {
  open: () => ({ session: (id) => store.session(id) }),
  supports: { checksIds: true, anyValue: true, namesPaths: true, operationIds: true },
};
