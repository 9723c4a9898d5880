/** Limits maps to what was put there last. Map + entry -> the same map, without old entries. */

export interface Kept<Value> {
  /** The most that all entries together may weigh. */
  readonly max: number;
  /** Default: each weighs 1. */
  readonly weightOf?: (value: Value) => number;
}

/**
 * Puts an entry at the end, and removes entries from the beginning until the rest weigh no more than `max`.
 * The new one stays, whatever it weighs.
 */
export function keepNewest<Key, Value>(
  map: Map<Key, Value>,
  [key, value]: readonly [Key, Value],
  { max, weightOf = () => 1 }: Kept<Value>,
): void {
  map.delete(key);
  map.set(key, value);
  let weight = [...map.values()].reduce((all, each) => all + weightOf(each), 0);
  for (const [oldest, each] of map) {
    if (weight <= max || oldest === key) return;
    map.delete(oldest);
    weight -= weightOf(each);
  }
}
