/**
 * Whether bytes have no fields beside them. Node compares the bytes themselves as one block of memory, where a list of all
 * keys of a picture would take minutes. A field that is neither enumerable nor has a symbol as key is not seen.
 */
export function areBytesAlone(bytes: Uint8Array): boolean {
  if (Object.getOwnPropertySymbols(bytes).length > 0) return false;
  const { buffer, byteOffset, byteLength } = bytes;
  const same = new Uint8Array(buffer, byteOffset, byteLength);
  return process
    .getBuiltinModule('node:util')
    .isDeepStrictEqual(bytes, Object.setPrototypeOf(same, Object.getPrototypeOf(bytes)));
}
