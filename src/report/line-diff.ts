/** Shows how two texts differ, line by line. Texts -> unified diff. Pure. */

/** Number of equal lines shown around a difference. */
const CONTEXT = 2;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * `-` marks lines of the first text only, `+` those of the second only, `…` equal lines that were left out.
 * Empty if the texts are equal.
 */
export function lineDiff(before: string, after: string): string {
  if (before === after) return '';
  const lines = alignedLines(before.split('\n'), after.split('\n'));
  const near = lines.map((_line, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((other) => other.mark !== ' '),
  );
  return lines
    .flatMap((line, index) => {
      if (near[index] === true) return [`${line.mark}${line.text}`];
      return index > 0 && near[index - 1] !== true ? [] : ['…'];
    })
    .join('\n');
}

/** Merges both texts into one list, with as many lines in common as possible. */
function alignedLines(before: readonly string[], after: readonly string[]): Line[] {
  const longest = commonLengths(before, after);
  const lines: Line[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [old, recent] = [before[left], after[right]];
    if (old !== undefined && old === recent) {
      lines.push({ mark: ' ', text: old });
      left += 1;
      right += 1;
    } else if (
      old !== undefined &&
      (recent === undefined || lengthAt(longest, left + 1, right) >= lengthAt(longest, left, right + 1))
    ) {
      lines.push({ mark: '-', text: old });
      left += 1;
    } else {
      lines.push({ mark: '+', text: recent as string });
      right += 1;
    }
  }
  return lines;
}

const lengthAt = (lengths: readonly Uint32Array[], left: number, right: number): number =>
  lengths[left]?.[right] ?? 0;

/** For each pair of positions: how many lines the remainders from there have in common, in order. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint32Array[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let left = before.length - 1; left >= 0; left -= 1) {
    const [row, below] = [lengths[left] as Uint32Array, lengths[left + 1] as Uint32Array];
    for (let right = after.length - 1; right >= 0; right -= 1)
      row[right] =
        before[left] === after[right]
          ? (below[right + 1] as number) + 1
          : Math.max(below[right] as number, row[right + 1] as number);
  }
  return lengths;
}
