/** An item or a row, or an object inside one, whose fields are still to be checked. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether the value is an object made of fields alone. */
export function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The fields that say something: those that are neither `undefined` nor, where the other side writes it, `null`. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** The fields without those of the given names. */
export function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** Whether some field is there. */
export function isFilled(fields: Fields): boolean {
  return Object.keys(fields).length > 0;
}

/**
 * The fields of `providerData` that belong to the provider, as the SDK sends them: names in snake case, inside
 * objects too. Others are the application's, and the API does not know them.
 */
export function providerFields(providerData: unknown, names: readonly string[]): Record<string, unknown> {
  if (!isFields(providerData)) return {};
  const sent = Object.entries(providerData)
    .map(([name, value]): [string, unknown] => [snakeCase(name), snakeCased(value)])
    .filter(([name, value]) => names.includes(name) && value !== undefined);
  return Object.fromEntries(sent);
}

/** The value with the names of its fields in snake case; arrays stay as they are, as in the SDK. */
export function snakeCased(value: unknown): unknown {
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [snakeCase(name), snakeCased(field)]),
  );
}

function snakeCase(name: string): string {
  return name.replace(/([A-Z])/g, '_$1').toLowerCase();
}

/** Converts every element; `undefined` if one of them has no form on the other side. */
export function eachOf<T>(values: unknown, convert: (value: Fields) => T | undefined): T[] | undefined {
  if (!Array.isArray(values)) return undefined;
  const converted: T[] = [];
  for (const value of values) {
    const result = isFields(value) ? convert(value) : undefined;
    if (result === undefined) return undefined;
    converted.push(result);
  }
  return converted;
}

/** What the Python SDK writes where its types ask for an id and the model gave none; it never sends it. */
const PYTHON_PLACEHOLDER = '__fake_id__';

/** The same in this SDK. */
const JS_PLACEHOLDER = 'FAKE_ID';

/** The id as a row has it: absent if there is none. */
export function rowId(id: unknown): Fields {
  return typeof id === 'string' && id !== JS_PLACEHOLDER ? { id } : {};
}

/** The id of a row whose type asks for one. */
export function requiredRowId(id: unknown): Fields {
  return { id: PYTHON_PLACEHOLDER, ...rowId(id) };
}

/** The id as an item has it: absent if the row has none. */
export function itemId(id: unknown): Fields {
  return typeof id === 'string' && !isPlaceholder(id) ? { id } : {};
}

/** Whether an id is the Python SDK's way to say that there is none. */
export function isPlaceholder(id: unknown): boolean {
  return id === PYTHON_PLACEHOLDER;
}

/** Who made a call, as a row has it. */
export function rowCaller(caller: unknown): Fields {
  if (!isFields(caller)) return {};
  if (caller.type === 'direct') return { caller: { type: 'direct' } };
  return typeof caller.callerId === 'string'
    ? { caller: { type: 'program', caller_id: caller.callerId } }
    : {};
}

/** Who made a call, as an item has it. */
export function itemCaller(caller: unknown): Fields {
  if (!isFields(caller)) return {};
  if (caller.type === 'direct') return { caller: { type: 'direct' } };
  return typeof caller.caller_id === 'string'
    ? { caller: { type: 'program', callerId: caller.caller_id } }
    : {};
}

/** `providerData` as the SDK's own converter fills it: with what an item has no field for. */
export function providerData(rest: Fields): Fields {
  const { id, ...others } = rest;
  return { providerData: isPlaceholder(id) ? others : rest };
}

/** `providerData` of what tools of the application gave: none if nothing is left for it. */
export function providerDataIfAny(rest: Fields): Fields {
  const others = without(rest, 'type', 'id');
  return isFilled(others) ? { providerData: others } : {};
}
