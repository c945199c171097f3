import { type ItemCodec, sealed } from '../items/item-codec.js';
import type { DecideDescription } from '../port/conversations.js';
import { isSessionError, SessionError } from '../port/errors.js';
import type { StoredDescription } from '../port/whole-conversations.js';
import type { SessionHost } from '../session/session-host.js';
import {
  type CheckedChange,
  changedDescription,
  type Description,
  NO_DESCRIPTION,
  readDescription,
} from './description.js';

/** What descriptions are read by. */
export type DescriptionHost = Pick<SessionHost, 'codec' | 'onCorruptItem' | 'warn'>;

/** What `describe` of the port is told for one update. */
export function changeOf(
  codec: ItemCodec,
  change: CheckedChange,
  ifVersion: number | undefined,
): DecideDescription {
  return (current) => {
    const version = current?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) throw versionConflict(ifVersion, version);
    const text = changedDescription(current ? descriptionOf(codec, current) : NO_DESCRIPTION, change);
    return { text: sealed(codec, text), version: version + 1 };
  };
}

/** The description of a conversation that is shown; none, and a warning, where it cannot be read. */
export function describedBy(
  host: DescriptionHost,
  storedId: string,
  description: StoredDescription | undefined,
): Description & { readonly version: number } {
  if (!description) return { ...NO_DESCRIPTION, version: 0 };
  const { version } = description;
  try {
    return { ...descriptionOf(host.codec(storedId), description), version };
  } catch (error) {
    if (!isSessionError(error) || host.onCorruptItem === 'throw') throw error;
    const code = error.code === 'DECRYPTION_FAILED' ? error.code : 'CORRUPT_ITEM';
    host.warn({ code, message: `${error.message} The conversation is shown without them.` });
    return { ...NO_DESCRIPTION, version };
  }
}

/** @throws SessionError `DECRYPTION_FAILED`, or `CORRUPT_ITEM`. */
export function descriptionOf(codec: ItemCodec, { text }: StoredDescription): Description {
  try {
    return readDescription(codec, text);
  } catch (error) {
    if (isSessionError(error))
      throw new SessionError(error.code, `The title and metadata of a conversation: ${error.message}`);
    throw new SessionError(
      'CORRUPT_ITEM',
      'What the table of metadata holds for a conversation is no title and metadata: it is encrypted and the store has ' +
        'no key, or it was changed. Repair or delete the row.',
    );
  }
}

function versionConflict(wanted: number, found: number): SessionError {
  return new SessionError(
    'VERSION_CONFLICT',
    `The conversation's title and metadata have version ${found}, not ${wanted}: somebody else updated them. Read them ` +
      'again, and decide anew. Nothing was written.',
  );
}
