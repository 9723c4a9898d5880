/** Opens a connection beside another one with its first statement. Engine -> Engine. */
import type { Engine } from './engine.ts';

type Statements = Pick<Engine, 'query' | 'execute' | 'table'>;
type Ask = (...asked: readonly unknown[]) => Promise<unknown>;

/**
 * For work that mostly does without a statement: a connection costs 2 ms of CPU (2026-11-30). `query`,
 * `execute` and `table` run on it, and `release` closes it; all else is the engine's own.
 */
export function forkWhenAsked(engine: Engine): Engine {
  let fork: Promise<Engine> | undefined;
  const forked =
    (name: keyof Statements): Ask =>
    async (...asked) => {
      fork ??= engine.fork();
      return ((await fork)[name] as Ask)(...asked);
    };
  return {
    ...engine,
    query: forked('query') as Engine['query'],
    execute: forked('execute') as Engine['execute'],
    table: forked('table') as Engine['table'],
    async release() {
      await (await fork)?.release();
    },
  };
}
