/**
 * Bytes of a file in pieces, most of them kept of the file before. Pieces + bytes -> pieces. Pure. A file
 * that grew by a row then takes the memory of that row.
 */

export type BytePieces = readonly Buffer[];

/** Many small pieces take longer to compare than one. */
const PIECES_MAX = 64;

export const lengthOf = (pieces: BytePieces): number =>
  pieces.reduce((length, piece) => length + piece.length, 0);

/** True if the file has these bytes at that place. */
export function standAt(pieces: BytePieces, file: Buffer, place: number): boolean {
  let at = place;
  for (const piece of pieces) {
    if (!piece.equals(file.subarray(at, at + piece.length))) return false;
    at += piece.length;
  }
  return true;
}

/** With another piece, which must not change, in front or behind; all in one once they are many. */
export function withPiece(
  pieces: BytePieces,
  piece: Buffer,
  where: 'in front' | 'behind' = 'behind',
): BytePieces {
  if (piece.length === 0) return pieces;
  const all = where === 'behind' ? [...pieces, piece] : [piece, ...pieces];
  return all.length > PIECES_MAX ? [Buffer.concat(all)] : all;
}

/** A copy in memory of its own: small ones of Node's share a block of 8 kB, which each of them would keep. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
