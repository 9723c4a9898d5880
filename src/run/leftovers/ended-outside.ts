/**
 * Stops what a session still does on another engine, before its files are swept. Marker -> whether it was
 * stopped. If that engine does not answer it may write files after the sweep. Then the marker stays, so that
 * the next session of the process stops it and sweeps again.
 */
import { giveUp, readMarker } from '../../markers/session-marker.ts';
import type { RunPorts } from '../ports.ts';

/** False where the engine did not say that it has ended. `directory`: of the session. */
export async function isEndedOutside(
  { workload }: Pick<RunPorts, 'workload'>,
  directory: string,
): Promise<boolean> {
  const id = readMarker(directory)?.engine_session;
  return id === undefined || (await workload.outside?.end(id)) !== false;
}

/** The end of a session whose files were swept. */
export async function endMarker(
  { markers }: Pick<RunPorts, 'markers'>,
  directory: string,
  isEnded: boolean,
): Promise<void> {
  if (isEnded) await markers.end(directory);
  else giveUp(directory);
}
