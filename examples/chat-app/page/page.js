import { call, listen, Refusal } from './api.js';

const at = (id) => document.getElementById(id);

/** How often a conversation that is answered in another tab is looked at, in ms. */
const WATCH = 1000;

/** The conversation that is shown, as the server gave it. */
let shown;

/** A mistake, or what the server refused, is shown and not thrown. */
async function attempt(work) {
  at('notice').textContent = '';
  try {
    await work();
  } catch (error) {
    at('notice').textContent = error instanceof Refusal ? error.message : 'The server cannot be reached.';
  }
}

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

async function showList(after = '') {
  const { data, nextCursor } = await call('GET', `conversations?after=${after}`);
  const entries = data.map(({ id, title }) => {
    const button = element('button', title ?? 'New conversation', { onclick: () => attempt(() => show(id)) });
    button.setAttribute('aria-current', String(id === shown?.id));
    const entry = document.createElement('li');
    entry.append(button);
    return entry;
  });
  if (!after) at('list').replaceChildren();
  at('list').append(...entries);
  at('more').hidden = !nextCursor;
  at('more').onclick = () => attempt(() => showList(nextCursor));
}

async function show(id) {
  shown = await call('GET', `conversations/${id}`);
  at('title').textContent = shown.title ?? 'New conversation';
  showMessages();
  at('messages').lastElementChild?.scrollIntoView();
  at('approval').hidden = !shown.approval;
  const calls = shown.approval?.calls ?? [];
  at('calls').replaceChildren(...calls.map(({ name, arguments: args }) => element('li', `${name} ${args}`)));
  at('again').disabled = shown.messages.length === 0 || Boolean(shown.approval);
  await showList();
  if (shown.running) {
    at('notice').textContent = 'An answer is on its way in another tab.';
    setTimeout(() => shown?.id === id && attempt(() => show(id)), WATCH);
  }
}

function showMessages() {
  at('messages').replaceChildren(...shown.messages.map(entryOf));
  at('older').hidden = !shown.hasMore;
}

async function showOlder() {
  const { id, messages } = shown;
  const older = await call('GET', `conversations/${id}/messages?before=${messages[0].turn}`);
  if (shown.id !== id || shown.messages !== messages) return; // something else is shown by now
  shown.messages = [...older.messages, ...messages];
  shown.hasMore = older.hasMore;
  showMessages();
}

function entryOf({ role, text, toolCalls = [], createdAt, turn }) {
  const entry = element('li', '', { className: role });
  const when = createdAt ? new Date(createdAt).toLocaleString() : '';
  entry.append(element('small', `${role} ${when} `));
  if (role === 'user' && turn) {
    entry.append(element('button', 'Edit', { onclick: () => edit(turn, text) }));
  }
  if (text) entry.append(element('p', text));
  for (const { name, arguments: args, output } of toolCalls) {
    entry.append(element('p', `${name} ${args} → ${output ?? '…'}`, { className: 'tool' }));
  }
  return entry;
}

function edit(turn, old) {
  const text = prompt('Your message:', old);
  const from = shown.messages.findIndex((message) => message.turn === turn);
  if (text) answer('edit', { turn, seen: shown.seen, text }, shown.messages.slice(0, from), text);
}

/** Asks for an answer and shows it while it comes in; then the conversation as it is stored. */
function answer(what, body, kept = shown.messages, said = '') {
  return attempt(async () => {
    const { id } = shown;
    const live = element('p', '');
    const entry = element('li', '', { className: 'assistant' });
    entry.append(element('small', 'assistant'), live);
    const mine = said ? [entryOf({ role: 'user', text: said })] : [];
    at('messages').replaceChildren(...kept.map(entryOf), ...mine, entry);
    at('approval').hidden = true;
    let failure;
    try {
      await listen(`conversations/${id}/${what}`, body, ({ type, text }) => {
        if (type === 'text') live.textContent += text;
        live.scrollIntoView();
      });
    } catch (error) {
      failure = error;
    }
    if (shown.id === id) await show(id);
    if (failure) throw failure;
  });
}

async function logIn() {
  shown = undefined;
  at('messages').replaceChildren();
  at('approval').hidden = true;
  const [newest] = (await call('GET', 'conversations')).data;
  if (newest) await show(newest.id);
  else await begin();
}

async function begin() {
  const { id } = await call('POST', 'conversations');
  await show(id);
}

at('who').onsubmit = (event) => {
  event.preventDefault();
  for (const name of ['tenant', 'user']) sessionStorage.setItem(name, at('who').elements[name].value);
  attempt(logIn);
};
at('new').onclick = () => attempt(begin);
at('older').onclick = () => attempt(showOlder);
at('rename').onclick = () => {
  const title = prompt('Title:', shown.title ?? '');
  if (title) attempt(() => call('PATCH', `conversations/${shown.id}`, { title }).then(() => show(shown.id)));
};
at('remove').onclick = () => {
  if (confirm('Delete this conversation?'))
    attempt(() => call('DELETE', `conversations/${shown.id}`).then(logIn));
};
at('forget').onclick = () => {
  if (confirm('Delete all of your conversations?')) attempt(() => call('DELETE', 'me').then(logIn));
};
at('say').onsubmit = (event) => {
  event.preventDefault();
  const field = at('say').elements.text;
  const text = field.value;
  field.value = '';
  answer('messages', { text }, shown.messages, text);
};
at('say').onkeydown = (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at('say').requestSubmit();
};
at('again').onclick = () => {
  const asked = shown.messages.findLastIndex(({ role }) => role === 'user');
  answer('regenerate', { seen: shown.seen }, shown.messages.slice(0, asked + 1));
};
at('approval').onsubmit = (event) => {
  event.preventDefault();
  const { id, calls } = shown.approval;
  const approved = event.submitter?.value === 'yes' ? calls.map(({ callId }) => callId) : [];
  answer('decision', { approval: id, approved });
};

for (const [name, value] of [
  ['tenant', 'acme'],
  ['user', 'ada'],
]) {
  if (!sessionStorage.getItem(name)) sessionStorage.setItem(name, value);
  at('who').elements[name].value = sessionStorage.getItem(name);
}
attempt(logIn);
