import type { AgentInputItem } from '@openai/agents-core';
import {
  approvalOf,
  CALLS,
  callId,
  callOf,
  type Fields,
  fieldsOf,
  isMadeByModel,
  key,
  programOf,
  runnerOf,
  SEARCH,
  SEARCH_RESULT,
  typeOf,
  validItems,
} from './item-partners.js';

/**
 * The items that have to go when one of them goes, so that what is left makes a valid input for a model: a call with its
 * results, a program with what it did, a request for an approval with what came of it, a reasoning item with the item
 * that follows it, and whatever belongs to one of these in turn.
 *
 * @param items - Oldest first.
 * @param index - The place of the one that goes.
 * @returns The places of all that go, with that one.
 */
export function withPartners(items: readonly AgentInputItem[], index: number): ReadonlySet<number> {
  const groups = partnerGroups(items);
  const valid = validItems(items, false);
  const going = new Set<number>();
  for (let next = [index]; next.length > 0; ) {
    const groupsGoing = new Set(next.map((at) => groups[at]));
    for (const [at, group] of groups.entries()) if (groupsGoing.has(group)) going.add(at);
    const left = [...items.keys()].filter((at) => !going.has(at));
    const stillValid = validItems(
      left.map((at) => items[at] as AgentInputItem),
      false,
    );
    next = left.filter((at, place) => valid[at] && !stillValid[place]);
  }
  return going;
}

/** For each item the place of the first one that belongs together with it; its own if it stands alone. */
export function partnerGroups(items: readonly AgentInputItem[]): number[] {
  const parents = [...items.keys()];
  const firstOf = (at: number): number => {
    let first = at;
    for (let parent = parents[first]; parent !== first && parent !== undefined; parent = parents[first])
      first = parent;
    parents[at] = first;
    return first;
  };
  const newest = new Map<string, number>();
  const searches = new Map<string, number>();
  const join = (at: number, partner: number | undefined) => {
    if (partner === undefined) return;
    const [one, other] = [firstOf(at), firstOf(partner)];
    parents[Math.max(one, other)] = Math.min(one, other);
  };
  for (const [at, item] of items.entries()) {
    const fields = fieldsOf(item);
    const id = callId(fields);
    for (const needed of neededBy(fields)) join(at, newest.get(needed));
    if (fields.type === SEARCH_RESULT && id === undefined) join(at, searches.get(runnerOf(fields)));
    const follows = item.type === 'reasoning' || isMadeByModel(item);
    if (follows && items[at - 1]?.type === 'reasoning') join(at, at - 1);
    const { isRequest, request } = approvalOf(fields);
    if (isRequest) newest.set(key('mcp_approval_request', request), at);
    const type = typeOf(fields);
    if (CALLS.has(type) || type === SEARCH) newest.set(key(type, id), at);
    if (fields.type === SEARCH) searches.set(runnerOf(fields), at);
  }
  return parents.map((_, at) => firstOf(at));
}

/** The keys of what must stand before an item. */
function neededBy(fields: Fields): string[] {
  const needed: string[] = [];
  const id = callId(fields);
  const call = callOf(fields);
  if (call !== undefined) needed.push(key(call, id));
  if (programOf(fields) !== undefined) needed.push(key('program', programOf(fields)));
  if (fields.type === SEARCH_RESULT && id !== undefined) needed.push(key(SEARCH, id));
  const { isRequest, request } = approvalOf(fields);
  if (request !== undefined && !isRequest) needed.push(key('mcp_approval_request', request));
  return needed;
}
