/**
 * Another program that lands rows, as ingestion does: `fork`ed with a project's folder, it runs each statement
 * that it is sent and answers when it is done. What this process knows of a table does not help the one that
 * runs sessions.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { open } from '../support/open-project.ts';

export interface Lander {
  /** @throws Error of the other program's words. */
  sql(statement: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts it. */
export function startLander(root: string): Lander {
  const child = fork(new URL(import.meta.url), [root]);
  const ended = once(child, 'exit');
  return {
    async sql(statement) {
      child.send(statement);
      const failed = ended.then(([code]) => {
        throw new Error(`the lander ended with ${code}`);
      });
      const [error] = await Promise.race([once(child, 'message'), failed]);
      if (error !== null) throw new Error(String(error));
    },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

if (process.send !== undefined && process.argv[1] === new URL(import.meta.url).pathname) {
  const psyberg = await open({ project: process.argv[2] as string });
  process.on('message', (statement: string) => {
    psyberg.sql(statement).then(
      () => process.send?.(null),
      (error: unknown) => process.send?.(String(error)),
    );
  });
  process.on('disconnect', () => {
    psyberg.close();
  });
}
