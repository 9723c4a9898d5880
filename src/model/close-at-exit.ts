/**
 * Closes what is open when a process has nothing left to do, so that a script that forgets `close` still ends
 * properly.
 */

const open = new Set<() => Promise<void>>();

function closeAll(): void {
  // Closing is work: the process continues until it is done, and then emits this event again.
  for (const close of open) void close().catch(() => undefined);
  open.clear();
}

/** Calls `close` at that point, unless the returned function was called before. */
export function closeAtExit(close: () => Promise<void>): () => void {
  if (open.size === 0) process.once('beforeExit', closeAll);
  open.add(close);
  return () => {
    open.delete(close);
    if (open.size === 0) process.off('beforeExit', closeAll);
  };
}
