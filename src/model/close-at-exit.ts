/**
 * Closes what is open when a process has nothing left to do, so that a script that forgets `close` ends, and
 * ends in order.
 */

const open = new Set<() => Promise<void>>();

function closeAll(): void {
  // Closing is work: the process goes on until it is done, and asks once more then.
  for (const close of open) void close().catch(() => undefined);
  open.clear();
}

/** Has `close` called then, unless the returned function was called before. */
export function closeAtExit(close: () => Promise<void>): () => void {
  if (open.size === 0) process.once('beforeExit', closeAll);
  open.add(close);
  return () => {
    open.delete(close);
    if (open.size === 0) process.off('beforeExit', closeAll);
  };
}
