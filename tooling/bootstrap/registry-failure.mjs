const NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EPIPE|ERR_SOCKET_TIMEOUT|FETCH_ERROR|[A-Z_]*CERT[A-Z_]+|UNABLE_TO_VERIFY_LEAF_SIGNATURE|ERR_PNPM_(?:META_)?FETCH(?!_4)\w*/;

/**
 * What npm or pnpm said about the network, as one word, if that is why it failed.
 * @param {string} output
 */
export function unreachable(output) {
  return output.match(NETWORK)?.[0];
}
