/**
 * Packs a copy, on this machine, of a file elsewhere: a first line with the file's location and a checksum of
 * the content, then the content. Bytes -> bytes. Pure: the caller provides the checksum.
 */

export interface CheckedCopies {
  /** The bytes of a copy of the file at `location`. */
  readonly copyOf: (location: string, content: Uint8Array) => Buffer;
  /** The content; undefined for a copy of another file, or one that a power cut has left incomplete. */
  readonly contentOf: (location: string, copy: Buffer) => Buffer | undefined;
}

/** `checksum`: of a content, without white space. */
export function checkedCopies(checksum: (content: Uint8Array) => string): CheckedCopies {
  const headOf = (location: string, content: Uint8Array): Buffer =>
    Buffer.from(`${checksum(content)} ${location}\n`);
  return {
    copyOf: (location, content) => Buffer.concat([headOf(location, content), content]),
    contentOf(location, copy) {
      const content = copy.subarray(copy.indexOf('\n') + 1);
      const head = copy.subarray(0, copy.length - content.length);
      return head.equals(headOf(location, content)) ? content : undefined;
    },
  };
}
