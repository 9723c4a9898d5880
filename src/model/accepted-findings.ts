/** Findings about a process's SQL that its header may say are meant so. */

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
