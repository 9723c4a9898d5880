/** Guesses which name was meant. (what was written, what exists) -> the likely meaning. Pure. */

/**
 * The known name nearest to `written`, if it is near enough to be a slip (about one letter in three), or the
 * only one that contains it.
 */
export function nearestName(written: string, known: readonly string[]): string | undefined {
  const wanted = written.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < least) [nearest, least] = [name, distance];
  }
  if (nearest !== undefined) return nearest;
  const holding = wanted.length < 2 ? [] : known.filter((name) => name.toLowerCase().includes(wanted));
  return holding.length === 1 ? holding[0] : undefined;
}

/** A hint for an unknown name: the nearest one, or else all names that exist. */
export function didYouMean(written: string, known: readonly string[], what = 'known'): string {
  const nearest = nearestName(written, known);
  if (nearest !== undefined) return `did you mean '${nearest}'?`;
  return known.length === 0 ? `there is no ${what} name` : `${what}: ${known.join(', ')}`;
}

/** Counts insertions, deletions, replacements and swaps of neighbours, each as one. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      let best = Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      if (
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      ) {
        best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[right.length] ?? 0;
}
