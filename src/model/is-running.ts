/** True when a process of that id runs on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process is there, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
