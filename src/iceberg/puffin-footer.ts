/**
 * Changes file names in the footer of a Puffin file. Bytes -> bytes. Pure. There deletion vectors name the
 * data files that they belong to, and PyIceberg goes by these names (Iceberg Puffin specification, "Footer
 * structure").
 */
import { usageError } from '../model/errors.ts';
import { parseJson, renderJson } from './json.ts';

const MAGIC = 'PFA1';
/** What follows the payload: its length, flags, magic. */
const TAIL_LENGTH = 12;

interface Footer {
  readonly blobs?: readonly { readonly properties?: Readonly<Record<string, string>> }[];
}

/** The file with the paths of data files in its footer changed; its blobs are not touched. */
export function changeReferencedFiles(file: Buffer, change: (path: string) => string): Buffer {
  const tail = file.length - TAIL_LENGTH;
  const length = tail < 0 ? -1 : file.readInt32LE(tail);
  const begin = tail - length;
  if (length < 0 || begin < 8 || file.toString('latin1', tail + 8) !== MAGIC)
    throw usageError('puffin-unreadable', 'it is no Puffin file');
  if ((file.readUInt8(tail + 4) & 1) === 1)
    throw usageError('puffin-unreadable', 'its footer is compressed, which cannot be written here');
  const footer = parseJson<Footer>(file.toString('utf8', begin, tail));
  const blobs = footer.blobs?.map(({ properties, ...blob }) => ({
    ...blob,
    ...(properties === undefined ? {} : { properties: changed(properties, change) }),
  }));
  const payload = Buffer.from(renderJson({ ...footer, blobs }));
  const size = Buffer.alloc(4);
  size.writeInt32LE(payload.length);
  return Buffer.concat([file.subarray(0, begin), payload, size, file.subarray(tail + 4)]);
}

const REFERENCED = 'referenced-data-file';

const changed = (
  properties: Readonly<Record<string, string>>,
  change: (path: string) => string,
): Record<string, string> => {
  const path = properties[REFERENCED];
  return path === undefined ? { ...properties } : { ...properties, [REFERENCED]: change(path) };
};
