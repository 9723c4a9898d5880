/**
 * The patterns, one file each: everything that depends on the pattern of a process is there and nowhere else.
 */
import type { Pattern } from '../../model/process-spec.ts';
import { dimension } from './dimension.ts';
import type { PatternKind } from './pattern-kind.ts';
import { stateful } from './stateful.ts';
import { stateless } from './stateless.ts';

export type { Decision, PatternKind } from './pattern-kind.ts';

export const PATTERNS = { stateless, stateful, dimension } satisfies Record<Pattern, PatternKind>;

/** The pattern of a process or of a plan. */
export const patternOf = ({ pattern }: { readonly pattern: Pattern }): PatternKind => PATTERNS[pattern];
