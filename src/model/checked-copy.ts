/**
 * A copy, on this machine, of a file elsewhere: a first line that says of which file it is and what its
 * content sums up to, then the content. Bytes -> bytes. Pure: who keeps copies brings the checksum.
 */

export interface CheckedCopies {
  /** The bytes of a copy of what lies at `location`. */
  readonly copyOf: (location: string, content: Uint8Array) => Buffer;
  /** The content; undefined of a copy of another file, and of one of which a power cut has left a part. */
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
