/** Lists the findings about a process's SQL that its header can declare as intended. */

export const ACCEPTABLE = [
  'hours-not-alone',
  'hours-of-session',
  'join-without-window',
  'key-not-compared',
  'non-deterministic',
  'rows-in-no-order',
  'rows-not-alone',
  'select-star',
  'wide-window',
  'window-too-short',
] as const;
export type AcceptedFinding = (typeof ACCEPTABLE)[number];
