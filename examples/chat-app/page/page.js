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

async function showList() {
  const lines = await call('GET', 'conversations');
  const entries = lines.map(({ id, title }) => {
    const button = element('button', title ?? 'New conversation', { onclick: () => attempt(() => show(id)) });
    button.setAttribute('aria-current', String(id === shown?.id));
    const entry = document.createElement('li');
    entry.append(button);
    return entry;
  });
  at('list').replaceChildren(...entries);
}

async function show(id) {
  shown = await call('GET', `conversations/${id}`);
  at('title').textContent = shown.title ?? 'New conversation';
  at('messages').replaceChildren(...shown.messages.map(entryOf));
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

function entryOf({ at: place, role, text, time }) {
  const entry = element('li', '', { className: role });
  const when = time === undefined ? '' : new Date(time).toLocaleString();
  entry.append(element('small', `${role} ${when} `));
  if (role === 'user') {
    entry.append(element('button', 'Edit', { onclick: () => edit(place, text) }));
  }
  entry.append(element('p', text));
  return entry;
}

function edit(place, old) {
  const text = prompt('Your message:', old);
  if (text) answer('edit', { at: place, seen: shown.seen, text }, text, place);
}

/** Asks for an answer and shows it while it comes in; then the conversation as it is stored. */
function answer(what, body, said, from = Infinity) {
  return attempt(async () => {
    const { id, messages } = shown;
    const kept = messages.filter((message) => message.at < from);
    const live = element('p', '');
    const entry = element('li', '', { className: 'assistant' });
    entry.append(element('small', 'assistant'), live);
    const mine = said ? [entryOf({ at: from, role: 'user', text: said })] : [];
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
  const [newest] = await call('GET', 'conversations');
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
  answer('messages', { text }, text);
};
at('say').onkeydown = (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at('say').requestSubmit();
};
at('again').onclick = () => {
  const from = shown.messages.findLast(({ role }) => role === 'user')?.at ?? 0;
  answer('regenerate', { seen: shown.seen }, undefined, from + 1);
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
